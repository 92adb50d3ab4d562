"""Change sets join and roll back; locked documents, ledgers and history refuse what the screens would not even offer."""

from datetime import date
from decimal import Decimal
from threading import Event, Thread

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import F

from models.audit.changes import AppendOnly, LockedDocument, WriteOutsideChangeSet, annotate_changes, changes, current_changeset
from models.audit.models import ChangeSet, Touch
from models.base.documents import EDITABLE, LOCKING
from models.customers.models import Customer
from models.finance.models import CustomerEntry
from models.products.models import Unit
from models.sales.models import Order, OrderLine
from tests.house.samples import make_company, make_order, make_unit

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.damages_books]


def test_a_nested_change_set_joins_the_outer_one():
    with changes("form", reason="outer") as outer:
        with changes("operation", reason="inner") as inner:
            Unit.objects.create(name="piece")
        assert inner == outer == current_changeset()
        Unit.objects.create(name="pair")
    assert current_changeset() is None
    assert ChangeSet.objects.get().reason == "outer"
    assert Touch.objects.get().rows == 2


def test_after_the_inner_one_ends_the_outer_one_still_writes_and_after_it_nobody():
    with changes("form"):
        with changes("form"):
            pass
        Unit.objects.create(name="piece")
    with pytest.raises(WriteOutsideChangeSet), transaction.atomic():
        Unit.objects.create(name="pair")


def test_a_caught_error_takes_back_only_the_inner_part():
    with changes("form"):
        Unit.objects.create(name="piece")
        with pytest.raises(ZeroDivisionError), changes("operation"):
            Unit.objects.create(name="pair")
            _ = 1 / 0
    assert list(Unit.objects.values_list("name", flat=True)) == ["piece"]
    assert list(Touch.objects.values_list("model", "operation", "rows")) == [("products.unit", "+", 1)]


def test_an_error_leaves_nothing_behind():
    with pytest.raises(ZeroDivisionError), changes("form"):
        Unit.objects.create(name="piece")
        _ = 1 / 0
    assert (Unit.objects.count(), Unit.history.count(), ChangeSet.objects.count(), Touch.objects.count()) == (0, 0, 0, 0)
    with pytest.raises(WriteOutsideChangeSet), transaction.atomic():
        Unit.objects.create(name="pair")


def test_a_change_set_that_wrote_nothing_leaves_no_row():
    with changes("form"):
        pass
    with changes("form"), pytest.raises(ZeroDivisionError), transaction.atomic():
        Unit.objects.create(name="piece")
        _ = 1 / 0
    assert ChangeSet.objects.count() == 0


def test_the_reason_may_be_added_while_it_is_open_and_never_after():
    with changes("import"):
        Unit.objects.create(name="piece")
        annotate_changes(reason="12 rows", source="units.xlsx")
    closed = ChangeSet.objects.get()
    assert (closed.reason, closed.source) == ("12 rows", "units.xlsx")
    for forgery in (lambda: ChangeSet.objects.update(reason="forged"), closed.delete, lambda: Touch.objects.update(rows=F("rows") + 1)):
        with pytest.raises(AppendOnly), transaction.atomic():
            forgery()


def test_request_and_numbers_are_kept(rf):
    request = rf.post("/products/unit/add/", REMOTE_ADDR="10.0.0.7")
    for name in ("piece", "pair"):
        with changes("form", request=request):
            Unit.objects.create(name=name)
    newest, oldest = ChangeSet.objects.order_by("-at")
    assert (newest.method, newest.path, newest.address) == ("POST", "/products/unit/add/", "10.0.0.7")
    assert newest.transaction_number >= oldest.transaction_number > 0
    assert str(newest.id) > str(oldest.id)


def test_only_known_kinds_are_taken():
    with pytest.raises(ValueError, match="'whim'"), changes("whim"):
        Unit.objects.create(name="piece")


def test_history_only_grows():
    unit = make_unit()
    for forgery in (lambda: unit.history.update(name="forged"), lambda: unit.history.all().delete(), lambda: unit.history.get().delete()):
        with pytest.raises(AppendOnly), changes("form"):
            forgery()
    assert unit.history.get().name == "piece"


def make_entry(company):
    customer = Customer.objects.create(company=company, code="K1", name="Kind Ltd")
    return CustomerEntry.objects.create(
        source_type=ContentType.objects.get_for_model(Customer),
        source_id=customer.pk,
        date=date(2026, 1, 1),
        company=company,
        currency_id="CNY",
        amount=Decimal("0.10"),
        base_amount=Decimal("0.10"),
        kind=CustomerEntry.Kind.CHARGE,
        customer=customer,
    )


def test_a_ledger_only_grows_and_only_inside_a_change_set():
    company = make_company()
    with changes("operation") as changeset:
        entry = make_entry(company)
    assert Touch.objects.filter(changeset=changeset, model="finance.customerentry").get().rows == 1
    for deed in (lambda: CustomerEntry.objects.update(amount=1), lambda: CustomerEntry.objects.all().delete(), entry.delete, entry.save):
        with pytest.raises(AppendOnly), changes("operation"):
            deed()
    with pytest.raises(WriteOutsideChangeSet), transaction.atomic():
        entry.pk = None
        entry._state.adding = True
        entry.save()
    assert CustomerEntry.objects.get().amount == Decimal("0.10")


@pytest.mark.parametrize("state", LOCKING)
def test_a_locked_document_refuses_every_path_to_its_commercial_columns_and_lines(state):
    order = make_order(lines=2)
    other = make_company("C2")
    with changes("operation"):
        Order.objects.update(approval=state)
    line = order.lines.first()
    order.refresh_from_db()

    def save_date():
        order.date = date(2020, 1, 1)
        order.save()

    def save_quantity():
        line.quantity = 9
        line.save()

    new_line = OrderLine(order=order, product=line.product, unit="box", quantity=1, position=9)
    paths = [
        save_date,
        save_quantity,
        line.delete,
        order.delete,
        lambda: Order.objects.update(gross=F("gross") + 1),
        lambda: Order.objects.update(company=other),
        lambda: Order.objects.all().delete(),
        lambda: OrderLine.objects.update(price=1),
        lambda: OrderLine.objects.bulk_create([new_line]),
        lambda: OrderLine.objects.filter(position=2)._raw_delete("default"),
    ]
    for path in paths:
        with pytest.raises(LockedDocument) as refused, changes("form"):
            path()
        assert refused.value.messages
    assert list(order.lines.values_list("quantity", flat=True)) == [1, 2]


@pytest.mark.parametrize("state", LOCKING)
def test_a_locked_document_lets_notes_owner_and_progress_change(state):
    order = make_order(lines=1)
    with changes("operation"):
        Order.objects.update(approval=state)
        Order.objects.update(remark="call first", external_number="X-1", progress=Order.Progress.CLOSED)
        OrderLine.objects.update(remark="fragile", reserved=1)
    order.refresh_from_db()
    assert (order.remark, order.lines.get().reserved) == ("call first", 1)


@pytest.mark.parametrize("state", EDITABLE)
def test_an_open_document_changes_freely(state):
    order = make_order(lines=1, approval=state)
    with changes("form"):
        Order.objects.update(gross=F("gross") + Decimal("1.00"))
        OrderLine.objects.update(quantity=F("quantity") + 1)
        order.lines.all().delete()
        order.delete()


def test_a_line_cannot_move_into_or_out_of_a_locked_document():
    open_order, locked = make_order(), make_order()
    with changes("operation"):
        Order.objects.filter(pk=locked.pk).update(approval="approved")
    for source, target in ((open_order, locked), (locked, open_order)):
        with pytest.raises(LockedDocument), changes("form"):
            OrderLine.objects.filter(order=source).update(order=target)


def test_what_has_a_number_is_never_deleted():
    order = make_order(number="SO-1", approval="withdrawn")
    with pytest.raises(LockedDocument) as refused, changes("form"):
        order.delete()
    assert refused.value.code == "numbered"


def test_opening_balances_may_bring_approved_documents_with_their_lines():
    order = make_order(lines=0, approval="approved", number="OLD-1")
    product = make_order().lines.get().product
    line = {"order": order, "product": product, "unit": "box", "quantity": 1, "position": 1}
    with pytest.raises(LockedDocument), changes("import"):
        OrderLine.objects.create(**line)
    with changes("import", opening=True):
        OrderLine.objects.create(**line)
    with pytest.raises(LockedDocument), changes("import"):
        order.lines.all().delete()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_document_is_not_locked_while_somebody_is_adding_a_line():
    order = make_order(lines=1)
    product = order.lines.get().product
    written, may_end = Event(), Event()

    def add_line():
        with changes("form"):
            OrderLine.objects.create(order=order, product=product, unit="box", quantity=7, position=7)
            written.set()
            may_end.wait(5)
        connection.close()

    clerk = Thread(target=add_line)
    clerk.start()
    written.wait(5)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sales_order WHERE id = %s", [order.pk])
        with pytest.raises(Exception, match="lock"), transaction.atomic():
            list(Order.objects.select_for_update(nowait=True).filter(pk=order.pk))
    may_end.set()
    clerk.join()
    assert order.lines.count() == 2
