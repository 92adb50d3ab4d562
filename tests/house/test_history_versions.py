"""Versions in words: a document with its lines, told in order of time, from a fixed number of queries."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from models.audit.changes import changes
from models.audit.differences import versions
from models.customers.models import Customer
from models.sales.models import Order
from tests.house.samples import make_order

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def told(version):
    return [(change.field_name, change.before, change.after) for change in version.changes]


def test_it_works():
    order = make_order(lines=2)
    with changes("form", reason="second thoughts") as changeset:
        order.remark = "call first"
        order.discount = Decimal("90.5")
        order.save()
        line = order.lines.get(position=2)
        line.quantity = Decimal("12.5")
        line.save()
        order.lines.get(position=1).delete()
    first, *_lines, changed, changed_line, deleted_line = versions(order)
    assert (first.operation, first.reason, first.kind) == ("+", "sample order", "form")
    assert {name: after for name, _before, after in told(first)}["customer"] == str(order.customer)
    assert told(changed) == [("discount", "100", "90.5"), ("remark", "", "call first")]
    assert (changed.changeset, changed.reason) == (changeset, "second thoughts")
    assert (changed_line.record, told(changed_line)) == ("Order line 2", [("quantity", "2", "12.5"), ("base_quantity", "2", "12.5")])
    assert (deleted_line.record, deleted_line.operation) == ("Order line 1", "-")


@pytest.mark.damages_books
def test_choices_and_labels_are_words():
    order = make_order()
    with changes("operation"):
        Order.objects.update(approval="pending")
    change = versions(order)[-1].changes[0]
    assert (change.label, change.before, change.after) == ("Approval", "Draft", "In approval")


def test_a_deleted_target_is_still_named_by_its_key():
    order = make_order()
    with changes("form"):
        other = Customer.objects.create(company=order.company, code="K2", name="Gone Ltd")
        Order.objects.update(customer=other)
        Order.objects.update(customer=order.customer)
        key = other.pk
        other.delete()
    change = versions(order)[-1].changes[0]
    assert change.before == f"customer {key} (deleted)"


def test_the_number_of_queries_does_not_grow(django_assert_num_queries):
    small, large = make_order(lines=1), make_order(lines=30)
    for order in (small, large):
        for line in order.lines.all():
            with changes("form"):
                line.quantity += 1
                line.save()
    with CaptureQueriesContext(connection) as first:
        versions(small)
    with django_assert_num_queries(len(first)):
        assert len(versions(large)) == 1 + 30 + 30
