"""Triggers in PostgreSQL's words: history by three statement triggers with transition tables, one insert per statement.

The open change set travels in the settings `audit.cs`, `audit.user` and `audit.opening` of the transaction. After its first use in a
session a setting is '' and not NULL, hence nullif everywhere.
"""

from models.base import guards
from models.base.triggers import PREFIX, Trigger, identifier, literal, quoted

TOUCH = "audit_touch"  # the table of models.audit.models.Touch

# Shared by all tables that refuse something on every row or statement.
REFUSE_APPEND_ONLY = PREFIX + "refuse_append_only"
REFUSE_TRUNCATE = PREFIX + "refuse_truncate"
REFUSE_LOCKED = PREFIX + "refuse_locked"
REFUSE_NUMBERED = PREFIX + "refuse_numbered"


def _raise(template):
    return f"RAISE EXCEPTION {literal(template.format(table='%'))}, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';"


SHARED = {
    REFUSE_APPEND_ONLY: f"BEGIN {_raise(guards.APPEND_ONLY)} END",
    REFUSE_LOCKED: f"BEGIN {_raise(guards.LOCKED)} END",
    REFUSE_NUMBERED: f"BEGIN {_raise(guards.NUMBERED)} END",
    # Only test databases are emptied; their names begin with test_.
    REFUSE_TRUNCATE: f"BEGIN IF left(current_database(), 5) <> 'test_' THEN {_raise(guards.APPEND_ONLY)} END IF; RETURN NULL; END",
}


def function_sql(name, body):
    return f"CREATE OR REPLACE FUNCTION {quoted(name)}() RETURNS trigger LANGUAGE plpgsql AS $audit${body}$audit$"


def _trigger(table, suffix, event, each, function, body):
    name = identifier(table, suffix)
    sql = f"CREATE OR REPLACE TRIGGER {quoted(name)} {event} ON {quoted(table)} {each} EXECUTE FUNCTION {quoted(function)}()"
    return Trigger(name=name, table=table, sql=sql, function=function, body=body)


def _refusing(table, suffix, event, function, condition=""):
    each = f"FOR EACH ROW WHEN ({condition})" if condition else "FOR EACH ROW"
    return _trigger(table, suffix, f"BEFORE {event}", each, function, SHARED[function])


def _no_truncate(table):
    return _trigger(table, "truncate", "BEFORE TRUNCATE", "FOR EACH STATEMENT", REFUSE_TRUNCATE, SHARED[REFUSE_TRUNCATE])


def _differs(columns):
    return " OR ".join(f"OLD.{quoted(column)} IS DISTINCT FROM NEW.{quoted(column)}" for column in columns)


def _recording_body(guard):
    neutral = dict(guard.untracked)
    names = ", ".join(quoted(column) for column in guard.columns)

    def copied(alias):
        return ", ".join(neutral.get(column, f"{alias}.{quoted(column)}") for column in guard.columns)

    def insert(sign, source):
        return (
            f"INSERT INTO {quoted(guard.history)} ({names}, history_date, history_type, history_user_id, changeset)"
            f" SELECT {copied('r')}, clock_timestamp(), '{sign}', who, change FROM {source} r;"
            " GET DIAGNOSTICS touched = ROW_COUNT;"
        )

    if guard.history:
        # Rows that an update left as they were drop out; a join of the two transition tables has no statistics and is slow.
        compared = ", ".join(quoted(column) for column in guard.tracked_columns)
        changed = f"(SELECT {compared} FROM fresh EXCEPT ALL SELECT {compared} FROM stale)"
        work = (
            f"IF TG_OP = 'INSERT' THEN {insert('+', 'fresh')} sign := '+';\n"
            f"ELSIF TG_OP = 'UPDATE' THEN {insert('~', changed)} sign := '~';\n"
            f"ELSE {insert('-', 'stale')} sign := '-'; END IF;"
        )
    else:
        work = "SELECT count(*) INTO touched FROM fresh; sign := '+';"
    return f"""
DECLARE
  change uuid := nullif(current_setting('audit.cs', true), '')::uuid;
  who bigint := nullif(current_setting('audit.user', true), '')::bigint;
  touched bigint;
  sign text;
BEGIN
{work}
IF touched = 0 THEN RETURN NULL; END IF;
IF change IS NULL THEN {_raise(guards.OUTSIDE)} END IF;
INSERT INTO {TOUCH} (changeset, model, operation, rows) VALUES (change, {literal(guard.label)}, sign, touched)
  ON CONFLICT (changeset, model, operation) DO UPDATE SET rows = {TOUCH}.rows + excluded.rows;
RETURN NULL;
END"""


def recording(guard):
    """Write history, count the rows, refuse outside a change set."""
    function, body = identifier(guard.table, "record"), _recording_body(guard)
    events = [("insert", "INSERT", "NEW TABLE AS fresh")]
    if guard.history:
        events += [("update", "UPDATE", "OLD TABLE AS stale NEW TABLE AS fresh"), ("delete", "DELETE", "OLD TABLE AS stale")]
    for suffix, event, tables in events:
        yield _trigger(guard.table, suffix, f"AFTER {event}", f"REFERENCING {tables} FOR EACH STATEMENT", function, body)
    if guard.history:
        yield _no_truncate(guard.table)


def stamps(guard):
    """A save that changes nothing leaves who and when as they were."""
    condition = f"({_differs(guard.stamps)}) AND NOT ({_differs(guard.telling_columns)})"
    body = f"BEGIN {' '.join(f'NEW.{quoted(column)} := OLD.{quoted(column)};' for column in guard.stamps)} RETURN NEW; END"
    function = identifier("_".join(guard.stamps), "restore")
    return _trigger(guard.table, "stamps", "BEFORE UPDATE", f"FOR EACH ROW WHEN ({condition})", function, body)


def append_only(table):
    """Rows are added, never changed, never removed."""
    yield _refusing(table, "keep", "UPDATE OR DELETE", REFUSE_APPEND_ONLY)
    yield _no_truncate(table)


def open_while(guard):
    """Rows may change only while their own change set is open."""
    closed = f"OLD.{quoted(guard.open_while)}::text IS DISTINCT FROM current_setting('audit.cs', true)"
    yield _refusing(guard.table, "open", "UPDATE OR DELETE", REFUSE_APPEND_ONLY, closed)
    yield _no_truncate(guard.table)


def _states(guard):
    return ", ".join(literal(state) for state in guard.states)


def document_lock(guard):
    """Commercial columns of a locked document stand still; what has a number is not deleted."""
    in_lock = f'OLD."approval" IN ({_states(guard)})'
    if guard.locked:
        yield _refusing(guard.table, "lock_u", "UPDATE", REFUSE_LOCKED, f"{in_lock} AND ({_differs(guard.locked)})")
    fixed = f"{in_lock} OR OLD.\"number\" <> ''" if guard.number else in_lock
    yield _refusing(guard.table, "lock_d", "DELETE", REFUSE_NUMBERED, fixed)


def _line_body(guard, keys, unless=""):
    """Lock the documents of the written lines, in order of their keys, and look: a document being submitted waits for its lines.

    The states are read by an aggregate, so that no condition moves below the lock and leaves open documents unlocked.
    """
    document, key = quoted(guard.document_table), quoted(guard.document_key)
    return f"""
DECLARE in_lock boolean;
BEGIN
{unless}SELECT bool_or(d."approval" IN ({_states(guard)})) INTO in_lock
  FROM (SELECT "approval" FROM {document} WHERE {key} IN ({keys}) ORDER BY {key} FOR NO KEY UPDATE) d;
IF in_lock THEN {_raise(guards.LOCKED)} END IF;
RETURN NULL;
END"""


def line_lock(guard):
    """Lines come, change and go only while their document is open."""
    column = quoted(guard.document_column)
    opening = "IF coalesce(current_setting('audit.opening', true), '') <> '' THEN RETURN NULL; END IF;\n"
    for suffix, event, row, unless in (("lock_i", "INSERT", "NEW", opening), ("lock_d", "DELETE", "OLD", "")):
        function = identifier(guard.table, suffix)
        each = f"REFERENCING {row} TABLE AS written FOR EACH STATEMENT"
        yield _trigger(guard.table, suffix, f"AFTER {event}", each, function, _line_body(guard, f"SELECT {column} FROM written", unless))
    each = f"FOR EACH ROW WHEN ({_differs(guard.locked)})"
    yield _trigger(
        guard.table, "lock_u", "AFTER UPDATE", each, identifier(guard.table, "lock_u"), _line_body(guard, f"OLD.{column}, NEW.{column}")
    )
