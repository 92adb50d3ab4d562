"""Settings of the tests: the product's own, on the database that `--database` names, writing nowhere but into a temporary folder."""

import argparse
import os
import sys
import tempfile

from tests.postgres import VARIABLE


def _choose_database():
    """Set BACKOFFICE_DATABASE_URL before the product's settings read it. pytest's other processes inherit what the first one chose."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--database", default="sqlite")
    if "pytest" not in sys.modules or "PYTEST_XDIST_WORKER" in os.environ:
        return
    if parser.parse_known_args()[0].database == "postgresql":
        if VARIABLE not in os.environ:
            sys.exit(f"{VARIABLE} names no server. One for the time of the run: python -m tests.postgres -- pytest --database=postgresql")
        os.environ["BACKOFFICE_DATABASE_URL"] = os.environ[VARIABLE]
    else:
        os.environ.pop("BACKOFFICE_DATABASE_URL", None)


if "BACKOFFICE_TEST_VAR" not in os.environ:
    folder = tempfile.TemporaryDirectory(prefix="backoffice-tests-")  # lives as long as the first process
    os.environ["BACKOFFICE_TEST_VAR"] = folder.name
os.environ["BACKOFFICE_VAR"] = os.environ["BACKOFFICE_TEST_VAR"]
os.environ.pop("BACKOFFICE_MEDIA", None)
os.environ.setdefault("BACKOFFICE_SECRET_KEY", "known to everybody, good for tests only")
_choose_database()

from backoffice.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a real one costs 0.3 s a log-in
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STATIC_ROOT = VARIABLE_DIR  # noqa: F405  (whitenoise warns about a folder that is not there)
