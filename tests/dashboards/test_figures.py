"""Rollups: written by the postings, folded without losing a cent, equal to the orders, and put right where they are not."""

from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from fixtures.drafts import Item
from models.audit.changes import changes
from models.org.models import Employee
from models.sales import figures, folding
from models.sales.models import Order, OrderLine, SalesFigure
from models.sales.operations.orders import void_order
from tests import people as desk

pytestmark = [pytest.mark.django_db, pytest.mark.books]
D = Decimal
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
Pending = SalesFigure.Pending


def order_on(day, *rows, buyer="KH0002", **values):
    """An approved order: rows are (product code, quantity, price)."""
    items = [Item(desk.product(code), D(quantity), price=D(price)) for code, quantity, price in rows]
    return desk.make_order(desk.customer(buyer), items, date=day, **values)


def everything():
    """What boards read, as plain data."""
    seen = SalesFigure.objects.all()
    return {
        "month": list(figures.by_month(seen)),
        "owner": list(figures.by_owner(seen)),
        "customer": list(figures.by_customer(seen)),
        "product": list(figures.by_product(seen)),
        "product of all": list(figures.by_product(seen, of_all_owners=True)),
    }


@pytest.fixture
def sold(people):
    """Two orders in March (30.00 + 24.00 + 7.00 and 12.00), one in April (8.00) of another customer."""
    return [
        order_on(date(2026, 3, 5), ("QH0001", 10, "3.00"), ("QH0002", 4, "6.00"), ("QH0001", 7, "1.00")),
        order_on(date(2026, 3, 31), ("QH0001", 6, "2.00")),
        order_on(date(2026, 4, 1), ("QH0002", 8, "1.00"), buyer="KH0001"),
    ]


def test_postings_write_what_was_sold(sold):
    first, second = desk.product("QH0001").pk, desk.product("QH0002").pk
    found = everything()
    assert found["month"] == [(MARCH, D("73.00")), (APRIL, D("8.00"))]
    assert found["customer"] == [(desk.customer("KH0002").pk, D("73.00")), (desk.customer("KH0001").pk, D("8.00"))]
    assert found["product"] == found["product of all"] == [(first, D("49.00")), (second, D("32.00"))]


def test_folding_changes_no_figure(sold):
    before, rows = everything(), SalesFigure.objects.count()
    assert folding.fold_all() == rows
    assert everything() == before
    assert not SalesFigure.objects.exclude(pending=None).exists()
    assert folding.fold_all() == 0


def test_folding_again_adds_to_the_sums(sold):
    folding.fold_all()
    sums = SalesFigure.objects.count()
    order_on(date(2026, 3, 6), ("QH0001", 1, "5.00"))
    before = everything()
    folding.fold_all()
    assert everything() == before
    assert SalesFigure.objects.count() == sums


def test_a_void_order_leaves_nothing(sold):
    order = Order.objects.get(pk=sold[2].pk)
    folding.fold_all()
    void_order(order, by=desk.named("zong"), reason="mistake")
    folding.fold_all()
    assert everything()["month"] == [(MARCH, D("73.00"))]
    assert not SalesFigure.objects.filter(month=APRIL).exists()


def test_foreign_currency_is_rounded_order_by_order_and_line_by_line(people):
    """Two lines of 0.05 at 7.15 are 0.3575 → 0.36 each; the order of 0.10 is 0.715 → 0.72."""
    with changes("command"):
        currency = type(desk.customer().currency).objects.get_or_create(code="USD", defaults={"name": "US dollar"})[0]
    order = order_on(date(2026, 3, 5), ("QH0001", 1, "0.05"), ("QH0002", 1, "0.05"), currency_id=currency.pk, rate=D("7.15"))
    assert order.gross == D("0.10")
    found = everything()
    assert found["month"] == [(MARCH, D("0.72"))]
    assert [total for _key, total in found["product"]] == [D("0.36"), D("0.36")]
    assert folding.differences(MARCH) == folding.strayed_months() == []


def test_figures_equal_the_orders(sold):
    assert [folding.differences(month) for month in folding.months()] == [[], []]
    folding.fold_all()
    assert [folding.differences(month) for month in folding.months()] == [[], []]
    assert folding.strayed_months() == []


def test_an_order_that_changes_hands_is_found_and_moved(sold):
    folding.fold_all()
    other = Employee.objects.exclude(pk=sold[0].owner_id).first()
    with changes("form"):
        Order.objects.filter(pk=sold[0].pk).update(owner=other)
    assert folding.strayed_months() == [MARCH]
    assert folding.differences(MARCH, repair=True)
    assert folding.differences(MARCH) == folding.strayed_months() == []
    assert dict(everything()["owner"])[other.pk] == D("61.00")


def test_the_command_compares_and_repairs(sold):
    folding.fold_all()
    SalesFigure.objects.filter(dimension="product", month=MARCH, gross=D("49.00")).update(gross=D("1.00"))
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("rebuild_figures", "--check", stdout=out)
    assert "gross: 1.000, the orders say 49.00" in out.getvalue()
    call_command("rebuild_figures", stdout=StringIO())
    out = StringIO()
    call_command("rebuild_figures", "--check", stdout=out)
    assert "2 months, 0 figures differ." in out.getvalue()


def test_the_command_refuses_what_is_no_month(people):
    with pytest.raises(Exception, match="not a month"):
        call_command("rebuild_figures", "--month", "2026-13")


def test_figures_equal_an_independent_sum(sold):
    """Straight from the lines, without the rollups' own code."""
    lines = OrderLine.objects.filter(order__approval="approved").values_list("product_id", "gross")
    sums = {}
    for product, gross in lines:
        sums[product] = sums.get(product, D(0)) + gross
    assert dict(everything()["product"]) == sums
