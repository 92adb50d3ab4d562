"""The gate: every check of the tree, one after the other, each to its end, so that one failure does not hide the next.

python -m tests.gate [--only style,directions] [--night] [pytest's arguments]
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from tests import postgres

PYTHON = sys.executable
BIN = Path(PYTHON).parent
IN_CI = bool(os.environ.get("CI"))  # where nothing may be skipped for want of a program
PROCESSES = max(2, min(4, os.cpu_count() or 2))


def _run(*command, **environment):
    return subprocess.run([str(part) for part in command], env={**os.environ, **environment}, check=False).returncode == 0


def _django(*command):
    return _run(PYTHON, "-m", "django", *command, "--settings=tests.settings", PYTHONPATH=".")


def _pytest(arguments, **environment):
    return _run(PYTHON, "-m", "pytest", f"--numprocesses={PROCESSES}", "--dist=worksteal", "-q", "-rfEs", *arguments, **environment)


def style(arguments):
    """Ruff."""
    return _run(BIN / "ruff", "check", "--quiet", ".")


def directions(arguments):
    """Imports run down the house, never up."""
    return _run(BIN / "lint-imports", "--no-logo")


def migrations(arguments):
    """Models and migrations agree."""
    return _django("makemigrations", "--check", "--dry-run")


def checks(arguments):
    """Django's system checks and our own: no error, no warning."""
    return _django("check", "--fail-level=WARNING")


def postgresql(arguments):
    """The tests of money, stock, numbers and approvals on PostgreSQL."""
    try:
        with postgres.cluster() as url:
            return _pytest(["--database=postgresql", *arguments], **{postgres.VARIABLE: url})
    except postgres.NoPostgreSQL as missing:
        print(f"{'MISSING' if IN_CI else 'SKIPPED'}: every test on PostgreSQL ({missing})")
        return not IN_CI


def sqlite(arguments):
    """Every test, on SQLite. The last step: its closing line is the one to read."""
    return _pytest(arguments)


STEPS = [style, directions, migrations, checks, postgresql, sqlite]


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("--only", default=",".join(step.__name__ for step in STEPS), help="steps, separated by commas")
    parser.add_argument("--night", action="store_true", help="the long form of every test")
    options, rest = parser.parse_known_args(arguments)
    rest += ["--night"] * options.night
    wanted = options.only.split(",")
    failed = []
    for step in (step for step in STEPS if step.__name__ in wanted):
        print(f"── {step.__name__}: {step.__doc__.split(' The last')[0]}", flush=True)
        started = time.monotonic()
        if not step(rest):
            failed.append(step.__name__)
        print(f"── {step.__name__}: {'FAILED' if step.__name__ in failed else 'ok'}, {time.monotonic() - started:.0f} s", flush=True)
    if failed:
        print(f"FAILED: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
