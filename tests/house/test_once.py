"""A token does its work once: for a double click, for a repeat after an error, for processes at the same moment."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection
from django.http import QueryDict

from models.audit.changes import changes
from models.audit.models import ChangeSet, OnceToken
from models.audit.once import TokenReused, fingerprint, new_token, run_once, stored_answer
from models.products.models import Unit

pytestmark = [pytest.mark.books, pytest.mark.django_db]

PROCESSES = 6
WORKER = """
import json, sys, time
import django
django.setup()
from models.audit.changes import changes
from models.audit.once import run_once
from models.products.models import Unit

def work():
    with changes("form"):
        unit = Unit.objects.create(name="once")
        time.sleep(0.3)
        return {"url": f"/products/unit/{unit.pk}/"}

print("ready", flush=True)
sys.stdin.readline()
print(json.dumps(run_once("token", 1, "add unit", {"name": "once"}, work)))
"""


def make_unit():
    with changes("form"):
        return {"url": f"/units/{Unit.objects.create(name='piece').pk}/"}


def test_it_works():
    token = new_token()
    answer, repeated = run_once(token, 1, "add", {"name": "piece"}, make_unit)
    assert not repeated
    assert run_once(token, 1, "add", {"name": "piece"}, make_unit) == (answer, True)
    assert Unit.objects.count() == ChangeSet.objects.count() == 1
    assert stored_answer(token, 1, "add", fingerprint({"name": "piece"})) == answer
    assert stored_answer(new_token(), 1, "add", "") is None


@pytest.mark.parametrize("other", [(2, "add", {"a": 1}), (1, "delete", {"a": 1}), (1, "add", {"a": 2})])
def test_a_token_is_good_for_one_request_only(other):
    run_once("token", 1, "add", {"a": 1}, make_unit)
    with pytest.raises(TokenReused) as refused:
        run_once("token", *other, make_unit)
    assert "already sent" in refused.value.messages[0]
    assert Unit.objects.count() == 1


def test_work_that_fails_leaves_the_token_unused():
    def fail():
        make_unit()
        raise ValueError

    with pytest.raises(ValueError):
        run_once("token", 1, "add", {}, fail)
    assert (OnceToken.objects.count(), Unit.objects.count()) == (0, 0)
    assert run_once("token", 1, "add", {}, make_unit)[1] is False


def test_without_a_token_the_work_is_simply_done():
    assert run_once("", 1, "add", {}, lambda: "done") == ("done", False)
    assert OnceToken.objects.count() == 0


def test_a_form_is_recognised_whatever_its_csrf_token():
    assert fingerprint(QueryDict("a=1&a=2&csrfmiddlewaretoken=x")) == fingerprint(QueryDict("a=1&a=2&csrfmiddlewaretoken=y"))
    assert fingerprint(QueryDict("a=1&a=2")) != fingerprint(QueryDict("a=2&a=1"))


def database_for_processes(folder):
    """An address under which other processes reach a copy of (SQLite), or this very test database (PostgreSQL)."""
    if connection.vendor == "sqlite":
        path = folder / "test_once.sqlite3"
        with sqlite3.connect(path) as copy:
            connection.connection.backup(copy)
        return f"sqlite:///{path}"
    facts = connection.get_connection_params()
    query = f"?host={quote(facts['host'], safe='')}" if str(facts.get("host", "")).startswith("/") else ""
    host = "" if query else f"{facts.get('host', '')}:{facts.get('port', '')}"
    return f"postgres://{quote(facts.get('user', ''))}:{quote(facts.get('password', '') or '')}@{host}/{facts['dbname']}{query}"


@pytest.mark.django_db(transaction=True)
def test_processes_at_the_same_moment_do_it_once(tmp_path):
    with connection.cursor():
        address = database_for_processes(tmp_path)
    root = Path(__file__).resolve().parents[2]
    environment = os.environ | {
        "BACKOFFICE_DATABASE_URL": address,
        "DJANGO_SETTINGS_MODULE": "backoffice.settings",
        "PYTHONPATH": str(root),
    }
    command = [sys.executable, "-c", WORKER]
    crowd = [
        subprocess.Popen(command, cwd=root, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    for process in crowd:
        assert process.stdout.readline() == "ready\n"
    for process in crowd:
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [json.loads(process.communicate(timeout=60)[0]) for process in crowd]
    assert sorted(repeated for _answer, repeated in answers) == [False] + [True] * (PROCESSES - 1)
    assert len({answer["url"] for answer, _repeated in answers}) == 1
