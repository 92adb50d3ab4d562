"""From a document up to what it came from and down to what came of it, and copies of documents, on their screens. Ten bolts are 12.00."""

import re
from decimal import Decimal
from html import unescape

import pytest

from fixtures import drafts
from models.base.documents import business_today
from models.finance.models import Credit, Receivable
from models.sales.models import Delivery, Order, Quote
from models.sales.operations.orders import submit_order
from models.sales.operations.quotes import order_quote
from tests import people as desk
from tests.house.test_screen_rights import link

pytestmark = [pytest.mark.django_db, pytest.mark.books]
D = Decimal


def beside(client, document):
    """The addresses that the page of a document leads to."""
    page = unescape(client.get(link(type(document), "change", document.pk)).content.decode())
    return set(re.findall(r'href="(/[^"?#]*)', page))


@pytest.mark.req("DAY-05")
def test_up_and_down(people, client):
    """Quote → order → delivery → receivable → receipt, and delivery → return → credit: each page leads to the one before and after."""
    boss = desk.named("zong")
    quote = desk.approve(desk.make_quote(items=[drafts.Item(desk.product(), D(10), price=D("1.20"))]))
    order = order_quote(quote, by=boss)
    desk.stock_up(desk.product())
    desk.approve(submit_order(order, by=boss))
    delivery = desk.deliver(Order.objects.get())
    debt = Receivable.objects.get()
    receipt = desk.receive(debt.customer, D("12.00"), [debt])
    back = desk.take_back(Delivery.objects.get(), {1: 5})
    credit = Credit.objects.get(open=D("6.00"))
    client.force_login(boss)
    ways = [
        (quote, [order]),
        (order, [quote, delivery, debt, receipt, back]),
        (delivery, [order, debt, receipt, back]),
        (debt, [order, delivery, receipt]),
        (receipt, [debt]),
        (back, [order, delivery, credit]),
        (credit, [back]),
    ]
    for document, others in ways:
        wanted = {link(type(other), "change", other.pk) for other in others}
        assert wanted <= beside(client, document), document


@pytest.mark.req("DAY-05")
@pytest.mark.parametrize("model", [Quote, Order])
def test_a_copy_has_the_lines_and_none_of_the_past(people, client, model):
    """10 bolts at 1.20 and 2 at 3.00, less 1.00: 17.00. The copy is a draft of today without a number."""
    items = [drafts.Item(desk.product(), D(10), price=D("1.20")), drafts.Item(desk.product("QH0002"), D(2), price=D("3.00"))]
    make = desk.make_quote if model is Quote else desk.make_order
    old = make(items=items, allowance=D("1.00"))
    desk.login(client, "zong")
    assert client.post(link(model, "copy", old.pk), {"_token": "t1"}).status_code == 302
    new = model.objects.exclude(pk=old.pk).get()
    assert (new.approval, new.number, new.date, new.customer, new.gross) == ("draft", "", business_today(), old.customer, D("17.00"))
    assert list(new.lines.values_list("product__code", "quantity", "price")) == [("QH0001", 10, D("1.2")), ("QH0002", 2, D("3"))]
    old.refresh_from_db()
    assert old.number and old.gross == D("17.00")
