"""`manage.py verify_books` finds what is wrong, and names document and row."""

import json
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F

from models.audit.changes import changes
from models.base.verification import checks, verify
from models.finance.models import Allocation, Credit, CustomerBalance, Receivable
from models.lowcode.models import NumberCounter
from models.sales.models import DeliveryLine, Order, OrderLine, SalesFigure
from models.stock.models import Balance
from tests import people as desk

pytestmark = [pytest.mark.django_db, pytest.mark.books, pytest.mark.damages_books]
D = Decimal


@pytest.fixture
def sold(people):
    """An order of 10 bolts at 0.90: 6 delivered (5.40), 1 of them back (0.90), 3.00 received."""
    order = desk.make_order()
    delivery = desk.deliver(order, {1: 6})
    desk.take_back(delivery, {1: 1})
    desk.receive(order.customer, 3, [(Receivable.objects.get(), 3)])
    order.refresh_from_db()
    assert verify() == []
    return order


def raw(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def spoil(model, **values):
    """Change a column behind the operations' back, as a stray UPDATE would."""
    with changes("command", reason="stray"):
        model.objects.update(**values)


def more(model, name, by=1):
    return F(name) + model._meta.get_field(name).value(D(by))


@pytest.mark.parametrize(
    ("check", "model", "column"),
    [
        ("stock_balances_are_sums", Balance, "on_hand"),
        ("stock_balances_are_sums", Balance, "value"),
        ("stock_balances_are_sums", Balance, "reserved"),
        ("customer_balances_are_sums", CustomerBalance, "balance"),
        ("ordered_amounts_are_right", CustomerBalance, "ordered"),
        ("order_lines_are_counted", OrderLine, "delivered_gross"),
        ("order_lines_are_counted", OrderLine, "reserved"),
        ("order_lines_are_counted", OrderLine, "returned"),
        ("delivery_lines_are_counted", DeliveryLine, "returned"),
        ("figures_are_the_orders", SalesFigure, "gross"),
        ("receivables_are_allocated", Receivable, "base_outstanding"),
    ],
)
def test_a_figure_that_is_not_the_sum_of_its_rows(sold, check, model, column):
    spoil(model, **{column: more(model, column)})
    found = verify()
    assert check in {one.check for one in found}
    named = next(one for one in found if one.check == check)
    assert named.document and named.row.startswith(model._meta.label_lower) and named.sentence


def test_the_document_is_named(sold):
    spoil(OrderLine, delivered=more(OrderLine, "delivered"))
    found = next(one for one in verify(["order_lines_are_counted"]))
    line = sold.lines.get()
    assert (found.document, found.row) == (f"sales.order {sold.number}", f"sales.orderline {line.pk}")
    assert found.sentence == "delivered is 7, its rows add up to 6."


def test_receivables_and_credits(sold):
    with changes("command", reason="stray"):
        Receivable.objects.update(received=more(Receivable, "received"), outstanding=more(Receivable, "outstanding", -1))
        Credit.objects.update(used=more(Credit, "used", -1), open=more(Credit, "open"))
    checks_found = {one.check for one in verify()}
    assert {"receivables_are_allocated", "credits_are_used", "open_items_are_the_account"} <= checks_found
    assert Allocation.objects.count() == 2  # the return took 0.90 off, the receipt paid 3.00


def test_totals_of_a_draft(sold):
    draft = desk.make_quote(submit=False)
    with changes("command", reason="stray"):
        type(draft).objects.filter(pk=draft.pk).update(gross=more(type(draft), "gross", "0.01"))
    found = verify(["totals_are_sums"])
    assert [one.document for one in found] == [f"sales.quote #{draft.pk}"] * 2  # neither its lines nor net and tax


def test_a_lost_number(sold):
    NumberCounter.objects.filter(document="order").update(last=F("last") + 2)
    (found,) = verify(["numbers_have_no_gaps"])
    assert found.sentence == "Of 3 numbers drawn 2 are on no document: 2, 3."
    assert found.document == f"sales.order {sold.date:%Y%m}"


def test_a_number_nobody_drew(sold):
    NumberCounter.objects.filter(document="order").update(last=0)
    (found,) = verify(["numbers_have_no_gaps"])
    assert found.sentence == "Number 1 is on a document, but only 0 were drawn."


def test_numbers_of_an_earlier_pattern_count(sold):
    with changes("command"):
        from models.lowcode.models import NumberRule

        NumberRule.objects.filter(document="order").update(pattern="SO{yyyy}{mm}/{n:5}")
    later = desk.make_order()
    assert later.number.endswith("/00002")
    assert verify(["numbers_have_no_gaps"]) == []


def test_history_that_lags_behind(sold):
    table, columns = Order.history.model._meta.db_table, [field.column for field in Order.history.model._meta.concrete_fields]
    copied = [("'stray'" if name == "remark" else f'"{name}"') for name in columns if name != "history_id"]
    names = ", ".join(f'"{name}"' for name in columns if name != "history_id")
    raw(f'INSERT INTO "{table}" ({names}) SELECT {", ".join(copied)} FROM "{table}" ORDER BY history_id DESC LIMIT 1')
    found = verify(["history_is_the_present"])
    assert [(one.document, one.row) for one in found] == [("sales.order", f"sales.order {sold.pk}")] * 2


class TestCommand:
    def run(self, *arguments):
        answer = StringIO()
        code = 0
        try:
            call_command("verify_books", *arguments, stdout=answer)
        except SystemExit as stopped:
            code = stopped.code
        return code, answer.getvalue()

    def test_right_books(self, sold):
        code, text = self.run()
        assert code == 0 and "✗" not in text and text.count("✓") == len(checks())
        code, text = self.run("--json")
        assert code == 0 and json.loads(text)["status"] == "right"

    def test_wrong_books(self, sold):
        spoil(CustomerBalance, balance=D(1))
        code, text = self.run("--json", "--only", "customer_balances_are_sums")
        answer = json.loads(text)
        assert code == 1 and answer["status"] == "wrong" and answer["checks"] == ["customer_balances_are_sums"]
        (found,) = answer["findings"]
        assert found["document"] == sold.customer.code and found["sentence"] == "The balance is 1, the entries add up to 1.5."
        code, text = self.run("--only", "customer_balances_are_sums")
        assert code == 1 and f"{sold.customer.code}  ·  finance.customerbalance" in text

    def test_unknown_checks_are_refused(self, people):
        with pytest.raises(CommandError, match="no check named luck"):
            self.run("--only", "luck")
