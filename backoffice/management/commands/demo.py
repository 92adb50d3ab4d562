"""manage.py demo: from nothing to a company one can work in; the web server and the worker until Ctrl-C.

Promises: says before anything else when the port is taken. Makes the database and the demo company only where they are missing.
The two processes live and die together: when one ends, the other is stopped and the exit code is 1. Ctrl-C, SIGTERM or a closed
terminal end all within seconds, and not even `kill -9` leaves a process behind (on Linux).
"""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from backoffice.children import die_with_parent
from backoffice.translations import compile_translations

HOST = "127.0.0.1"
START_SECONDS = 60
STOP_SECONDS = 10
WEB_WORKERS, WEB_THREADS = 2, 4
SEED = "seed_demo"


class Command(BaseCommand):
    help = "Start the demo company: database, web server and worker; Ctrl-C stops everything."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--scale", type=int, default=1, help="how many times the usual number of documents (only for a new company)")
        parser.add_argument("--check", action="store_true", help="start, see that it answers, stop")

    def handle(self, *, port, scale, check, **options):
        started = time.monotonic()
        refuse_taken_port(port)
        try:
            self.prepare(scale)
        except KeyboardInterrupt:
            sys.exit(130)
        connections.close_all()
        stopping, children = asked_to_stop(), {}
        try:
            children["web"] = start(web_command(port))
            children["worker"] = start([sys.executable, "manage.py", "worker", "--verbosity=0"])
            self.wait_until_ready(port, children, stopping)
            if not stopping:
                self.say(f"Ready after {time.monotonic() - started:.1f} s: http://{HOST}:{port}/  (Ctrl-C stops it)")
            while not (stopping or check):
                refuse_dead(children)
                time.sleep(0.2)
        finally:
            stop(children.values())
        self.say("Stopped.")

    def prepare(self, scale):
        """Bring the database up to date and, where it is empty, make the demo company; then say how to log in."""
        Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # empty here; whitenoise warns where it is missing
        for path in compile_translations():
            self.say(f"Compiled {path.parent.parent.name}.")
        call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
        if SEED not in get_commands():
            return
        if not get_user_model().objects.exists():
            self.say("Making the demo company …")
            call_command(SEED, scale=scale)
        elif scale != 1:
            self.say("This database already holds a company: --scale was not used.")
        call_command(SEED, logins=True)

    def say(self, text):
        self.stdout.write(text)
        self.stdout.flush()  # also where the output is a pipe

    def wait_until_ready(self, port, children, stopping):
        end = time.monotonic() + START_SECONDS
        while not stopping:
            refuse_dead(children)
            with suppress(OSError):
                if is_healthy(port):
                    return
            if time.monotonic() > end:
                raise CommandError(f"No answer from http://{HOST}:{port}/health/ within {START_SECONDS} s.")
            time.sleep(0.1)


def asked_to_stop():
    """A list that is empty until somebody wants us to stop: Ctrl-C, SIGTERM, a closed terminal."""
    asked = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: asked.append(number))
    return asked


def refuse_taken_port(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise CommandError(f"Port {port} is in use by another program. Take another one: make demo PORT={port + 1}") from None


def web_command(port):
    serve = [sys.executable, "-m", "gunicorn", "backoffice.wsgi", f"--bind={HOST}:{port}", "--preload"]
    work = ["--worker-class=gthread", f"--workers={WEB_WORKERS}", f"--threads={WEB_THREADS}"]
    # A browser keeps its connection open, and gunicorn would wait for it as long as it may.
    return [*serve, *work, "--no-control-socket", "--graceful-timeout=1", "--log-level=warning"]


def start(command):
    """A child in a session of its own: the terminal's Ctrl-C reaches only us, and we stop the children in order."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=die_with_parent)


def refuse_dead(children):
    for name, child in children.items():
        if child.poll() is not None:
            raise CommandError(f"The {name} process ended by itself (code {child.returncode}); its last words are above.")


def is_healthy(port):
    try:
        with urlopen(f"http://{HOST}:{port}/health/", timeout=2) as answer:
            return answer.status == 200
    except HTTPError:
        return False


def stop(children):
    """Ask all at once, wait for each, and end by force whoever does not listen."""
    for child in children:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
    end = time.monotonic() + STOP_SECONDS
    for child in children:
        try:
            child.wait(max(0.1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
