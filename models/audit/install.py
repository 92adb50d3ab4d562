"""Put the triggers into the database after every migrate, and tell whether they still stand there unchanged."""

import hashlib
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace

from django.apps import apps
from django.core import checks
from django.db import connections, transaction

from models.base.triggers import PREFIX, guards_of_all_models, quoted, triggers


@dataclass(frozen=True)
class Problem:
    """A trigger that is missing, switched off, changed, or left over."""

    table: str
    trigger: str
    state: str  # missing, disabled, changed, superfluous

    def __str__(self):
        return f"{self.trigger} on {self.table} is {self.state}"


def wanted(connection, all_guards=None):
    """The triggers that belong into this database: those whose tables are there."""
    tables = set(connection.introspection.table_names())
    return [trigger for trigger in triggers(connection.vendor, all_guards) if trigger.table in tables]


def problems(connection):
    """Every difference between the declared guards and the database's catalogue."""
    compare = {"sqlite": _problems_sqlite, "postgresql": _problems_postgresql}[connection.vendor]
    return compare(connection, wanted(connection))


def install_guards(connection, all_guards=None):
    """Make the database's triggers equal to the declared ones; touches only what differs. Returns what was put right."""
    declared = wanted(connection, all_guards)
    by_name = {(trigger.table, trigger.name): trigger for trigger in declared}
    put_right = {"sqlite": _install_sqlite, "postgresql": _install_postgresql}[connection.vendor]
    compare = {"sqlite": _problems_sqlite, "postgresql": _problems_postgresql}[connection.vendor]
    found = compare(connection, declared)
    if found:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            put_right(cursor, found, by_name)
    return found


def remove_guards(connection):
    """Take our triggers off every table (SQLite rebuilds tables on migration and cannot while triggers name them)."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name in _triggers_sqlite(cursor):
                cursor.execute(f"DROP TRIGGER {quoted(name)}")
        else:
            for (table, name), _row in _triggers_postgresql(cursor).items():
                cursor.execute(f"DROP TRIGGER {quoted(name)} ON {quoted(table)}")


def _triggers_sqlite(cursor):
    cursor.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
    return {name: (table, sql) for name, table, sql in cursor.fetchall() if name.startswith(PREFIX)}


def _problems_sqlite(connection, declared):
    with connection.cursor() as cursor:
        present = _triggers_sqlite(cursor)
    found = []
    for trigger in declared:
        table, sql = present.pop(trigger.name, (None, None))
        if table is None:
            found.append(Problem(trigger.table, trigger.name, "missing"))
        elif sql != trigger.sql:
            found.append(Problem(trigger.table, trigger.name, "changed"))
    return found + [Problem(table, name, "superfluous") for name, (table, _sql) in present.items()]


def _install_sqlite(cursor, found, by_name):
    for problem in found:
        if problem.state != "missing":
            cursor.execute(f"DROP TRIGGER {quoted(problem.trigger)}")
        if problem.state != "superfluous":
            cursor.execute(by_name[problem.table, problem.trigger].sql)


def _digest(text):
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _triggers_postgresql(cursor):
    """(table, trigger) → (enabled, comment, definition as the server prints it, function's body)."""
    cursor.execute(
        """SELECT c.relname, t.tgname, t.tgenabled::text, obj_description(t.oid, 'pg_trigger'), pg_get_triggerdef(t.oid), p.prosrc
           FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
           WHERE NOT t.tgisinternal AND left(t.tgname, %s) = %s AND c.relnamespace = current_schema()::regnamespace""",
        [len(PREFIX), PREFIX],
    )
    return {(table, name): rest for table, name, *rest in cursor.fetchall()}


def _problems_postgresql(connection, declared):
    """The comment on a trigger holds two digests: of our statement, and of the definition the server made of it."""
    with connection.cursor() as cursor:
        present = _triggers_postgresql(cursor)
    found = []
    for trigger in declared:
        row = present.pop((trigger.table, trigger.name), None)
        if row is None:
            state = "missing"
        else:
            enabled, comment, definition, body = row
            if enabled != "A":
                state = "disabled"
            elif comment != f"{_digest(trigger.sql)} {_digest(definition)}" or body != trigger.body:
                state = "changed"
            else:
                continue
        found.append(Problem(trigger.table, trigger.name, state))
    return found + [Problem(table, name, "superfluous") for table, name in present]


def _install_postgresql(cursor, found, by_name):
    from models.base.triggers_postgresql import function_sql

    wrong = [by_name[problem.table, problem.trigger] for problem in found if problem.state != "superfluous"]
    bodies = {trigger.function: trigger.body for trigger in wrong}
    statements = [function_sql(function, body) for function, body in bodies.items()]
    for trigger in wrong:
        statements += [trigger.sql, f"ALTER TABLE {quoted(trigger.table)} ENABLE ALWAYS TRIGGER {quoted(trigger.name)}"]
    statements += [f"DROP TRIGGER {quoted(p.trigger)} ON {quoted(p.table)}" for p in found if p.state == "superfluous"]
    cursor.execute(";\n".join(statements))
    present = _triggers_postgresql(cursor)
    for trigger in wrong:
        digests = f"{_digest(trigger.sql)} {_digest(present[trigger.table, trigger.name][2])}"
        cursor.execute(f"COMMENT ON TRIGGER {quoted(trigger.name)} ON {quoted(trigger.table)} IS '{digests}'")


def _is_last(sender):
    return sender is [config for config in apps.get_app_configs() if config.models_module is not None][-1]


@contextmanager
def guards_during_migration(connection):
    """Record a data migration: history triggers made for the columns the tables have at this moment, without locks.

    On SQLite they are taken off again, because later steps may rebuild tables; post_migrate puts the declared ones back.
    """
    tables, current = set(connection.introspection.table_names()), {}
    with connection.cursor() as cursor:
        for table, guard in guards_of_all_models().items():
            if guard.history and {table, guard.history} <= tables:
                columns = [column.name for column in connection.introspection.get_table_description(cursor, table)]
                kept = {column.name for column in connection.introspection.get_table_description(cursor, guard.history)}
                both = tuple(column for column in columns if column in kept)
                untracked = tuple(pair for pair in guard.untracked if pair[0] in both)
                stamps = tuple(column for column in guard.stamps if column in both)
                current[table] = replace(guard, columns=both, untracked=untracked, stamps=stamps, locked=None)
    install_guards(connection, current)
    yield
    if connection.vendor == "sqlite":
        remove_guards(connection)


def before_migrate(sender, using, plan=(), **kwargs):
    """Receiver of pre_migrate: SQLite cannot rebuild a table that a trigger of another table names."""
    if plan and sender.label == "audit" and connections[using].vendor == "sqlite":
        remove_guards(connections[using])


def after_migrate(sender, using, **kwargs):
    """Receiver of post_migrate: once, after the last app."""
    if using == "default" and _is_last(sender):
        install_guards(connections[using])


def check_guards(app_configs=None, databases=None, **kwargs):
    """System check: the guards stand as declared. `migrate` puts them right itself, so there it does not ask."""
    if "default" not in (databases or ()) or sys.argv[1:2] in (["migrate"], ["install_guards"]):
        return []
    return [
        checks.Error(f"Guard {problem}.", hint="Run “manage.py install_guards”, and find out who changed it.", id="audit.E001")
        for problem in problems(connections["default"])
    ]
