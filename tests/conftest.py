"""What every test may rely on: the options of the run, and which tests this machine and this database can run."""

import os
import shutil

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import Sum
from pytest_django.plugin import blocking_manager_key

from backoffice.translations import compile_translations
from tests import state, template

CHROMIUM = os.environ.get("BACKOFFICE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
STATE = state.State()


def pytest_addoption(parser):
    parser.addoption("--database", choices=["sqlite", "postgresql"], default="sqlite", help="read by tests/settings.py")
    parser.addoption("--night", action="store_true", help="the long form: also tests marked night, and more rounds of the others")


def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        compile_translations()


def pytest_collection_modifyitems(config, items):
    """On PostgreSQL only the books; on SQLite all but what needs PostgreSQL. What cannot run here is skipped and counted, not hidden."""
    on_postgresql = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
    here, elsewhere = [], []
    for item in items:
        marks = {mark.name for mark in item.iter_markers()}
        if "installation" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.django_db)  # its database is a copy of the test database
        (here if not on_postgresql or marks & {"books", "postgresql"} else elsewhere).append(item)
        if "postgresql" in marks and not on_postgresql:
            item.add_marker(pytest.mark.skip(reason="runs on PostgreSQL only"))
        if "night" in marks and not config.getoption("--night"):
            item.add_marker(pytest.mark.skip(reason="long: runs at night"))
        if "browser" in marks and not CHROMIUM and not os.environ.get("CI"):  # there it fails instead
            item.add_marker(pytest.mark.skip(reason="no Chromium here"))
    if elsewhere:
        config.hook.pytest_deselected(items=elsewhere)
    items[:] = state.in_order(here)


@pytest.fixture(scope="session")
def rounds(request):
    """How often a repeated test repeats: `rounds(gate, night)` gives the number for this run."""
    return lambda gate, night: night if request.config.getoption("--night") else gate


@pytest.fixture(scope="session")
def migrated(pytestconfig):
    """The template that the test database is copied from."""
    return template.TEMPLATES[connection.vendor](connection, pytestconfig.cache.mkdir("migrated"))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings, migrated):
    with migrated.before():
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker, migrated):
    with django_db_blocker.unblock():
        migrated.after()
        STATE.is_ready = True
        STATE.prepare()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Before any fixture opens a transaction: the empty installation, or the company for tests that ask for `people`."""
    STATE.wanted = state.wants_company(item) if state.uses_database(item) else None
    with item.config.stash[blocking_manager_key].unblock():
        STATE.prepare()


@pytest.fixture
def people(db):
    """The demo company's master data, with its log-ins by role: `people.salesperson`, `people.user("cashier")`."""
    from tests.people import People

    return People()


@pytest.fixture
def login(client, people):
    """`login("cashier")` logs the test client in as that role and returns the user."""
    from tests.people import login

    return lambda role: login(client, role)


@pytest.fixture
def installation(migrated, django_db_setup, tmp_path):
    """The environment of a migrated, empty installation for other processes: `Popen([sys.executable, "manage.py", …], env=installation)`.

    Its database is a SQLite file or a PostgreSQL database of its own, as the run's database is.
    """
    with migrated.copy(tmp_path) as url:
        yield {**os.environ, "BACKOFFICE_VAR": str(tmp_path), "BACKOFFICE_DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.impatient"}


@pytest.fixture(autouse=True)
def books_are_right(request):
    """After every test of the books they are verified: sums, counts, numbers, locks, and each row against its last history row.

    A test that damages them on purpose says so: @pytest.mark.damages_books.
    """
    yield
    if not request.node.get_closest_marker("books") or request.node.get_closest_marker("damages_books"):
        return
    if not state.uses_database(request.node) or connection.connection is None or connection.needs_rollback:
        return
    from models.audit.models import Touch
    from models.base.verification import verify

    if connection.vendor == "postgresql" and (Touch.objects.aggregate(rows=Sum("rows"))["rows"] or 0) > 3000:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # the tables were filled a moment ago: without figures the planner takes minutes
    assert verify() == []
