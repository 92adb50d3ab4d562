"""The product's web server for the time of a test: gunicorn with several workers, on the installation's database."""

import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from backoffice.children import die_with_parent
from tests.concurrency.crowd import ROOT, settings_of

WORKERS, THREADS = 3, 4
START_SECONDS = 60


@contextmanager
def running(installation, application="backoffice.wsgi"):
    """Yield the address of a server under the product's own settings, once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", application, f"--bind=127.0.0.1:{port}", "--preload", f"--workers={WORKERS}"]
    command += ["--worker-class=gthread", f"--threads={THREADS}", "--no-control-socket", "--graceful-timeout=1", "--log-level=critical"]
    Path(installation["BACKOFFICE_VAR"], "static").mkdir(exist_ok=True)
    environment = settings_of(installation, "backoffice.settings")
    process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True, preexec_fn=die_with_parent)
    try:
        _wait_until_ready(process, f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _wait_until_ready(process, address):
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urlopen(f"{address}/health/", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.1)
    raise AssertionError("the web server did not start")
