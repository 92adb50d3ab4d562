"""What the database refuses, as exceptions with sentences. Guards hold below the screens: for imports, the API and raw SQL alike."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class GuardError(Exception):
    """A trigger refused a statement; `table` names the table that it protects."""

    table = ""


class WriteOutsideChangeSet(GuardError, RuntimeError):
    """A tracked table was written without `changes()`: a mistake of the program, never of the user."""


class LockedDocument(GuardError, ValidationError):
    """A commercial column, a line, or the document itself is locked by approval."""


class AppendOnly(GuardError, ValidationError):
    """History and ledgers only grow; a mistake is reversed, not edited."""


# The triggers of models.base.triggers end in exactly these sentences, on both databases.
OUTSIDE = "write to {table} outside a change set"
LOCKED = "{table} is locked by its approval"
NUMBERED = "{table} has a number and cannot be deleted"
APPEND_ONLY = "{table} is append-only"


def _pattern(sentence):
    return re.compile(re.escape(sentence).replace(re.escape("{table}"), r"(?P<table>\w+)"))


def _outside(table):
    return WriteOutsideChangeSet(f"Write to {table} outside a change set: wrap it in changes(…).")


def _locked(table):
    return LockedDocument(_("This document is locked by its approval. Only notes, owner and progress may change."), code="locked")


def _numbered(table):
    return LockedDocument(_("A document that has a number cannot be deleted. Void it instead."), code="numbered")


def _append_only(table):
    return AppendOnly(_("Booked entries and history cannot be changed or deleted. Reverse them instead."), code="append_only")


TRANSLATIONS = [
    (_pattern(OUTSIDE), _outside),
    (_pattern(LOCKED), _locked),
    (_pattern(NUMBERED), _numbered),
    (_pattern(APPEND_ONLY), _append_only),
]


def translate_database_error(error):
    """The guard's exception for a database error, or None when the error is not a guard's."""
    text = str(error)
    for pattern, build in TRANSLATIONS:
        found = pattern.search(text)
        if found:
            translated = build(found["table"])
            translated.table = found["table"]
            return translated
    return None
