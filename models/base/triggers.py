"""The guards of the database as data: which trigger stands on which table, and the statements that make it.

`triggers(vendor)` lists every trigger of every model for PostgreSQL or SQLite. What a model declares decides what it gets:

    history = Tracked()           every change is written to its history table; a write outside a change set is refused
    APPEND_ONLY = True            rows are only added, and only inside a change set
    LOCKED + approval             a document: the commercial columns are fixed while it is in approval, approved, rejected or void
    LOCKED + DOCUMENT_FIELD       a line: follows the lock of its document
    UNTRACKED_COLUMNS             changes in these alone need no change set and are not recorded
    changed_at, changed_by        stand as they were when a save changes nothing else
    OPEN_WHILE                    rows may change only while the change set named in this column is open
"""

import hashlib
from dataclasses import dataclass

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import models

PREFIX = "audit_"
STAMPS = ("changed_at", "changed_by")


@dataclass(frozen=True)
class Trigger:
    """A trigger to be installed. On PostgreSQL `function` and `body` name and hold what it runs."""

    name: str
    table: str
    sql: str
    function: str = ""
    body: str = ""


@dataclass(frozen=True)
class Guard:
    """What a model declares, as tables and columns."""

    label: str
    table: str
    columns: tuple
    history: str = ""
    untracked: tuple = ()  # (column, the neutral SQL literal that history holds instead)
    stamps: tuple = ()  # who and when: recorded, but no change by themselves
    append_only: bool = False
    locked: tuple | None = None  # columns, or None when the table has no lock
    states: tuple = ()
    number: bool = False
    document_table: str = ""
    document_key: str = ""
    document_column: str = ""
    open_while: str = ""

    @property
    def recorded(self):
        """True when writes are counted and need a change set."""
        return bool(self.history) or self.append_only

    @property
    def tracked_columns(self):
        """What history holds as it is in the table."""
        skipped = {column for column, _literal in self.untracked}
        return tuple(column for column in self.columns if column not in skipped)

    @property
    def telling_columns(self):
        """What makes an update a change."""
        return tuple(column for column in self.tracked_columns if column not in self.stamps)


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def literal(text):
    return "'" + str(text).replace("'", "''") + "'"


def identifier(table, suffix):
    """A name of at most 63 characters; a long one ends in a digest."""
    name = f"{PREFIX}{suffix}_{table}"
    return name if len(name) <= 63 else f"{name[:55]}_{hashlib.sha256(name.encode()).hexdigest()[:7]}"


def _columns(model, names):
    """Columns for names of fields or attributes."""
    by_name = {name: field.column for field in model._meta.concrete_fields for name in (field.name, field.attname)}
    missing = [name for name in names if name not in by_name]
    if missing:
        raise ImproperlyConfigured(f"{model._meta.label} has no columns {missing} to lock or leave untracked.")
    return tuple(by_name[name] for name in names)


def _neutral(model, name):
    field = model._meta.get_field(name)
    if field.null:
        return field.column, "NULL"
    if isinstance(field, models.CharField | models.TextField):
        return field.column, "''"
    raise ImproperlyConfigured(f"{model._meta.label}.{name}: an untracked column must be nullable or text.")


def guard_of(model):
    """The guard that a model declares, or None."""
    options = model._meta
    if options.proxy or not options.managed or options.abstract:
        return None
    facts = {"append_only": bool(getattr(model, "APPEND_ONLY", False)), "open_while": getattr(model, "OPEN_WHILE", "")}
    if getattr(options, "simple_history_manager_attribute", None):
        history = getattr(model, options.simple_history_manager_attribute).model
        facts["history"] = history._meta.db_table
        facts["untracked"] = tuple(_neutral(model, name) for name in getattr(model, "UNTRACKED_COLUMNS", ()))
        facts["stamps"] = tuple(field.column for field in options.concrete_fields if field.name in STAMPS)
    facts.update(_lock_of(model))
    if not any(facts.values()):
        return None
    columns = tuple(field.column for field in options.local_concrete_fields if not isinstance(field, models.GeneratedField))
    return Guard(label=options.label_lower, table=options.db_table, columns=columns, **facts)


def _lock_of(model):
    """The lock of a document or of a line, as facts of its guard."""
    from models.base.documents import LOCKING

    names = {field.name for field in model._meta.concrete_fields}
    states = tuple(str(state.value) for state in LOCKING)
    if getattr(model, "DOCUMENT_FIELD", None):
        key = model._meta.get_field(model.DOCUMENT_FIELD)
        document = key.related_model
        if "approval" not in {field.name for field in document._meta.concrete_fields}:
            return {}
        return {
            "locked": _columns(model, (key.name, *getattr(model, "LOCKED", ()))),
            "states": states,
            "document_table": document._meta.db_table,
            "document_key": document._meta.pk.column,
            "document_column": key.column,
        }
    if "approval" in names and getattr(model, "LOCKED", None) is not None:
        return {"locked": _columns(model, model.LOCKED), "states": states, "number": "number" in names}
    return {}


def guards_of_all_models():
    """The guards of all installed models, by table."""
    found = (guard_of(model) for model in apps.get_models())
    return {guard.table: guard for guard in found if guard}


def history_tables():
    """The tables that hold history; they only grow."""
    return sorted(guard.history for guard in guards_of_all_models().values() if guard.history)


def triggers(vendor, all_guards=None):
    """All triggers for a database of this vendor."""
    from models.base import triggers_postgresql, triggers_sqlite

    dialect = {"postgresql": triggers_postgresql, "sqlite": triggers_sqlite}[vendor]
    for guard in (all_guards if all_guards is not None else guards_of_all_models()).values():
        if guard.recorded:
            yield from dialect.recording(guard)
        if guard.stamps:
            yield dialect.stamps(guard)
        if guard.history:
            yield from dialect.append_only(guard.history)
        if guard.append_only:
            yield from dialect.append_only(guard.table)
        if guard.open_while:
            yield from dialect.open_while(guard)
        if guard.locked is not None:
            yield from (dialect.line_lock(guard) if guard.document_table else dialect.document_lock(guard))
