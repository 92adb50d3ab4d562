"""A migrated, empty database, kept between runs: the time of `migrate` is spent once per set of migrations, not once per process.

In .pytest_cache lie a SQLite file and a dump for PostgreSQL. `migrate` still runs on the copy, finds nothing to do and puts the guards
right, so a stale copy heals.
"""

import hashlib
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from django.apps import apps


def fingerprint():
    """Changes with every migration file of every installed app."""
    digest = hashlib.sha256()
    for config in apps.get_app_configs():
        for path in sorted(Path(config.path).glob("migrations/*.py")):
            digest.update(f"{config.label}/{path.name}".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:20]


@contextmanager
def written(path):
    """Yield a path to write to; it becomes `path` when all went well, and older ones of its kind go. Safe in several processes at once."""
    unfinished = path.with_suffix(f".{os.getpid()}")
    yield unfinished
    unfinished.replace(path)
    for other in path.parent.glob(f"*{path.suffix}"):
        if other != path:
            other.unlink(missing_ok=True)


class Template:
    """`before` Django makes the test database, `after` it was made and migrated; `copy` gives other processes a database of their own."""

    suffix = ""

    def __init__(self, connection, folder):
        self.connection, self.file = connection, Path(folder) / f"{fingerprint()}{self.suffix}"
        self.test_name = ""  # known in `before`: pytest-xdist gives each process its own

    def is_made(self):
        """False in a run none of whose tests needs a database."""
        return self.connection.settings_dict["NAME"] == self.test_name


class SQLiteTemplate(Template):
    """Fills the database in memory before Django opens it."""

    suffix = ".sqlite3"

    @contextmanager
    def before(self):
        """Hold the database in memory in being until Django holds it too."""
        self.test_name = self.connection.creation._get_test_db_name()
        with closing(sqlite3.connect(self.test_name, uri=True)) as memory:
            if self.file.exists():
                with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as source:
                    source.backup(memory)
            yield

    def after(self):
        if self.is_made() and not self.file.exists():
            with written(self.file) as path, closing(sqlite3.connect(path)) as target:
                self.connection.connection.backup(target)

    @contextmanager
    def copy(self, folder):
        """A file of its own, for tests with several processes."""
        path = Path(folder) / f"test_{uuid4().hex}.sqlite3"
        shutil.copy(self.file, path)
        yield f"sqlite:///{path}"


class PostgreSQLTemplate(Template):
    """A template database on the server, made from the dump or by the first process that comes; the others wait for it."""

    suffix = ".sql"
    LOCK = 5_262_025  # any number that nobody else on a test server locks

    def __init__(self, connection, folder):
        super().__init__(connection, folder)
        self.name = f"migrated_{fingerprint()}"
        parameters = connection.get_connection_params()
        self.address = {key: parameters[key] for key in ("host", "port", "user", "password") if parameters.get(key)}
        self.server = None

    @contextmanager
    def before(self):
        import psycopg

        self.test_name = self.connection.creation._get_test_db_name()
        with psycopg.connect(dbname="postgres", autocommit=True, **self.address) as self.server:
            self.server.execute("SELECT pg_advisory_lock(%s)", [self.LOCK])
            if not self._exists() and self.file.exists() and shutil.which("psql"):
                self.server.execute(f"DROP DATABASE IF EXISTS {self.name}_loading")  # of a run that was killed
                self.server.execute(f"CREATE DATABASE {self.name}_loading")
                self._run("psql", f"--dbname={self.name}_loading", "--quiet", "--single-transaction", f"--file={self.file}")
                self.server.execute(f"ALTER DATABASE {self.name}_loading RENAME TO {self.name}")
            if self._exists():
                self.connection.settings_dict["TEST"]["TEMPLATE"] = self.name
                self.server.execute("SELECT pg_advisory_unlock(%s)", [self.LOCK])
            yield

    def after(self):
        if self.is_made() and not self._exists():
            self.connection.close()
            self.server.execute(f"CREATE DATABASE {self.name} TEMPLATE {self.connection.settings_dict['NAME']}")
            self.server.execute("SELECT pg_advisory_unlock(%s)", [self.LOCK])
            if shutil.which("pg_dump"):
                with written(self.file) as path:
                    self._run("pg_dump", f"--dbname={self.name}", "--no-owner", f"--file={path}")

    @contextmanager
    def copy(self, folder):
        """A database of its own, for tests with several processes."""
        name = f"test_{uuid4().hex}"
        self.server.execute(f"CREATE DATABASE {name} TEMPLATE {self.name}")
        try:
            yield urlsplit(os.environ["BACKOFFICE_DATABASE_URL"])._replace(path=f"/{name}").geturl()
        finally:
            self.server.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _exists(self):
        return bool(self.server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.name]).fetchone())

    def _run(self, *command):
        address = {f"PG{key.upper()}": str(value) for key, value in self.address.items()}
        subprocess.run(command, env={**os.environ, **address}, check=True, stdout=subprocess.DEVNULL)


TEMPLATES = {"sqlite": SQLiteTemplate, "postgresql": PostgreSQLTemplate}
