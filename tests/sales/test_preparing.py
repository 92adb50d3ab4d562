"""A delivery being prepared: it says what its goods come to, and refuses at the line what the order does not hold."""

from decimal import Decimal

import pytest
from django.urls import reverse

from flows.panel import panel
from models.base import policy
from models.customers.models import Customer
from models.org.models import Company, FieldLimit, Role
from models.sales.facts import missing_goods
from models.sales.models import Order, OrderLine
from models.stock.operations import default_warehouse
from tests.people import approve, deliver, login, make_order, named, only, product, stock_up

pytestmark = [pytest.mark.django_db, pytest.mark.books]


def prepared(quantity):
    """A draft delivery of `quantity` of 10 bolts at 1.20."""
    order = make_order(items=[(product("QH0001"), 10, "", 100, "1.2")])
    return deliver(order, {1: quantity}, dispatch=False)


def test_it_works(people):
    delivery = prepared(3)
    assert (delivery.gross, delivery.net, delivery.tax) == (Decimal("3.60"), Decimal("3.19"), Decimal("0.41"))
    assert [line.gross for line in delivery.lines.all()] == [Decimal("3.60")]


def posted(delivery, quantity):
    line = delivery.lines.get()
    return {
        "warehouse": delivery.warehouse_id,
        "date": delivery.date.isoformat(),
        "address": delivery.address,
        "freight": "0",
        "owner": delivery.owner_id or "",
        "department": delivery.department_id or "",
        "region": delivery.region_id or "",
        "company": delivery.company_id,
        "lines-TOTAL_FORMS": 1,
        "lines-INITIAL_FORMS": 1,
        "lines-MIN_NUM_FORMS": 0,
        "lines-MAX_NUM_FORMS": 1000,
        "lines-0-id": line.pk,
        "lines-0-position": line.position,
        "lines-0-quantity": quantity,
        "_save": "1",
    }


@pytest.mark.req("SHP-01")
def test_more_than_ordered_is_refused_at_its_line(people, client):
    delivery = prepared(3)
    login(client, "cangguan")
    address = reverse("admin:sales_delivery_change", args=[delivery.pk])
    for _twice in range(2):
        answer = client.post(address, posted(delivery, "11"))
        assert answer.status_code == 200 and "10 is still to be delivered of this line." in answer.content.decode()
    assert delivery.lines.get().quantity == 3
    assert client.post(address, posted(delivery, "10")).status_code == 302
    delivery.refresh_from_db()
    assert (delivery.lines.get().quantity, delivery.gross) == (10, Decimal("12.00"))


def test_what_one_role_hides_another_without_the_right_does_not_show(people):
    """The storekeeper's role hides the prices of orders; a role that gives no right on orders adds none to their lines either."""
    keeper = only("warehouse_keeper", username="both")
    level = policy.fields(keeper, OrderLine)["price"]
    assert (
        level
        == policy.fields(keeper, Order)["gross"]
        == FieldLimit.objects.get(role=Role.objects.get(code="warehouse_keeper"), record_type="sales.orderline", field="price").level
    )
    both = only("warehouse_keeper", "purchaser", username="both3")
    assert policy.fields(both, OrderLine)["price"] == level


def test_who_sells_does_not_set_the_limit(people):
    assert (
        policy.fields(named("yewu2"), Customer)["credit_limit"] == policy.fields(named("neiqin"), Customer)["credit_limit"] == policy.READ
    )
    assert policy.fields(named("quyu"), Customer)["credit_limit"] == policy.WRITE


def test_whoever_agrees_sees_what_is_not_in_stock(people):
    """Of 100 bolts 30 lie there; 70 nuts are all there."""
    warehouse = default_warehouse(Company.objects.get(code="HZ").pk)
    bolt, nut = product("QH0001"), product("QH0007")
    stock_up(bolt, quantity=30, warehouse=warehouse)
    stock_up(nut, quantity=70, warehouse=warehouse)
    order = make_order(items=[(bolt, 100, "", 100, "1.2"), (nut, 70, "", 100, "1")], approved=False, stocked=False)
    assert [(one.code, needed, left) for one, needed, left in missing_goods(order)] == [("QH0001", 100, 30)]
    shown = panel(order, named("zhuguan"))
    assert shown.is_open and shown.remarks == ["Not in stock: QH0001: 30 of 100"]
    approve(order)
    order.refresh_from_db()
    assert [line.reserved for line in order.lines.all()] == [30, 70]
    assert [(one.code, needed, left) for one, needed, left in missing_goods(order)] == [("QH0001", 70, 0)]
