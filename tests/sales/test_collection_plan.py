"""The collection plan on the order: when the money is to come and how much has. Bolts are at 1.20, a hundred of them 120.00."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from fixtures import drafts
from models.audit.changes import changes
from models.base.documents import on_business_day
from models.customers.models import PaymentTerm, PaymentTermLine
from models.finance.models import Receivable
from models.org.models import Company
from models.sales.operations.orders import close_order, submit_order, void_order
from models.sales.plan import Instalment
from tests import people as desk

pytestmark = [pytest.mark.django_db, pytest.mark.books]
D = Decimal


@pytest.fixture
def order(people):
    """100 bolts (120.00), wanted on 10 March: 30 % at once, 60 % after 30 days, 10 % retention after 90 days."""
    with changes("command"):
        term = PaymentTerm.objects.create(code="T", name="30/60/10")
        for position, (percent, days) in enumerate(((30, 0), (60, 30), (10, 90)), 1):
            PaymentTermLine.objects.create(term=term, position=position, percent=D(percent), days=days)
        buyer = desk.customer()
        buyer.payment_term = term
        buyer.save(update_fields=["payment_term"])
    items = [drafts.Item(desk.product(), D(100), price=D("1.20"))]
    with on_business_day(date(2026, 3, 1)):
        yield desk.make_order(buyer, items, submit=False, date=date(2026, 3, 1), wanted_on=date(2026, 3, 10))


def agreed(order):
    submit_order(order, by=desk.seller_of(order))
    return desk.approve(order)


def test_before_anything_is_delivered_all_is_planned(order):
    planned = [
        Instalment(date(2026, 3, 10), D("36.00")),
        Instalment(date(2026, 4, 9), D("72.00")),
        Instalment(date(2026, 6, 8), D("12.00")),
    ]
    assert order.collection_plan() == planned
    assert agreed(order).collection_plan() == planned


def test_what_is_delivered_is_owed_and_the_rest_is_planned(order):
    """Half leaves on 12 March: 18.00, 36.00 and 6.00 are owed from then on; 20.00 are paid, due first."""
    agreed(order)
    desk.deliver(order, {1: 50}, date=date(2026, 3, 12))
    order.refresh_from_db()
    first, second, _third = Receivable.objects.filter(origin_id=order.pk).order_by("due_on")
    desk.receive(order.debtor, D("20.00"), [(first, D("18.00")), (second, D("2.00"))])
    plan = order.collection_plan()
    assert plan == [
        Instalment(date(2026, 3, 12), D("18.00"), D("18.00"), D("0.00")),
        Instalment(date(2026, 4, 11), D("36.00"), D("2.00"), D("34.00")),
        Instalment(date(2026, 6, 10), D("6.00"), D("0.00"), D("6.00")),
        Instalment(date(2026, 3, 10), D("18.00")),
        Instalment(date(2026, 4, 9), D("36.00")),
        Instalment(date(2026, 6, 8), D("6.00")),
    ]
    assert sum(one.amount for one in plan) == order.gross
    assert [one.is_charged for one in plan] == [True] * 3 + [False] * 3
    close_order(order, by=desk.named("zong"), reason="enough")
    assert sum(one.amount for one in order.collection_plan()) == D("60.00")


@pytest.mark.parametrize("at", Company.ArisesAt.values)
def test_the_plan_adds_up_wherever_the_debt_arises(order, at):
    with changes("command"):
        Company.objects.update(debt_arises=at)
    order.company.refresh_from_db()
    agreed(order)
    assert sum(one.amount for one in order.collection_plan()) == D("120.00")
    delivery = desk.deliver(order, {1: 50})
    order.refresh_from_db()
    assert sum(one.amount for one in order.collection_plan()) == D("120.00")
    desk.take_back(delivery, {1: 10})
    assert sum(one.amount for one in order.collection_plan()) == D("108.00")


def test_a_void_order_plans_nothing(order):
    void_order(agreed(order), by=desk.named("zong"), reason="late")
    assert order.collection_plan() == []


def test_it_stands_on_the_order(order, people, client):
    agreed(order)
    address = reverse("admin:sales_order_change", args=[order.pk])
    desk.login(client, "accountant")
    page = client.get(address).content.decode()
    assert "Collection plan" in page and "36.00, planned" in page
    client.force_login(desk.only("warehouse_head"))
    page = client.get(address)
    assert page.status_code == 200 and "36.00, planned" not in page.content.decode()
