"""The product's web server for the time of a run, and the processor time its workers used."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from backoffice.children import die_with_parent

WORKERS = 4
TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """A running gunicorn with its workers."""

    def __init__(self, process, address, started_in):
        self.process, self.address, self.started_in = process, address, started_in

    def workers(self):
        """The worker processes' ids."""
        text = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(word) for word in text.split()]

    def cpu(self):
        """Seconds of processor time all workers have used so far."""
        total = 0
        for pid in self.workers():
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def memory(self):
        """[(RSS, PSS)] of each worker in MiB."""
        rows = []
        for pid in self.workers():
            values = {}
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
                name, _colon, rest = line.partition(":")
                values[name] = int(rest.split()[0]) / 1024
            rows.append((round(values["Rss"], 1), round(values["Pss"], 1)))
        return rows


@contextmanager
def running(environment):
    """Start gunicorn as the product's demo does, wait until it answers, stop it by its id at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "backoffice.wsgi", "-b", f"127.0.0.1:{port}", "--workers", str(WORKERS), "--preload"]
    command += ["--worker-class", "gthread", "--threads", "2", "--no-control-socket", "--log-level", "error"]
    start = time.monotonic()
    process = subprocess.Popen(command, env=environment, start_new_session=True, preexec_fn=die_with_parent)
    address = f"http://127.0.0.1:{port}"
    try:
        while True:
            try:
                if urllib.request.urlopen(f"{address}/health/", timeout=1).status == 200:
                    break
            except OSError:
                pass
            if process.poll() is not None or time.monotonic() - start > 60:
                raise RuntimeError("the web server did not start")
            time.sleep(0.02)
        yield Server(process, address, time.monotonic() - start)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
