"""What every new database connection gets: the functions SQLite's triggers call, and guards' errors in our own words."""

import time
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from models.base.context import OPEN
from models.base.guards import translate_database_error

_flushing = ContextVar("flushing", default=False)
_last_moment = 0


def _changeset():
    open_set = OPEN.get()
    return open_set.id.hex if open_set else None


def _user():
    open_set = OPEN.get()
    return open_set.user_id if open_set else None


def _touch(label):
    open_set = OPEN.get()
    if open_set is None:
        return None
    open_set.touched[label] += 1
    return open_set.id.hex


def _now():
    """This moment in Django's notation, later than every moment given before in this process."""
    global _last_moment
    _last_moment = max(time.time_ns() // 1000, _last_moment + 1)
    seconds, microseconds = divmod(_last_moment, 1_000_000)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{microseconds:06}"


def _opening():
    open_set = OPEN.get()
    return int(bool(open_set and open_set.opening))


def _is_flushing():
    return int(_flushing.get())


FUNCTIONS = [
    ("audit_changeset", 0, _changeset),
    ("audit_user", 0, _user),
    ("audit_touch", 1, _touch),
    ("audit_now", 0, _now),
    ("audit_opening", 0, _opening),
    ("audit_flushing", 0, _is_flushing),
]


def is_test_database(connection):
    """True for a database that only tests use: in memory, or named test_…"""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return connection.is_in_memory_db() or Path(name).name.startswith("test_")
    return name.startswith("test_")


@contextmanager
def flushing(connection):
    """Suspend the guards against deletion while a test database is emptied. Refuses every other database."""
    if not is_test_database(connection):
        raise ImproperlyConfigured(f"The guards of “{connection.settings_dict['NAME']}” stay on: it is not a test database.")
    token = _flushing.set(True)
    try:
        yield
    finally:
        _flushing.reset(token)


def _translate(execute, sql, params, many, context):
    try:
        return execute(sql, params, many, context)
    except DatabaseError as error:
        translated = translate_database_error(error)
        if translated is None:
            raise
        raise translated from error


def prepare(sender, connection, **kwargs):
    """Receiver of connection_created."""
    if _translate not in connection.execute_wrappers:
        connection.execute_wrappers.append(_translate)
    if connection.vendor == "sqlite":
        for name, arguments, function in FUNCTIONS:
            connection.connection.create_function(name, arguments, function)
        if is_test_database(connection):
            _let_flush(connection)


def _let_flush(connection):
    """Make Django's flush of this test database run with `flushing`."""
    execute = type(connection.ops).execute_sql_flush.__get__(connection.ops)

    def execute_sql_flush(sql_list):
        with flushing(connection):
            return execute(sql_list)

    connection.ops.execute_sql_flush = execute_sql_flush
