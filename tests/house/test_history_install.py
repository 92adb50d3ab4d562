"""The guards stand after migrate, a check sees every tampering, and only test databases may be emptied."""

import sqlite3
from copy import copy

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection

from models.audit import commands, install
from models.audit.changes import WriteOutsideChangeSet, changes
from models.audit.connections import flushing, is_test_database
from models.audit.models import ChangeSet
from models.base.triggers import guards_of_all_models
from models.org.models import User
from models.products.models import Unit
from models.sales.models import Order
from tests.house.samples import make_order, make_unit

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def on_table(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_migrate_has_installed_everything():
    assert install.problems(connection) == []
    assert install.check_guards(databases=["default"]) == []


def test_every_tracked_model_is_guarded():
    guards = guards_of_all_models()
    assert guards["products_unit"].history == "products_historicalunit"
    assert guards["sales_order"].locked and guards["sales_orderline"].document_table == "sales_order"
    assert guards["finance_customerentry"].append_only
    assert not {"audit_outboxmessage", "audit_oncetoken", "audit_job", "django_session"} & guards.keys()


def test_a_dropped_trigger_is_found_and_put_back():
    where = " ON products_unit" if connection.vendor == "postgresql" else ""
    on_table(f"DROP TRIGGER audit_update_products_unit{where}")
    assert [str(problem) for problem in install.problems(connection)] == ["audit_update_products_unit on products_unit is missing"]
    assert [message.id for message in install.check_guards(databases=["default"])] == ["audit.E001"]
    with pytest.raises(CommandError):
        call_command("install_guards", check=True, verbosity=0)
    call_command("install_guards", verbosity=0)
    assert install.problems(connection) == []


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("tampering", "state"),
    [
        ("ALTER TABLE products_unit DISABLE TRIGGER audit_update_products_unit", "disabled"),
        ("ALTER TABLE products_unit ENABLE TRIGGER audit_update_products_unit", "disabled"),
        (
            "CREATE OR REPLACE TRIGGER audit_update_products_unit AFTER UPDATE ON products_unit"
            " FOR EACH ROW WHEN (false) EXECUTE FUNCTION audit_record_products_unit()",
            "disabled",
        ),
        (
            "CREATE OR REPLACE TRIGGER audit_lock_u_sales_order BEFORE UPDATE ON sales_order"
            " FOR EACH ROW WHEN (false) EXECUTE FUNCTION audit_refuse_locked();"
            " ALTER TABLE sales_order ENABLE ALWAYS TRIGGER audit_lock_u_sales_order",
            "changed",
        ),
    ],
)
def test_tampering_is_found(tampering, state):
    on_table(tampering)
    assert [problem.state for problem in install.problems(connection)] == [state]
    install.install_guards(connection)
    assert install.problems(connection) == []


@pytest.mark.postgresql
def test_a_changed_function_is_found():
    on_table("CREATE OR REPLACE FUNCTION audit_record_products_unit() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$")
    assert {problem.state for problem in install.problems(connection)} == {"changed"}
    install.install_guards(connection)
    assert install.problems(connection) == []


def test_a_leftover_trigger_is_removed():
    body = "BEGIN SELECT 1; END" if connection.vendor == "sqlite" else "EXECUTE FUNCTION audit_refuse_locked()"
    on_table(f"CREATE TRIGGER audit_leftover BEFORE INSERT ON products_unit FOR EACH ROW {body}")
    assert [problem.state for problem in install.problems(connection)] == ["superfluous"]
    install.install_guards(connection)
    assert install.problems(connection) == []


def test_data_migrations_are_recorded_whatever_the_state_of_the_triggers():
    install.remove_guards(connection)
    with changes("migration", reason="0007_fill_units"):
        Unit.objects.create(name="piece")
    assert Unit.history.count() == 1
    connection.check_constraints()  # a table with checks still to come cannot be altered; a real migration has ended by now
    install.install_guards(connection)
    assert install.problems(connection) == []


@pytest.mark.django_db(transaction=True)
def test_a_migration_may_rebuild_a_table_and_its_history():
    make_unit()
    model = Unit.history.model
    field = model._meta.get_field("name")
    wider = copy(field)
    wider.max_length = 50
    configs = [config for config in apps.get_app_configs() if config.models_module]
    install.before_migrate(apps.get_app_config("audit"), using="default", plan=["a migration"])
    for before, after in ((field, wider), (wider, field)):
        with connection.schema_editor() as editor:
            editor.alter_field(model, before, after)
    for config in configs:
        install.after_migrate(config, using="default")
    assert install.problems(connection) == []
    with changes("form"):
        Unit.objects.update(decimals=1)
    assert Unit.history.count() == 2


@pytest.mark.damages_books
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", [1, 2])
def test_a_test_database_can_be_emptied(time):
    """Run twice: the second run finds the leavings of the first gone, ledgers and locked documents included."""
    assert (Order.objects.count(), ChangeSet.objects.count()) == (0, 0)
    make_order(lines=2, number="SO-1")
    with changes("operation"):
        Order.objects.update(approval="approved")


def test_no_other_database_can():
    assert is_test_database(connection)
    real = connection.copy()
    real.settings_dict["NAME"] = "/srv/backoffice.sqlite3" if connection.vendor == "sqlite" else "backoffice"
    with pytest.raises(ImproperlyConfigured), flushing(real):
        pass


def test_a_stranger_without_our_functions_cannot_write(tmp_path):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL's settings are covered by the refusals outside change sets")
    make_unit()
    stranger = sqlite3.connect(tmp_path / "copy.sqlite3")
    stranger.executescript(
        "CREATE TABLE t (a); CREATE TRIGGER audit_t AFTER INSERT ON t BEGIN SELECT RAISE(ABORT, 'x') WHERE audit_changeset() IS NULL; END;"
    )
    with pytest.raises(sqlite3.OperationalError, match="audit_changeset"):
        stranger.execute("INSERT INTO t VALUES (1)")


@pytest.mark.django_db(transaction=True)
def test_the_command_line_opens_a_change_set_for_loaddata(tmp_path):
    fixture = tmp_path / "units.json"
    fixture.write_text('[{"model": "products.unit", "fields": {"name": "pallet"}}]')
    commands.run_in_changeset(["manage.py", "loaddata", str(fixture), "--verbosity", "0"])
    unit = Unit.objects.get(name="pallet")
    changeset = ChangeSet.objects.get(pk=unit.history.get().changeset)
    assert changeset.kind == "command" and changeset.reason.startswith("loaddata ")


def test_a_log_in_made_at_the_keyboard_opens_its_own_change_set():
    boss = User.objects.create_superuser("boss", "secret")
    assert ChangeSet.objects.get(pk=boss.history.get().changeset).reason == "create_user: boss"


def test_secrets_of_the_command_line_are_not_kept():
    assert commands.reason_of(["manage.py", "x", "--password=1234", "--token", "5678", "--noinput"]) == "x --password=… --token … --noinput"


def test_a_command_that_writes_by_itself_is_refused():
    with pytest.raises(WriteOutsideChangeSet):
        Unit.objects.create(name="piece")
