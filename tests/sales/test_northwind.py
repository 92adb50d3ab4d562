"""Northwind comes in through the product's own import and adds up to what is known of it."""

import json
from collections import defaultdict
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db.models import Count, Sum
from django.db.models.functions import ExtractYear

from models.base.documents import Approval
from models.customers.models import Contact, Customer
from models.finance.models import CustomerBalance, Receivable
from models.org.models import Employee
from models.products.models import Product
from models.sales.figures import SalesFigure
from models.sales.models import Delivery, Order, OrderLine
from models.stock.models import Balance, Movement
from models.stock.querysets import true_balances
from tests.sales.bringing_in import bring_in, folder, half_up, import_records, kept_for_module, rows, write

__all__ = ["kept_for_module"]
pytestmark = [pytest.mark.books, pytest.mark.django_db]


@pytest.fixture(scope="module")
def northwind(kept_for_module, tmp_path_factory):
    """The database with Northwind in it, its files, and the facts that a correct import gives."""
    source, tmp_path = folder("northwind"), tmp_path_factory.mktemp("northwind")
    write(tmp_path / "currency.csv", ["code", "name"], [["USD", "US dollar"]])
    write(tmp_path / "company.csv", ["code", "name"], [["NW", "Northwind Traders"]])
    write(tmp_path / "warehouse.csv", ["code", "name"], [["MAIN", "Main warehouse"]])
    write(tmp_path / "unit.csv", ["name"], [["item"]])
    write(tmp_path / "opening_stock.csv", ["product", "quantity", "cost"], opening_stock(source))
    outcomes = bring_in("northwind", source, tmp_path)
    facts = json.loads((source / "expected_facts.json").read_text(encoding="utf-8"))
    return SimpleNamespace(source=source, facts=facts, outcomes=outcomes, made=tmp_path)


def opening_stock(source):
    """What lay in stock before the first order: the file's stock and what was shipped since. Products that never moved are left out."""
    shipped_orders = {row["OrderID"] for row in rows(source / "orders.csv") if row["ShippedDate"]}
    shipped = defaultdict(int)
    for row in rows(source / "order_details.csv"):
        if row["OrderID"] in shipped_orders:
            shipped[row["ProductID"]] += int(row["Quantity"])
    products = rows(source / "products.csv")
    lines = [(row["ProductID"], int(row["UnitsInStock"]) + shipped[row["ProductID"]], row["UnitPrice"]) for row in products]
    return [line for line in lines if line[1]]


def net_lines(source):
    """[(order row, net of one of its lines rounded half-up)], computed from the files alone."""
    orders = {row["OrderID"]: row for row in rows(source / "orders.csv")}
    for line in rows(source / "order_details.csv"):
        net = Decimal(line["UnitPrice"]) * int(line["Quantity"]) * (1 - Decimal(line["Discount"]))
        yield orders[line["OrderID"]], half_up(net)


def summed(pairs):
    sums = defaultdict(Decimal)
    for key, amount in pairs:
        sums[key] += amount
    return dict(sums)


def test_everything_came_in(northwind):
    counts = northwind.facts["row_counts"]
    assert (Customer.objects.count(), Product.objects.count(), Order.objects.count(), OrderLine.objects.count()) == (
        counts["customers"],
        counts["products"],
        counts["orders"],
        counts["order_details"],
    )
    assert Contact.objects.filter(is_main=True).count() == counts["customers"]
    assert Employee.objects.get(code="1").superior.name == "Andrew Fuller", "a row may point at one further down"
    assert Customer.objects.get(code="ANATR").postcode == "05021"
    assert Customer.objects.get(code="KOENE").name == "Königlich Essen"


def test_net_by_year_customer_country_and_employee(northwind):
    orders = Order.objects.filter(approval=Approval.APPROVED, is_opening=True)
    assert orders.aggregate(total=Sum("net"))["total"] == Decimal(northwind.facts["revenue"]["net_each_line_rounded_half_up_2dp"])
    lines = list(net_lines(northwind.source))
    country = {row["CustomerID"]: row["Country"] for row in rows(northwind.source / "customers.csv")}

    def by(path):
        return {str(key): total for key, total in orders.order_by().values_list(path).annotate(Sum("net"))}

    years = orders.annotate(year=ExtractYear("date")).order_by().values_list("year").annotate(Sum("net"), Count("pk"))
    assert {str(year): total for year, total, _count in years} == summed((row["OrderDate"][:4], net) for row, net in lines)
    assert {str(year): count for year, _total, count in years} == northwind.facts["orders_by_year"]
    assert by("customer__code") == summed((row["CustomerID"], net) for row, net in lines)
    assert by("customer__country") == summed((country[row["CustomerID"]], net) for row, net in lines)
    assert by("owner__code") == summed((row["EmployeeID"], net) for row, net in lines)


def test_counts_that_are_known(northwind):
    facts = northwind.facts
    assert Order.objects.filter(progress=Order.Progress.NOT_DELIVERED).count() == facts["shipments"]["unshipped_count"] == 21
    assert Order.objects.get(external_number="11077").lines.count() == 25
    by_country = dict(Order.objects.order_by().values_list("customer__country").annotate(Count("pk")))
    assert by_country == facts["orders_per_customer_country"]
    best = Order.objects.order_by().values_list("owner__name").annotate(Count("pk"), total=Sum("net")).order_by("-total").first()
    assert best[:2] == ("Margaret Peacock", 156)
    idle = set(Customer.objects.exclude(pk__in=Order.objects.values("customer")).values_list("code", flat=True))
    assert idle == set(facts["customers_without_orders"])
    late = sum(1 for row in Order.objects.exclude(shipped_on=None) if row.shipped_on > row.wanted_on)
    assert late == facts["shipments"]["shipped_after_required_date"]


def test_rollups_say_the_same(northwind):
    total = Decimal(northwind.facts["revenue"]["net_each_line_rounded_half_up_2dp"])
    for dimension in ("month", "customer", "product"):
        rollup = SalesFigure.objects.filter(dimension=dimension)
        assert rollup.aggregate(total=Sum("net"))["total"] == total
    months = SalesFigure.objects.filter(dimension=SalesFigure.Dimension.MONTH).order_by().values_list("month").annotate(Sum("net"))
    expected = summed((row["OrderDate"][:7], net) for row, net in net_lines(northwind.source))
    assert {f"{month:%Y-%m}": net for month, net in months} == expected


def test_stock_is_the_files_stock_and_never_was_negative(northwind):
    stock = northwind.facts["stock"]
    assert Balance.objects.aggregate(total=Sum("value"))["total"] == Decimal(stock["value_price_x_units_in_stock"]) == Decimal("74050.85")
    assert Balance.objects.aggregate(total=Sum("on_hand"))["total"] == stock["units_in_stock"]
    by_category = Balance.objects.order_by().values_list("product__category__name").annotate(Sum("value"))
    assert dict(by_category) == {name: Decimal(value) for name, value in stock["value_by_category"].items()}
    truth = true_balances()
    for balance in Balance.objects.all():
        sums = truth[balance.product_id, balance.warehouse_id]
        assert (balance.on_hand, balance.reserved, balance.value) == (sums["on_hand"], sums["reserved"], sums["value"])
    running = defaultdict(Decimal)
    for product, quantity in Movement.objects.order_by("date", "pk").values_list("product", "quantity"):
        running[product] += quantity
        assert running[product] >= 0
    assert set(map(int, Product.objects.exclude(balances__on_hand__gt=0).values_list("code", flat=True))) == set(stock["out_of_stock"])


def test_what_was_delivered_is_owed(northwind):
    delivered = Order.objects.filter(progress=Order.Progress.DELIVERED).aggregate(total=Sum("gross"))["total"]
    open_orders = Order.objects.filter(progress=Order.Progress.NOT_DELIVERED).aggregate(total=Sum("gross"))["total"]
    assert Receivable.objects.aggregate(total=Sum("outstanding"))["total"] == delivered
    sums = CustomerBalance.objects.aggregate(owed=Sum("balance"), ordered=Sum("ordered"))
    assert (sums["owed"], sums["ordered"]) == (delivered, open_orders)
    assert Delivery.objects.count() == 830 - 21
    charge = Receivable.objects.get(origin_number="10248")
    assert (charge.date.isoformat(), charge.amount) == ("1996-07-16", Decimal("440.00"))


def test_a_second_time_changes_nothing(northwind):
    again = import_records("sales.order", northwind.source / "northwind.xlsx", mapping="Northwind")
    assert (again["new"], again["changed"], again["unchanged"], again["refused"], again["changeset"]) == (0, 0, 830, [], None)
    again = import_records("customers.customer", northwind.source / "customers.csv", mapping="Northwind")
    assert (again["new"], again["changed"], again["unchanged"], again["refused"], again["changeset"]) == (0, 0, 91, [], None)
