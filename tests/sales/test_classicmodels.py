"""classicmodels comes in through the product's own import: orders, payments, what is owed, how old it is, who is over his limit."""

import json
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db.models import Count, F, Sum
from django.db.models.functions import ExtractYear

from models.base.documents import Approval
from models.customers.models import Customer
from models.finance.credit import credit_status
from models.finance.models import Allocation, CashEntry, Credit, CustomerBalance, CustomerEntry, Receipt, Receivable
from models.finance.querysets import statement
from models.org.models import Employee
from models.sales.models import Delivery, Order, OrderLine
from models.stock.models import Balance
from tests.sales.bringing_in import bring_in, folder, import_records, kept_for_module, rows, write

__all__ = ["kept_for_module"]
pytestmark = [pytest.mark.books, pytest.mark.django_db]


@pytest.fixture(scope="module")
def models(kept_for_module, tmp_path_factory):
    """The database with classicmodels in it, its files, and the facts that a correct import gives."""
    source, made = folder("classicmodels"), tmp_path_factory.mktemp("classicmodels")
    write(made / "currency.csv", ["code", "name"], [["USD", "US dollar"]])
    write(made / "company.csv", ["code", "name"], [["CM", "Classic Models"]])
    write(made / "warehouse.csv", ["code", "name"], [["MAIN", "Main warehouse"]])
    write(made / "account.csv", ["code", "name"], [["BANK", "Bank"]])
    write(made / "unit.csv", ["name"], [["model"]])
    write(made / "opening_stock.csv", ["product", "quantity", "cost"], opening_stock(source))
    outcomes = bring_in("classicmodels", source, made)
    facts = json.loads((source / "expected_facts.json").read_text(encoding="utf-8"))
    return SimpleNamespace(source=source, facts=facts, outcomes=outcomes)


def opening_stock(source):
    """The file's stock and what was shipped since; cancelled orders count as never shipped."""
    gone = {row["orderNumber"] for row in rows(source / "orders.csv") if row["shippedDate"] and row["status"] != "Cancelled"}
    shipped = defaultdict(int)
    for row in rows(source / "orderdetails.csv"):
        if row["orderNumber"] in gone:
            shipped[row["productCode"]] += int(row["quantityOrdered"])
    stock = rows(source / "products.csv")
    return [(row["productCode"], int(row["quantityInStock"]) + shipped[row["productCode"]], row["buyPrice"]) for row in stock]


def test_orders(models):
    totals = models.facts["totals"]
    assert (Order.objects.count(), OrderLine.objects.count()) == (326, 2996)
    assert Order.objects.aggregate(total=Sum("gross"))["total"] == Decimal(totals["orders_amount_all"])
    valid = Order.objects.filter(approval=Approval.APPROVED)
    assert valid.aggregate(total=Sum("gross"))["total"] == Decimal(totals["orders_amount_excluding_cancelled"])
    assert OrderLine.objects.aggregate(total=Sum("quantity"))["total"] == totals["units_ordered"]
    void = Order.objects.filter(approval=Approval.VOID)
    assert (void.count(), void.aggregate(total=Sum("gross"))["total"]) == (6, Decimal("238854.18"))
    assert not Delivery.objects.filter(order__in=void).exists()
    years = Order.objects.annotate(year=ExtractYear("date")).order_by().values_list("year").annotate(Sum("gross"))
    assert {str(year): str(total.quantize(Decimal("0.01"))) for year, total in years} == models.facts["amount_by_order_year"]
    assert valid.filter(progress=Order.Progress.NOT_DELIVERED).count() == 14 - models.facts["unshipped_orders"]["by_status"]["Cancelled"]


def test_people_and_customers(models):
    employees = models.facts["employees"]
    assert [person.code for person in Employee.objects.filter(superior=None)] == employees["root"]
    assert sorted(Employee.objects.filter(superior__code="1143").values_list("code", flat=True)) == employees["direct_reports_of_1143"]
    assert Customer.objects.filter(owner=None).count() == models.facts["customers_without_sales_rep"]
    assert Customer.objects.filter(credit_limit=0).count() == models.facts["customers_with_zero_credit_limit"]
    assert Customer.objects.aggregate(total=Sum("credit_limit"))["total"] == Decimal(models.facts["credit_limit_total"])
    assert Customer.objects.filter(country="Norway").count() == 3, "blanks at the ends are gone"
    assert Customer.objects.filter(name="Mit Vergnügen & Co.").exists()
    by_rep = Order.objects.order_by().values_list("customer__owner__code").annotate(Sum("gross"))
    expected = {code: Decimal(total) for code, _name, _office, total in models.facts["amount_by_sales_rep"]}
    assert dict(by_rep) == expected


def test_payments(models):
    total = Decimal(models.facts["totals"]["payments_total"])
    assert Receipt.objects.count() == models.facts["row_counts"]["payments"]
    assert Receipt.objects.aggregate(total=Sum("gross"))["total"] == total
    assert CashEntry.objects.aggregate(total=Sum("amount"))["total"] == total
    years = Receipt.objects.annotate(year=ExtractYear("date")).order_by().values_list("year").annotate(Sum("amount"))
    assert {str(year): str(total.quantize(Decimal("0.01"))) for year, total in years} == models.facts["payments_by_year"]
    assert Credit.objects.aggregate(open=Sum("open"), used=Sum("used")) == {"open": 0, "used": total}, "nobody has overpaid"
    assert Allocation.objects.aggregate(total=Sum("amount"))["total"] == total
    assert set(Receipt.objects.values_list("approval", "is_opening", "number")) == {(Approval.APPROVED, True, "")}


def test_receivable_per_customer(models):
    """Receivable = orders − payments, for each customer, by the files alone."""
    owed = defaultdict(Decimal)
    orders = {row["orderNumber"]: row for row in rows(models.source / "orders.csv")}
    for row in rows(models.source / "orderdetails.csv"):
        order = orders[row["orderNumber"]]
        if order["status"] != "Cancelled":
            owed[order["customerNumber"]] += int(row["quantityOrdered"]) * Decimal(row["priceEach"])
    for row in rows(models.source / "payments.csv"):
        owed[row["customerNumber"]] -= Decimal(row["amount"])
    balances = {key: total for key, total in CustomerBalance.objects.values_list("customer__code", "balance") if total}
    assert balances == {key: total for key, total in owed.items() if total}
    outstanding = dict(Receivable.objects.filter(outstanding__gt=0).order_by().values_list("customer__code").annotate(Sum("outstanding")))
    assert outstanding == balances
    entries = dict(CustomerEntry.objects.order_by().values_list("customer__code").annotate(Sum("base_amount")))
    assert {key: total for key, total in entries.items() if total} == balances
    assert sum(balances.values()) == Decimal(models.facts["receivables"]["total_balance"]) == Decimal("511497.20")
    assert len(balances) == models.facts["receivables"]["customers_with_positive_balance"]


def test_ageing_oldest_order_first(models):
    facts, today = models.facts["ageing_fifo_as_of_2005-05-31"], date(2005, 5, 31)
    still_open = Receivable.objects.filter(outstanding__gt=0)
    assert still_open.count() == facts["open_orders"]
    buckets = {"0-30": (0, 30), "31-60": (31, 60), "61-90": (61, 90), ">90": (91, 10_000)}
    for name, (first, last) in buckets.items():
        rows_ = still_open.filter(date__lte=today - timedelta(days=first), date__gte=today - timedelta(days=last))
        assert (rows_.aggregate(total=Sum("outstanding"))["total"] or 0) == Decimal(facts["buckets"][name]), name
    for number, customer, day, amount in facts["first_open_orders"]:
        row = still_open.get(origin_number=str(number))
        assert (row.customer.code, row.date.isoformat(), row.outstanding) == (str(customer), day, Decimal(amount))


def test_over_limit_customers(models):
    over = CustomerBalance.objects.filter(balance__gt=F("customer__credit_limit")).order_by("customer__code")
    found = [[int(row.customer.code), row.customer.name, row.balance, row.customer.credit_limit] for row in over.select_related("customer")]
    expected = models.facts["receivables"]["customers_over_credit_limit"]
    assert found == [[code, name, Decimal(balance), Decimal(limit)] for code, name, balance, limit in expected]
    customer = Customer.objects.get(code="450")
    assert credit_status(customer, customer.company_id).excess == Decimal("83984.89") - Decimal("77600")


def test_stock_and_statement(models):
    stock = models.facts["stock"]
    sums = Balance.objects.aggregate(value=Sum("value"), units=Sum("on_hand"))
    assert (sums["value"], sums["units"]) == (Decimal(stock["value_at_buy_price"]), stock["units"])
    by_line = dict(Balance.objects.order_by().values_list("product__category__name").annotate(Sum("value")))
    assert by_line == {name: Decimal(value) for name, value in stock["value_at_buy_price_by_line"].items()}
    customer = Customer.objects.get(code="103")
    opening, lines, closing = statement(customer, customer.company_id, date(2003, 1, 1), date(2005, 12, 31), "USD")
    assert (opening, closing, len(lines)) == (0, 0, 6)
    assert Delivery.objects.aggregate(count=Count("pk"))["count"] == 326 - 6 - 10


def test_payments_again_change_nothing(models):
    again = import_records("finance.receipt", models.source / "payments.csv", mapping="Classic Models")
    assert (again["new"], again["changed"], again["unchanged"], again["refused"]) == (0, 0, 273, [])
