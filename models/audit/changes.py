"""`changes()`: the one door through which everything is written. One transaction, one change set, one reason."""

import secrets
import time
from contextlib import ExitStack, contextmanager, nullcontext
from uuid import UUID

from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.models import Count
from django.db.models.expressions import RawSQL
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


# PostgreSQL: the transaction's number. SQLite: a number in the order of commits, which come one after the other.
TRANSACTION_NUMBER = {
    "postgresql": "pg_current_xact_id()::text::bigint",
    "sqlite": "(SELECT coalesce(max(transaction_number), 0) + 1 FROM audit_changeset)",
}
SETTINGS = "SELECT set_config('audit.cs', %s, true), set_config('audit.user', %s, true), set_config('audit.opening', %s, true)"
DROP_UNTOUCHED = "DELETE FROM audit_changeset c WHERE c.id = %s AND NOT EXISTS (SELECT 1 FROM audit_touch t WHERE t.changeset = c.id)"


def ordered_uuid():
    """A UUID (version 7) that grows with time, so that indexes on it grow at one end."""
    value = (time.time_ns() // 1_000_000) << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
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
    except DatabaseError as error:
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
    from models.audit.models import ChangeSet

    ChangeSet.objects.create(
        id=opened.id,
        at=timezone.now(),
        transaction_number=RawSQL(TRANSACTION_NUMBER[connection.vendor], []),
        user_id=opened.user_id,
        user_label=_label(user),
        on_behalf_id=getattr(on_behalf, "pk", on_behalf),
        on_behalf_label=_label(on_behalf),
        kind=kind,
        reason=str(reason),
        method=request.method[:10] if request is not None else "",
        path=request.path[:300] if request is not None else "",
        address=(request.META.get("REMOTE_ADDR") or "")[:45] if request is not None else "",
        source=str(source)[:255],
        company_id=getattr(company, "pk", company),
        undoes=undoes,
    )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(SETTINGS, [str(opened.id), str(opened.user_id or ""), "on" if opened.opening else ""])


def _end(opened):
    """Count what was written, drop a change set that wrote nothing, and close it for the rest of the transaction."""
    from models.audit.models import ChangeSet, Touch

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # SET LOCAL outlives a released savepoint, hence the reset
            cursor.execute(f"{DROP_UNTOUCHED}; {SETTINGS}", [opened.id, "", "", ""])
        return
    touches = list(_count_touched(opened))
    if touches:
        Touch.objects.bulk_create(touches)
    else:
        ChangeSet.objects.filter(pk=opened.id).delete()


def _count_touched(opened):
    """Counts of the rows written; history is counted again, so that what a savepoint took back does not count."""
    from models.audit.models import Touch

    for label, written in sorted(opened.touched.items()):
        history = getattr(apps.get_model(label), "history", None)
        counts = [("+", written)]
        if history is not None:
            counts = history.filter(changeset=opened.id).order_by().values_list("history_type").annotate(rows=Count("*"))
        for operation, rows in counts:
            yield Touch(changeset=opened.id, model=label, operation=operation, rows=rows)


def _label(somebody):
    if somebody is None or isinstance(somebody, int):
        return ""
    name = getattr(somebody, "title", None)
    return str(name() if callable(name) else somebody)[:150]
