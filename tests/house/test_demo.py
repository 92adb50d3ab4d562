"""The one command: from nothing to a page that answers, and nothing left when it ends."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from urllib.request import urlopen

import pytest


@pytest.fixture(scope="module")
def nothing(tmp_path_factory):
    """The environment of somebody who has only the tree: no database, no settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BACKOFFICE_", "DJANGO_"))}
    return {**kept, "BACKOFFICE_VAR": str(tmp_path_factory.mktemp("var"))}


@pytest.fixture(scope="module")
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def demo(environment, *arguments):
    command = [sys.executable, "manage.py", "demo", *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)


@pytest.fixture(scope="module")
def installation(nothing, port):
    """What the first start leaves: the demo company. Takes as long as a newcomer waits."""
    process = demo(nothing, "--port", port, "--check")
    output, _errors = process.communicate()
    assert process.returncode == 0, output
    assert f"http://127.0.0.1:{port}/" in output
    return nothing


@contextmanager
def running(installation, port):
    process = demo(installation, "--port", port)
    try:
        seen = []
        for line in process.stdout:
            seen.append(line)
            if line.startswith("Ready"):
                break
        assert seen and seen[-1].startswith("Ready"), "".join(seen)
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@pytest.mark.timeout(300)
def test_second_start_answers_with_the_log_in_page_and_its_styles(installation, port):
    with running(installation, port):
        page = urlopen(f"http://127.0.0.1:{port}/").read().decode()
        assert "csrfmiddlewaretoken" in page
        styles = page.split('.css"')[0].rsplit('"', 1)[1] + ".css"
        assert urlopen(f"http://127.0.0.1:{port}{styles}").status == 200


def test_ctrl_c_ends_it_soon_although_a_browser_holds_a_connection(installation, port):
    with running(installation, port) as process, socket.create_connection(("127.0.0.1", port)):
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert time.monotonic() - started < 5, "about one second on an idle machine"
    assert is_free(port)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent is gone")
def test_killed_it_leaves_nothing_behind(installation, port):
    with running(installation, port) as process:
        process.kill()
    end = time.monotonic() + 15
    while not is_free(port):
        assert time.monotonic() < end, "the web server outlived the command"
        time.sleep(0.2)


def test_a_taken_port_is_said_before_anything_is_done(nothing, port, tmp_path):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        process = demo({**nothing, "BACKOFFICE_VAR": str(tmp_path)}, "--port", port)
        output, _errors = process.communicate()
    assert process.returncode == 1
    assert f"Port {port} is in use" in output and f"PORT={port + 1}" in output
    assert not list(tmp_path.glob("*.sqlite3"))
