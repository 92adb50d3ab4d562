"""A PostgreSQL cluster for the time of one command: real durability, a socket nobody else can open, nothing left behind.

python -m tests.postgres -- pytest --database=postgresql -k stock
    starts a cluster, sets BACKOFFICE_TEST_POSTGRES_URL, runs the command, stops the cluster and returns the command's exit code.
    Where that variable is already set, the server it names is used and nothing is started.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from backoffice.children import die_with_parent

VARIABLE = "BACKOFFICE_TEST_POSTGRES_URL"
START_SECONDS = 30
# Tests of concurrency open 50 connections at once, in each pytest process.
SETTINGS = {"max_connections": 300, "shared_buffers": "256MB", "listen_addresses": "", "log_min_messages": "fatal"}


class NoPostgreSQL(Exception):
    """There is no usable server here; the text says what is missing."""


def find_binaries():
    """The folder with initdb and postgres: the newest under /usr/lib/postgresql, else the one on PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name.split(".")[0]), reverse=True)
    if on_path := shutil.which("postgres"):
        folders.append(Path(on_path).resolve().parent)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoPostgreSQL("no PostgreSQL server is installed")


def _owner():
    """PostgreSQL refuses to run as root: root lends the cluster to the user `postgres`, everybody else keeps it."""
    if os.geteuid() != 0:
        return {}
    import pwd

    try:
        account = pwd.getpwnam("postgres")
    except KeyError:
        raise NoPostgreSQL("root needs the user `postgres` to run a server") from None
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _wait_until_ready(server, binaries, folder, log):
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            break
        if subprocess.run([binaries / "pg_isready", "-q", "-h", folder], check=False).returncode == 0:
            return
        time.sleep(0.1)
    raise NoPostgreSQL(f"PostgreSQL did not start: {log.read_text()[-500:].strip()}")


@contextmanager
def cluster():
    """Yield the URL of a server that is running: the one the environment names, else a throw-away one, gone at the end."""
    if url := os.environ.get(VARIABLE):
        yield url
        return
    binaries, owner = find_binaries(), _owner()
    folder = Path(tempfile.mkdtemp(prefix="backoffice-postgres-", dir="/tmp"))  # a socket's path may have 107 characters: not TMPDIR
    data, log, server = folder / "data", folder / "log", None
    try:
        if owner:
            os.chown(folder, owner["user"], owner["group"])
        initdb = [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        made = subprocess.run(initdb, cwd=folder, capture_output=True, text=True, check=False, **owner)
        if made.returncode:
            raise NoPostgreSQL(f"initdb failed: {made.stderr.strip()[-500:]}")
        options = [f"-c{name}={value}" for name, value in {**SETTINGS, "unix_socket_directories": folder}.items()]
        with log.open("w") as output:
            server = subprocess.Popen(
                [binaries / "postgres", "-D", data, *options],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # the terminal's Ctrl-C is ours to handle
                preexec_fn=lambda: die_with_parent(signal.SIGINT),
                **owner,
            )
        _wait_until_ready(server, binaries, folder, log)
        yield f"postgresql://postgres@{quote(str(folder), safe='')}/postgres"
    finally:
        if server is not None and server.poll() is None:
            server.send_signal(signal.SIGINT)  # fast shutdown: open sessions are ended
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.send_signal(signal.SIGQUIT)
                server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def main(arguments):
    command = arguments[1:] if arguments[:1] == ["--"] else arguments
    if not command:
        print(__doc__, file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        with cluster() as url:
            return subprocess.run(command, env={**os.environ, VARIABLE: url}, check=False).returncode
    except NoPostgreSQL as missing:
        print(f"PostgreSQL: {missing}", file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
