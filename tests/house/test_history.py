"""History: exactly one row for each changed row on every path that writes, none for what changed nothing."""

from collections import Counter
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from models.audit.changes import WriteOutsideChangeSet, changes
from models.audit.models import ChangeSet, Touch
from models.customers.models import Customer
from models.org.models import Department, ExchangeRate, User
from models.products.models import Unit
from models.sales.models import Order, OrderLine
from tests.house.samples import make_company, make_order, make_unit

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def recorded():
    """How many history rows of units there are, by kind."""
    return dict(Counter(Unit.history.values_list("history_type", flat=True)))


@pytest.fixture
def unit():
    return make_unit()


@pytest.fixture
def ten():
    with changes("import"):
        return Unit.objects.bulk_create([Unit(name=f"unit {n}") for n in range(10)])


def test_it_works():
    with changes("form", reason="first unit") as changeset:
        unit = Unit.objects.create(name="piece")
    row = unit.history.get()
    assert (row.history_type, row.name, row.changeset) == ("+", "piece", changeset)
    assert ChangeSet.objects.get(pk=changeset).reason == "first unit"
    assert list(Touch.objects.filter(changeset=changeset).values_list("model", "operation", "rows")) == [("products.unit", "+", 1)]


def test_save_records_once_and_nothing_when_nothing_changed(unit):
    with changes("form"):
        unit.decimals = 2
        unit.save()
    stamp = Unit.objects.get().changed_at
    with changes("form"):
        unit.save()
    assert recorded() == {"+": 1, "~": 1}
    assert Unit.objects.get().changed_at == stamp


def test_update_with_expression(ten):
    with changes("bulk"):
        assert Unit.objects.filter(name__lt="unit 4").update(decimals=F("decimals") + 1) == 4
    assert recorded() == {"+": 10, "~": 4}


def test_update_to_the_same_value_records_nothing(ten):
    with changes("bulk"):
        Unit.objects.update(decimals=F("decimals"))
    assert recorded() == {"+": 10}


def test_bulk_create_and_bulk_update(ten):
    for unit in ten[:7]:
        unit.decimals = 3
    with changes("bulk"):
        Unit.objects.bulk_update(ten, ["decimals"])
    assert recorded() == {"+": 10, "~": 7}


def test_upsert_records_what_it_did_to_each_row(ten):
    with changes("import"):
        Unit.objects.bulk_create(
            [Unit(name="unit 1", decimals=4), Unit(name="new", decimals=4)],
            update_conflicts=True,
            unique_fields=["name"],
            update_fields=["decimals"],
        )
        Unit.objects.bulk_create([Unit(name="unit 2", decimals=4)], ignore_conflicts=True)
    assert recorded() == {"+": 11, "~": 1}


def test_raw_sql(ten):
    with changes("command"), connection.cursor() as cursor:
        cursor.execute("UPDATE products_unit SET decimals = 5 WHERE name IN ('unit 1', 'unit 2')")
        cursor.execute("DELETE FROM products_unit WHERE name = 'unit 3'")
    assert recorded() == {"+": 10, "~": 2, "-": 1}


def test_delete_of_a_queryset_and_of_nothing(ten):
    with changes("bulk"):
        Unit.objects.filter(name__gte="unit 5").delete()
        Unit.objects.filter(name="unheard of").delete()
    assert recorded() == {"+": 10, "-": 5}


def test_cascade_records_every_row_that_went():
    order = make_order(lines=3)
    with changes("form"):
        order.delete()
    assert OrderLine.history.filter(history_type="-").count() == 3
    assert Order.history.filter(history_type="-").count() == 1


def test_set_null_records_the_rows_it_emptied():
    from models.customers.models import Contact

    order = make_order()
    with changes("form"):
        contact = Contact.objects.create(company=order.company, customer=order.customer, name="Li")
        Order.objects.update(contact=contact)
    with changes("form"):
        contact.delete()
    newest = order.history.first()
    assert (newest.history_type, newest.contact_id) == ("~", None)
    assert order.history.count() == 3


def test_decimals_are_copied_exactly():
    make_company()
    with changes("form"):
        rate = ExchangeRate.objects.create(currency_id="CNY", valid_from="2026-01-01", rate=Decimal("1.1234567891"))
    assert rate.history.get().rate == Decimal("1.1234567891")


def test_a_write_outside_a_change_set_is_refused_on_every_path(ten):
    def by_sql():
        with connection.cursor() as cursor:
            cursor.execute("UPDATE products_unit SET decimals = 9")

    def by_save():
        ten[0].name = "other"
        ten[0].save()

    paths = [
        by_sql,
        by_save,
        lambda: Unit.objects.create(name="x"),
        lambda: Unit.objects.bulk_create([Unit(name="x")]),
        lambda: Unit.objects.update(decimals=9),
        lambda: Unit.objects.all().delete(),
    ]
    for path in paths:
        with pytest.raises(WriteOutsideChangeSet) as refused, transaction.atomic():
            path()
        assert refused.value.table == "products_unit"
    assert recorded() == {"+": 10}
    assert Unit.objects.filter(decimals=0).count() == 10


def test_log_in_and_password_need_no_change_set_and_never_reach_history():
    with changes("command"):
        user = User.objects.create_user("wang", "secret")
    user.last_login = timezone.now()
    user.save(update_fields=["last_login"])
    user.set_password("another")
    user.save()
    row = user.history.get()
    assert (row.username, row.password, row.last_login) == ("wang", "", None)
    assert User.objects.get().check_password("another")


def test_history_names_the_user_of_the_change_set():
    with changes("command"):
        user = User.objects.create_user("wang")
    with changes("form", user=user):
        unit = Unit.objects.create(name="piece")
    assert unit.history.get().history_user_id == user.pk
    assert unit.history.get().history_user == user
    assert Unit.objects.get().created_by == user


def test_as_of_and_latest_of_each(ten):
    before = timezone.now()
    with changes("bulk"):
        Unit.objects.filter(name="unit 1").update(name="renamed")
        Unit.objects.filter(name="unit 2").delete()
    then = set(Unit.history.as_of(before).values_list("name", flat=True))
    now = {unit.name for unit in Unit.history.latest_of_each().as_instances()}
    assert then == {f"unit {n}" for n in range(10)}
    assert now == then - {"unit 1", "unit 2"} | {"renamed"}


@pytest.mark.damages_books
def test_latest_of_each_breaks_ties_by_key(unit):
    first = Unit.history.get()
    second = Unit.history.get()
    second.pk, second.name = None, "at the same moment"
    second.save(force_insert=True)
    assert first.history_date == second.history_date
    assert [row.name for row in Unit.history.latest_of_each()] == ["at the same moment"]
    assert second.prev_record == first and first.next_record == second


def test_diff_against_reads_the_triggers_rows(unit):
    with changes("form"):
        unit.name = "pair"
        unit.save()
    newest = unit.history.first()
    difference = newest.diff_against(newest.prev_record)
    assert [(change.field, change.old, change.new) for change in difference.changes if change.field == "name"] == [
        ("name", "piece", "pair")
    ]


def test_fast_deletes_stay_possible():
    """No listener waits for each deleted row, so a bulk delete is one statement."""
    from django.db.models.deletion import Collector

    assert Collector(using="default", origin=None).can_fast_delete(ExchangeRate.objects.all())


def test_history_tables_have_few_indexes_and_no_foreign_keys():
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, Department.history.model._meta.db_table)
    assert not [name for name, facts in constraints.items() if facts["foreign_key"]]
    assert sum(facts["index"] for facts in constraints.values()) == 2


def test_every_index_name_of_history_is_short_and_unique():
    from django.apps import apps

    names = [index.name for model in apps.get_models() if hasattr(model, "instance_type") for index in model._meta.indexes]
    assert len(names) == len(set(names)) > 20
    assert max(map(len, names)) <= 30


def test_customers_with_generated_search_text_are_recorded_too():
    company = make_company()
    with changes("form"):
        customer = Customer.objects.create(company=company, code="K9", name="九州")
    assert customer.history.get().name == "九州"
