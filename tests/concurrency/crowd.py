"""Many processes doing the same thing at the same moment.

`run(installation, scene, writers, …)` starts one process that prepares the scene and then forks the writers: each with a database
connection of its own, all let go at once. A scene is a module with

    prepare(**arguments) -> facts      what must be there, made once; the writers get the facts
    work(number, facts, together)      what one writer does; `together()` waits for all the others
    figures(facts) -> anything         what is in the database when all have ended

All three return what JSON can hold. A writer that raises leaves its traceback, one that was killed leaves nothing.
"""

import argparse
import importlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from backoffice.children import die_with_parent

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 1800  # seconds that writers wait for each other; the test's own limit ends it sooner
MARK = "outcome: "
GAVE_UP = threading.BrokenBarrierError.__name__
SETTINGS = "tests.settings"


@dataclass
class Outcome:
    """`answers`: what the writers returned, in their order, None for a killed one; `errors`: the tracebacks of those that failed."""

    facts: object
    answers: list
    errors: list
    figures: object
    seconds: float
    deadlocks: int

    @property
    def flat(self):
        """The answers of all writers as one list."""
        return [one for answer in self.answers for one in answer or []]


def settings_of(installation, settings=SETTINGS):
    """The environment of a process in the installation, under the product's settings (or the tests': no slow passwords)."""
    return installation | {"DJANGO_SETTINGS_MODULE": settings, "BACKOFFICE_TEST_VAR": installation["BACKOFFICE_VAR"]}


def run(installation, scene, writers, **arguments):
    """Play a scene (the module's name in this package) and return its Outcome."""
    command = [sys.executable, "-m", __name__, f"tests.concurrency.{scene}", str(writers), json.dumps(arguments)]
    done = subprocess.run(
        command, cwd=ROOT, env=settings_of(installation), stdout=subprocess.PIPE, text=True, check=False, preexec_fn=die_with_parent
    )
    last = done.stdout.rstrip().rpartition("\n")[2]
    assert done.returncode == 0 and last.startswith(MARK), f"the scene {scene} failed (code {done.returncode}): {done.stdout[-3000:]}"
    return Outcome(**json.loads(last.removeprefix(MARK)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("scene")
    parser.add_argument("writers", type=int)
    parser.add_argument("arguments", type=json.loads)
    options = parser.parse_args()

    import django

    django.setup()
    scene = importlib.import_module(options.scene)
    facts = scene.prepare(**options.arguments)
    before = _deadlocks()
    answers, errors, seconds = _play(scene, options.writers, facts)
    outcome = {"facts": facts, "answers": answers, "errors": errors, "seconds": seconds, "deadlocks": _deadlocks() - before}
    print(MARK + json.dumps(outcome | {"figures": scene.figures(facts)}, default=str))


def _play(scene, writers, facts):
    """Fork the writers, let them go, gather what they say."""
    from django.db import connections

    connections.close_all()  # a connection must not be shared by two processes
    forking = multiprocessing.get_context("fork")
    start, together = forking.Barrier(writers + 1), forking.Barrier(writers)
    ends, children = [], []
    for number in range(writers):
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            _be_writer(scene, number, facts, start, together, write)
        os.close(write)
        ends.append(read)
        children.append(child)
    start.wait(PATIENCE)
    started = time.monotonic()
    said = [_read_all(end) for end in ends]
    seconds = time.monotonic() - started
    for child in children:
        os.waitpid(child, 0)
    told = [json.loads(text) if text else {"answer": None} for text in said]
    errors = sorted((one["error"] for one in told if "error" in one), key=lambda error: GAVE_UP in error)  # the first one is the cause
    return [one.get("answer") for one in told], errors, seconds


def _be_writer(scene, number, facts, start, together, write):
    """A child's whole life; it never returns."""
    die_with_parent(signal.SIGKILL)
    try:
        from django.db import connection

        connection.ensure_connection()
        start.wait(PATIENCE)
        told = {"answer": scene.work(number, facts, lambda: together.wait(PATIENCE))}
    except BaseException as error:
        told = {"error": _told(error)}
        together.abort()  # the others would wait for this one in vain
    with os.fdopen(write, "w") as pipe:
        pipe.write(json.dumps(told, default=str))
    os._exit(0)


def _told(error):
    """What went wrong and where in the tree, without the libraries' part of the way."""
    way = [
        frame for frame in traceback.extract_tb(error.__traceback__) if ROOT.as_posix() in frame.filename and ".venv" not in frame.filename
    ]
    steps = [f"{Path(frame.filename).relative_to(ROOT)}:{frame.lineno} {frame.name}: {frame.line}" for frame in way]
    return "\n".join([*steps, f"{type(error).__name__}: {error}"])


def _read_all(end):
    with os.fdopen(end) as pipe:
        return pipe.read()


def _deadlocks():
    """How many deadlocks PostgreSQL has had to break in this database; 0 on SQLite, which knows none."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return 0
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with connection.cursor() as cursor:
        for _ in range(100):  # sessions report what they counted when they end
            cursor.execute(others)
            if not cursor.fetchone()[0]:
                break
            time.sleep(0.05)
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


if __name__ == "__main__":
    main()
