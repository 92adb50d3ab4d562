"""What is typed as money must be money: no finer than the currency, not below 0, no allowance beyond the total.

Ten bolts QH0001 at 1.20 make 12.00.
"""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from fixtures import drafts
from models.audit.changes import changes
from models.base.documents import Approval
from models.base.operations import Refusal
from models.finance.models import Receipt, Refund
from models.finance.operations import submit_receipt
from models.org.models import Currency
from models.sales.models import Order, Quote
from models.sales.operations.orders import submit_order
from tests import people as desk
from tests.house.test_screen_rights import link
from tests.house.test_screen_writing import quote_form

pytestmark = [pytest.mark.django_db, pytest.mark.books]
D = Decimal


def draft(**values):
    """A draft order of ten bolts."""
    return desk.make_order(items=[drafts.Item(desk.product(), D(10), price=D("1.20"))], submit=False, **values)


def typed(document, **values):
    """The document with these values stored, past every form."""
    with changes("form"):
        for name, value in values.items():
            setattr(document, name, value)
        document.save(update_fields=list(values))
    return document


@pytest.mark.req("DAY-02")
@pytest.mark.parametrize(
    ("allowance", "words"),
    [("0.005", "CNY have 2 decimals"), ("12.01", "12.01 is more than the lines come to: 12.00")],
)
def test_an_allowance_that_is_none_is_refused_at_submit(people, allowance, words):
    order = typed(draft(), allowance=D(allowance))
    with pytest.raises(Refusal, match=words):
        submit_order(order, by=desk.seller_of(order))
    order.refresh_from_db()
    assert (order.approval, order.number) == (Approval.DRAFT, "")


@pytest.mark.req("DAY-02")
def test_all_may_be_given_away(people):
    """An allowance of 12.00 on 12.00 leaves nothing to pay."""
    order = draft(allowance=D("12.00"))
    assert (order.net, order.tax, order.gross) == (0, 0, 0)
    submit_order(order, by=desk.seller_of(order))


def test_forms_and_imports_hear_it_at_the_field(people):
    for values, words in (({"allowance": D("-1")}, "negative"), ({"allowance": D("0.125")}, "2 decimals")):
        with pytest.raises(ValidationError, match=words) as told:
            Order(company=desk.customer().company, currency_id="CNY", **values).clean()
        assert set(told.value.error_dict) == {"allowance"}
    yen = Currency.objects.get_or_create(code="JPY", defaults={"name": "日元", "decimals": 0})[0]
    with pytest.raises(ValidationError, match="JPY have 0 decimals"):
        Order(company=desk.customer().company, currency=yen, rate=D("0.05"), allowance=D("0.5")).clean()
    for amount, words in (("0", "more than 0"), ("-5", "more than 0"), ("10.005", "2 decimals")):
        with pytest.raises(ValidationError, match=words) as told:
            Receipt(company=desk.customer().company, currency_id="CNY", amount=D(amount)).clean()
        assert set(told.value.error_dict) == {"amount"}


def test_a_form_with_too_large_an_allowance_says_so_at_the_field(people, client):
    """Nothing is stored; the sentence stands at the allowance, what was typed is still there."""
    desk.login(client, "yewu1")
    buyer = desk.customer_of(desk.named("yewu1"))
    response = client.post(link(Quote, "add"), quote_form(buyer, allowance="99999"))
    assert response.status_code == 200 and not Quote.objects.exists()
    assert "is more than the lines come to" in str(response.context_data["adminform"].form.errors["allowance"])


def test_a_receipt_finer_than_its_currency_is_refused(people):
    with pytest.raises(Refusal, match="2 decimals"):
        desk.receive(desk.customer().debtor, "10.005")
    receivable = None
    order = desk.make_order()
    desk.deliver(order)
    from models.finance.models import Receivable

    receivable = Receivable.objects.get(customer=order.customer.debtor)
    receipt = drafts.draft_receipt(order.customer.debtor, "5.00", by=desk.named("chuna"), receivables=[(receivable, D("1.005"))])
    with pytest.raises(Refusal, match="2 decimals"):
        submit_receipt(receipt, by=desk.named("chuna"))


@pytest.mark.parametrize(("model", "name"), [(Order, "allowance"), (Receipt, "amount"), (Refund, "amount")])
def test_the_database_refuses_it_as_well(people, model, name):
    makers = {
        Order: draft,
        Receipt: lambda: drafts.draft_receipt(desk.customer().debtor, "5.00", by=desk.named("chuna")),
        Refund: lambda: drafts.draft_refund(desk.customer().debtor, "5.00", by=desk.named("chuna")),
    }
    document = makers[model]()
    with pytest.raises(IntegrityError), changes("command"), transaction.atomic():
        model.objects.filter(pk=document.pk).update(**{name: D(-1)})
