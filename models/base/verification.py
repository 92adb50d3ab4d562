"""Promises about the books of a whole database, each area's in its module `verification`. They read; they change nothing.

    @check(_("balance = movements"))
    def balances_are_the_sums_of_their_rows():
        yield Finding("stock.balance", "KH0001 …", "On hand is 3, its movements add up to 4.")
"""

from dataclasses import dataclass

from django.db.models import F, Q
from django.utils.module_loading import autodiscover_modules

from models.base.fields import trimmed


@dataclass(frozen=True)
class Finding:
    """What is wrong: the document (or record) by its number, the row by its key, and a sentence with both figures."""

    document: str
    row: str
    sentence: str
    check: str = ""


_checks = {}


def check(label):
    """Declare a generator of Findings a check; its function's name is the check's."""

    def declare(function):
        _checks[function.__name__] = (label, function)
        return function

    return declare


def checks():
    """{name: (label, function)} of every check of every area."""
    autodiscover_modules("verification")
    return _checks


def verify(names=None):
    """Run the named checks, or all, and return the Findings. An empty list: the books are right."""
    found = []
    for name, (_label, function) in checks().items():
        if names is None or name in names:
            found += [Finding(one.document, one.row, one.sentence, name) for one in function()]
    return found


def row_of(record):
    """A row as the findings name it: "sales.orderline 12"."""
    return f"{record._meta.label_lower} {record.pk}"


def document_of(document):
    """A document as the findings name it: kind and number."""
    return f"{document._meta.label_lower} {document.number or document.external_number or f'#{document.pk}'}"


def said(value):
    """A figure in a finding."""
    return trimmed(value) if value is not None else "–"


def differing(rows, pairs):
    """The rows where any of the columns differs from the annotation beside it: [(column, annotation)]."""
    wrong = Q()
    for column, true in pairs:
        wrong |= ~Q(**{column: F(true)})
    return rows.filter(wrong)
