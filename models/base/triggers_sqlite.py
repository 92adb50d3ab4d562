"""Triggers in SQLite's words: one call per row, answered by the functions that `models.audit.connections` registers.

`audit_changeset()` is the open change set or NULL; `audit_touch(label)` is the same and notes the table; `audit_flushing()` is 1
only while a test database is emptied; `audit_opening()` is 1 while opening balances are brought in.
"""

from models.base import guards
from models.base.triggers import Trigger, identifier, literal, quoted


def _refuse(template, table, condition="1"):
    return f"SELECT RAISE(ABORT, {literal(template.format(table=table))}) WHERE {condition};"


def _trigger(table, suffix, when, event, body, condition=""):
    name = identifier(table, suffix)
    clause = f" WHEN {condition}" if condition else ""
    sql = f"CREATE TRIGGER {quoted(name)} {when} {event} ON {quoted(table)} FOR EACH ROW{clause} BEGIN {body} END"
    return Trigger(name=name, table=table, sql=sql)


def _differs(columns):
    return " OR ".join(f"NEW.{quoted(column)} IS NOT OLD.{quoted(column)}" for column in columns)


def recording(guard):
    """Write history, note the table, refuse outside a change set."""
    for event, sign, row in (("INSERT", "+", "NEW"), ("UPDATE", "~", "NEW"), ("DELETE", "-", "OLD")):
        if not guard.history and event != "INSERT":
            continue
        body = _refuse(guards.OUTSIDE, guard.table, "audit_changeset() IS NULL")
        if guard.history:
            neutral = dict(guard.untracked)
            values = [neutral.get(column, f"{row}.{quoted(column)}") for column in guard.columns]
            names = ", ".join(quoted(column) for column in guard.columns)
            body += (
                f" INSERT INTO {quoted(guard.history)} ({names}, history_date, history_type, history_user_id, changeset)"
                f" VALUES ({', '.join(values)}, audit_now(), '{sign}', audit_user(), audit_touch({literal(guard.label)}));"
            )
        else:
            body += f" SELECT audit_touch({literal(guard.label)});"
        condition = _differs(guard.telling_columns) if event == "UPDATE" else "audit_flushing() = 0" if event == "DELETE" else ""
        yield _trigger(guard.table, event.lower(), "AFTER", event, body, condition)


def stamps(guard):
    """A save that changes nothing leaves who and when as they were."""
    restored = ", ".join(f"{quoted(column)} = OLD.{quoted(column)}" for column in guard.stamps)
    condition = f"({_differs(guard.stamps)}) AND NOT ({_differs(guard.telling_columns)})"
    body = f"UPDATE {quoted(guard.table)} SET {restored} WHERE rowid = NEW.rowid;"
    return _trigger(guard.table, "stamps", "AFTER", "UPDATE", body, condition)


def append_only(table):
    """Rows are added, never changed, never removed."""
    refusal = _refuse(guards.APPEND_ONLY, table)
    yield _trigger(table, "keep_u", "BEFORE", "UPDATE", refusal)
    yield _trigger(table, "keep_d", "BEFORE", "DELETE", refusal, "audit_flushing() = 0")


def open_while(guard):
    """Rows may change only while their own change set is open."""
    closed = f"OLD.{quoted(guard.open_while)} IS NOT audit_changeset()"
    refusal = _refuse(guards.APPEND_ONLY, guard.table)
    yield _trigger(guard.table, "open_u", "BEFORE", "UPDATE", refusal, closed)
    yield _trigger(guard.table, "open_d", "BEFORE", "DELETE", refusal, f"{closed} AND audit_flushing() = 0")


def _states(guard):
    return ", ".join(literal(state) for state in guard.states)


def document_lock(guard):
    """Commercial columns of a locked document stand still; what has a number is not deleted."""
    in_lock = f'OLD."approval" IN ({_states(guard)})'
    if guard.locked:
        refusal = _refuse(guards.LOCKED, guard.table)
        yield _trigger(guard.table, "lock_u", "BEFORE", "UPDATE", refusal, f"{in_lock} AND ({_differs(guard.locked)})")
    fixed = f"({in_lock} OR OLD.\"number\" <> '')" if guard.number else in_lock
    yield _trigger(guard.table, "lock_d", "BEFORE", "DELETE", _refuse(guards.NUMBERED, guard.table), f"{fixed} AND audit_flushing() = 0")


def line_lock(guard):
    """Lines come, change and go only while their document is open."""

    def in_lock(row):
        key = f"{quoted(guard.document_key)} = {row}.{quoted(guard.document_column)}"
        return f'(SELECT "approval" FROM {quoted(guard.document_table)} WHERE {key}) IN ({_states(guard)})'

    refusal = _refuse(guards.LOCKED, guard.table)
    yield _trigger(guard.table, "lock_i", "BEFORE", "INSERT", refusal, f"audit_opening() = 0 AND {in_lock('NEW')}")
    changed = f"({_differs(guard.locked)}) AND ({in_lock('OLD')} OR {in_lock('NEW')})"
    yield _trigger(guard.table, "lock_u", "BEFORE", "UPDATE", refusal, changed)
    yield _trigger(guard.table, "lock_d", "BEFORE", "DELETE", refusal, f"audit_flushing() = 0 AND {in_lock('OLD')}")
