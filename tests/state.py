"""Which data a test finds: an empty installation, or, where it asks for `people`, the demo company's master data.

Loading the company costs half a second, so it is committed once and stays while tests want it. In between tests the database is
changed over only where the next test wants the other state: on SQLite by copying a snapshot, on PostgreSQL by loading or flushing.
The tests that want the company therefore run together.
"""

import sqlite3

from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection

COMPANY_FIXTURE = "people"


def wants_company(item):
    return COMPANY_FIXTURE in getattr(item, "fixturenames", ())


def uses_database(item):
    fixtures = {"db", "transactional_db", "_django_db_helper"} & set(getattr(item, "fixturenames", ()))
    return bool(fixtures) or item.get_closest_marker("django_db") is not None


def empties_database(item):
    """True for tests that commit: the database is flushed after them."""
    mark = item.get_closest_marker("django_db")
    fixtures = {"transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    return bool(fixtures) or bool(mark and (mark.kwargs.get("transaction") or mark.args[:1] == (True,)))


def in_order(items):
    """The tests with those that want the company together, the committing ones last as pytest-django has them."""
    return sorted(items, key=lambda item: (empties_database(item), wants_company(item)))


class State:
    """Changes the test database over. `wanted` is set before each test; nothing happens before the database is there."""

    def __init__(self):
        self.wanted = None
        self.is_ready = False
        self.snapshots = {}

    def prepare(self):
        """Bring about what the next test wants."""
        if not self.is_ready or self.wanted is None:
            return
        from models.org.models import Company

        has_company = Company.objects.filter(code="HZ").exists()
        if not has_company and not Company.objects.exists():
            self._keep(False)
        if has_company != self.wanted:
            self._change_over()
            ContentType.objects.clear_cache()  # a snapshot has the keys of its time, a flush gives new ones

    def _change_over(self):
        if self.wanted in self.snapshots:
            self.snapshots[self.wanted].backup(connection.connection)
        elif self.wanted:
            from tests.people import load

            load()
            self._keep(True)
        else:
            call_command("flush", interactive=False, verbosity=0)

    def _keep(self, company):
        if connection.vendor == "sqlite" and company not in self.snapshots:
            self.snapshots[company] = sqlite3.connect(":memory:")
            connection.connection.backup(self.snapshots[company])
