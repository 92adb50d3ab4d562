"""The worker as an administrator meets it: stopped, killed, and with a database that goes away."""

import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

pytestmark = pytest.mark.books

END_OTHER_SESSIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def wait_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


@contextmanager
def worker(installation):
    process = subprocess.Popen([sys.executable, "manage.py", "worker", "--verbosity=0"], env=installation)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def enqueue(installation, tmp_path):
    """Enqueue one task from a process of its own; return a function that reads what it left."""

    def enqueue(name, seconds):
        mark = tmp_path / name
        code = f"import django; django.setup(); from tests.house.worker_tasks import work; work.enqueue({str(mark)!r}, {seconds})"
        subprocess.run([sys.executable, "-c", code], env=installation, check=True)
        return lambda: mark.read_text().split() if mark.exists() else []

    return enqueue


def test_it_works(installation, enqueue):
    done = enqueue("task", 0)
    with worker(installation):
        wait_for(lambda: done() == ["begun", "ended"])


def test_told_to_stop_it_finishes_the_running_task_and_takes_no_other(installation, enqueue):
    first, second = enqueue("first", 1), enqueue("second", 0)
    with worker(installation) as process:
        wait_for(lambda: first() == ["begun"])
        process.terminate()
        assert process.wait(10) == 0
    assert first() == ["begun", "ended"]
    assert second() == []


def wait_for_handler(process, seconds=60):
    """Until the process has its own handler of SIGTERM: on a busy machine starting takes a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        caught = re.search(r"SigCgt:\s*(\w+)", Path(f"/proc/{process.pid}/status").read_text())[1]
        if int(caught, 16) >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.1)
    raise AssertionError("the worker did not get ready")


def test_idle_it_stops_within_two_seconds(installation):
    with worker(installation) as process:
        wait_for_handler(process)
        process.terminate()
        assert process.wait(2) == 0


def test_a_task_whose_worker_was_killed_is_done_by_the_next(installation, enqueue):
    done = enqueue("task", 1)
    with worker(installation) as process:
        wait_for(lambda: done() == ["begun"])
        process.kill()
        process.wait()
    with worker(installation):
        wait_for(lambda: done() == ["begun", "begun", "ended"])


def test_it_survives_a_database_that_goes_away(installation, enqueue):
    url = installation["BACKOFFICE_DATABASE_URL"]
    with worker(installation) as process:
        before = enqueue("before", 0)
        wait_for(lambda: before() == ["begun", "ended"])
        if url.startswith("sqlite"):
            with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                time.sleep(4)  # four times as long as a connection waits
        else:
            with psycopg.connect(url, autocommit=True) as other:
                for _round in range(3):
                    other.execute(END_OTHER_SESSIONS)
                    time.sleep(1)
        after = enqueue("after", 0)
        wait_for(lambda: after() == ["begun", "ended"])
        assert process.poll() is None
