"""`changes()`: the one door through which everything is written. One transaction, one change set, one reason."""

import secrets
import time
from contextlib import ExitStack, contextmanager, nullcontext
from uuid import UUID

from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from models.audit import install
from models.base.actor import acting, current_user
from models.base.context import OPEN, OpenChangeSet, current_changeset
from models.base.guards import AppendOnly, GuardError, LockedDocument, WriteOutsideChangeSet, translate_database_error

__all__ = [
    "AppendOnly",
    "GuardError",
    "LockedDocument",
    "WriteOutsideChangeSet",
    "annotate_changes",
    "changes",
    "current_changeset",
    "translate_database_error",
]


# The door is passed at every write, so its statements are plain SQL: Django's models would cost more than the triggers do.
# transaction_number: on PostgreSQL the transaction's, on SQLite the order of the commits, which come one after the other.
COLUMNS = """id, at, user_id, user_label, on_behalf_id, on_behalf_label, kind, reason,
    method, path, address, source, company_id, undoes, transaction_number"""
TRANSACTION_NUMBER = {
    "postgresql": "pg_current_xact_id()::text::bigint",
    "sqlite": "(SELECT coalesce(max(transaction_number), 0) + 1 FROM audit_changeset)",
}
SETTINGS = "SELECT set_config('audit.cs', %s, true), set_config('audit.user', %s, true), set_config('audit.opening', %s, true)"
DROP_UNTOUCHED = "DELETE FROM audit_changeset WHERE id = %s AND NOT EXISTS (SELECT 1 FROM audit_touch WHERE changeset = %s)"
TOUCH = "INSERT INTO audit_touch (changeset, model, operation, rows) VALUES (%s, %s, %s, %s)"


def ordered_uuid():
    """A UUID (version 7) that grows with time, so that indexes on it grow at one end."""
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    value = milliseconds << 80 | 0x7 << 76 | (rest * 4096 // 1_000_000) << 64 | 0b10 << 62 | secrets.randbits(62)
    return UUID(int=value)


@contextmanager
def changes(kind, *, user=None, reason="", on_behalf=None, request=None, source="", company=None, undoes=None, opening=False):
    """Open a transaction and one change set for everything written inside; yields its id.

    Inside another change set it joins that one, as a savepoint: a caught error takes back only the inner part. A change set that
    wrote nothing tracked leaves no row. `user` defaults to the request's, else to the acting person, else the system acts.
    `opening` lets lines be added to documents that are already approved (opening balances, effective history).
    """
    user = _real_user(user, request)
    with acting(user) if user is not None else nullcontext(), _translated():
        if OPEN.get() is not None:
            with transaction.atomic():
                yield current_changeset()
            return
        with transaction.atomic(), ExitStack() as stack:
            opened = OpenChangeSet(id=ordered_uuid(), user_id=user.pk if user is not None else None, opening=opening)
            if kind == "migration":
                if not _is_installed():
                    yield None
                    return
                stack.enter_context(install.guards_during_migration(connection))
            _begin(opened, kind, user, request, reason=reason, on_behalf=on_behalf, source=source, company=company, undoes=undoes)
            token = OPEN.set(opened)
            try:
                yield opened.id
                if not connection.needs_rollback:
                    _end(opened)
            finally:
                OPEN.reset(token)


def annotate_changes(*, reason=None, source=None):
    """Say more about the open change set, once it is known (the file's name, the number of rows)."""
    from models.audit.models import ChangeSet

    known = {name: value for name, value in {"reason": reason, "source": source}.items() if value is not None}
    if known and current_changeset():
        ChangeSet.objects.filter(pk=current_changeset()).update(**known)


@contextmanager
def _translated():
    try:
        yield
    except (DatabaseError, connection.Database.Error) as error:  # the second: COPY through the driver's own cursor
        translated = translate_database_error(error)
        if translated is None:
            raise
        raise translated from error


def _real_user(user, request):
    if user is None and request is not None:
        user = getattr(request, "user", None)
    if user is None:
        user = current_user()
    return user if user is not None and user.pk else None


def _is_installed():
    from models.audit.models import Touch

    return Touch._meta.db_table in connection.introspection.table_names()


def _begin(opened, kind, user, request, *, reason, on_behalf, source, company, undoes):
    """Store the change set, and tell PostgreSQL's session; SQLite's triggers ask Python."""
    from models.audit.models import ChangeSet

    if kind not in ChangeSet.Kind.values:
        raise ValueError(f"{kind!r} is no kind of change set.")
    values = [
        _key(opened.id),
        connection.ops.adapt_datetimefield_value(timezone.now()),
        opened.user_id,
        _label(user),
        getattr(on_behalf, "pk", on_behalf),
        _label(on_behalf),
        kind,
        str(reason),
        request.method[:10] if request is not None else "",
        request.path[:300] if request is not None else "",
        (request.META.get("REMOTE_ADDR") or "")[:45] if request is not None else "",
        str(source)[:255],
        getattr(company, "pk", company),
        _key(undoes),
    ]
    insert = f"INSERT INTO audit_changeset ({COLUMNS}) VALUES ({'%s, ' * len(values)}{TRANSACTION_NUMBER[connection.vendor]})"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"{insert}; {SETTINGS}", [*values, str(opened.id), str(opened.user_id or ""), "on" if opened.opening else ""])
        else:
            cursor.execute(insert, values)


def _end(opened):
    """Count what was written, drop a change set that wrote nothing, and close it for the rest of the transaction."""
    key = _key(opened.id)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # SET LOCAL outlives a released savepoint, hence the reset
            cursor.execute(f"{DROP_UNTOUCHED}; {SETTINGS}", [key, key, "", "", ""])
            return
        touches = [(key, label, operation, rows) for label in sorted(opened.touched) for operation, rows in _count(cursor, opened, label)]
        if touches:
            cursor.executemany(TOUCH, touches)
        else:
            cursor.execute(DROP_UNTOUCHED, [key, key])


def _count(cursor, opened, label):
    """Rows written by operation. History is counted again, so that what a savepoint took back does not count."""
    history = getattr(apps.get_model(label), "history", None)
    if history is None:
        return [("+", opened.touched[label])]
    cursor.execute(
        f'SELECT history_type, count(*) FROM "{history.model._meta.db_table}" WHERE changeset = %s GROUP BY history_type', [_key(opened.id)]
    )
    return cursor.fetchall()


def _key(value):
    """A UUID as the database stores it."""
    return value.hex if value is not None and connection.vendor == "sqlite" else value


def _label(somebody):
    if somebody is None or isinstance(somebody, int):
        return ""
    name = getattr(somebody, "title", None)
    return str(name() if callable(name) else somebody)[:150]
