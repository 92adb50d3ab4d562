"""Quotes become orders, whole or in parts, alone or together: each quantity once, and again when its order is gone.

QH0001 is a bolt at 1.20, QH0079 a service at 300.00. Prices include 13 % tax (6 % for the service).
"""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from fixtures import drafts
from models.audit.changes import changes
from models.base.documents import Approval, business_today
from models.base.operations import Refusal
from models.sales.models import Order, Quote
from models.sales.operations.orders import submit_order, unverify_order, void_order
from models.sales.operations.quotes import (
    close_quote,
    order_quote,
    orderable_together,
    revise_quote,
    submit_quote,
    unverify_quote,
    void_quote,
)
from models.sales.ordering import orderable
from tests import people as desk

pytestmark = [pytest.mark.django_db, pytest.mark.books]
D = Decimal
Progress = Quote.Progress


@pytest.fixture
def boss(people):
    return desk.named("zong")


def bolts(quantity, price="1.20"):
    return drafts.Item(desk.product(), D(quantity), price=D(price))


def quoted(*items, **values):
    """An approved quote of KH0002."""
    return desk.approve(desk.make_quote(items=list(items) or [bolts(10)], **values))


def progress(*quotes):
    """As stored, in the order given."""
    stored = dict(Quote.objects.values_list("pk", "progress"))
    return [stored[quote.pk] for quote in quotes]


def of_position(quote, position):
    return quote.lines.get(position=position).pk


@pytest.mark.req("QUO-04")
def test_a_quote_is_ordered_in_parts(boss):
    """100 bolts at 1.20 and 2 services at 300.00 make 720.00, less 7.20 allowance. First 25 bolts (30.00), then the rest.

    The first order takes 30 / 720 of the allowance: 0.30. The second takes the other 6.90. 29.70 + 683.10 = 712.80.
    """
    service = drafts.Item(desk.product("QH0079"), D(2), price=D(300))
    quote = quoted(bolts(100), service, allowance=D("7.20"))
    assert quote.gross == D("712.80")

    first = order_quote(quote, by=boss, quantities={of_position(quote, 1): D(25)})
    assert (quote.progress, progress(quote)) == (Progress.PARTLY_ORDERED, [Progress.PARTLY_ORDERED])
    assert (first.allowance, first.gross) == (D("0.30"), D("29.70"))
    assert [(line.position, left) for line, left in orderable(quote)] == [(1, D(75)), (2, D(2))]

    with pytest.raises(Refusal, match="75"):
        order_quote(quote, by=boss, quantities={of_position(quote, 1): D(76)})
    second = order_quote(quote, by=boss)
    assert progress(quote) == [Progress.CONVERTED]
    assert (second.allowance, second.gross) == (D("6.90"), D("683.10"))
    with pytest.raises(Refusal):
        order_quote(quote, by=boss)


def test_what_a_draft_order_gives_up_is_open_again(boss):
    """Of 10 bolts 10 are ordered; the draft is cut to 4, its line goes, then the draft itself."""
    quote = quoted(bolts(10), bolts(1, "2.00"))
    order = order_quote(quote, by=boss)
    line = order.lines.get(position=1)
    with changes("form"):
        line.quantity = D(4)
        line.save(update_fields=["quantity"])
        order.recompute()
    assert progress(quote) == [Progress.PARTLY_ORDERED]
    assert [left for _line, left in orderable(quote)] == [D(6)]
    with changes("form"):
        line.delete()
    assert [left for _line, left in orderable(quote)] == [D(10)]
    with changes("form"):
        order.delete()
    assert progress(quote) == [Progress.ACCEPTED]


def test_deleting_draft_orders_opens_their_quotes_on_every_way(boss, client):
    """By the delete page, and by a queryset as bulk deletion does it."""
    first, second, third = quoted(), quoted(), quoted()
    order = order_quote(first, by=boss, others=[second])
    other = order_quote(third, by=boss)
    client.force_login(boss)
    page = reverse("admin:sales_order_delete", args=[order.pk])
    answer = client.post(page, {"post": "yes"})
    assert answer.status_code == 302 and not Order.objects.filter(pk=order.pk).exists()
    assert progress(first, second, third) == [Progress.ACCEPTED, Progress.ACCEPTED, Progress.CONVERTED]
    with changes("bulk"):
        Order._base_manager.filter(pk=other.pk).delete()
    assert progress(third) == [Progress.ACCEPTED]


def test_voiding_an_order_opens_all_its_quotes(boss):
    """Two quotes of 12.00 in one order of 24.00; both are free when it is void, neither before."""
    first, second = quoted(), quoted()
    order = order_quote(first, by=boss, others=[second])
    assert order.gross == D("24.00") and progress(first, second) == [Progress.CONVERTED] * 2
    for quote in (first, second):
        for verb in (void_quote, unverify_quote):
            with pytest.raises(Refusal, match="already become an order"):
                verb(Quote.objects.get(pk=quote.pk), by=boss, reason="no")
    submit_order(order, by=boss)
    desk.approve(order)
    void_order(order, by=boss, reason="changed their mind")
    assert progress(first, second) == [Progress.ACCEPTED] * 2
    void_quote(Quote.objects.get(pk=second.pk), by=boss, reason="too late")
    assert order_quote(Quote.objects.get(pk=first.pk), by=boss).gross == D("12.00")


@pytest.mark.req("QUO-02")
def test_each_gathered_quote_is_checked_like_the_first(boss):
    """One that ended yesterday, another version of the same offer, two versions of another, and one already ordered stay out."""
    quote = quoted()
    with changes("form"):
        ended = quoted(valid_until=business_today() + timedelta(days=1), date=business_today())
    from models.base.documents import on_business_day

    version = desk.approve(submit_quote(revise_quote(quote, by=boss), by=boss))
    other = quoted()
    other_version = desk.approve(submit_quote(revise_quote(other, by=boss), by=boss))
    ordered = quoted()
    order_quote(ordered, by=boss)
    assert set(orderable_together(quote)) == {ended, other, other_version}
    with on_business_day(business_today() + timedelta(days=2)):
        assert set(orderable_together(quote)) == {other, other_version}
        with pytest.raises(Refusal, match="cannot go into this order"):
            order_quote(quote, by=boss, others=[ended])
    for unfit in (version, ordered):
        with pytest.raises(Refusal, match="cannot go into this order"):
            order_quote(quote, by=boss, others=[unfit])
    with pytest.raises(Refusal, match="versions of one offer"):
        order_quote(quote, by=boss, others=[other, other_version])
    assert progress(quote, other, other_version) == [Progress.OPEN] * 3
    order_quote(quote, by=boss, others=[other])
    with pytest.raises(Refusal, match="Version 1 of this quote was already ordered"):
        order_quote(Quote.objects.get(pk=version.pk), by=boss)
    with pytest.raises(Refusal, match="Version 1 of this quote was already ordered"):
        order_quote(Quote.objects.get(pk=other_version.pk), by=boss)


def test_a_closed_quote_gives_no_more_orders(boss):
    """4 of 10 bolts are ordered, the rest is not wanted; voiding the order does not open what was closed."""
    quote = quoted()
    order = order_quote(quote, by=boss, quantities={of_position(quote, 1): D(4)})
    close_quote(quote, by=boss, reason="no budget")
    with pytest.raises(Refusal, match="Closed"):
        order_quote(Quote.objects.get(pk=quote.pk), by=boss)
    with changes("form"):
        order.delete()
    assert progress(quote) == [Progress.CLOSED]


def test_the_dialog_shows_what_is_open(boss, client):
    """3 of 10 bolts are ordered: the dialog offers 7, and takes 2 of them."""
    quote = quoted()
    line = of_position(quote, 1)
    order_quote(quote, by=boss, quantities={line: D(3)})
    client.force_login(boss)
    link = reverse("admin:sales_quote_do", args=[quote.pk, "order_quote"])
    assert f'name="quantity-{line}" value="7"' in " ".join(client.get(link).content.decode().split())
    answer = client.post(link, {"picks": "1", f"quantity-{line}": "2"})
    order = Order.objects.latest("pk")
    assert answer.status_code == 302 and order.lines.get().quantity == D(2)
    assert [left for _line, left in orderable(quote)] == [D(5)]


def test_an_unverified_order_holds_its_quote_until_it_is_void(boss):
    """The order is a draft with a number again: it cannot be deleted, so it can be voided, and posts nothing doing so."""
    quote = quoted()
    order = order_quote(quote, by=boss)
    submit_order(order, by=boss)
    desk.approve(order)
    unverify_order(order, by=boss, reason="wrong date")
    assert progress(quote) == [Progress.CONVERTED]
    void_order(order, by=boss, reason="given up")
    assert (order.approval, progress(quote)) == (Approval.VOID, [Progress.ACCEPTED])
