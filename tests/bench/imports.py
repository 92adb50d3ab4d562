"""C1: 10,000 customers from a spreadsheet, by the command that runs the same import as the screens, and the floor of the same rows."""

import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from django.conf import settings

from models.customers.models import Customer
from tests.bench.floors import Floor
from tests.bench.measuring import milliseconds, show

ROWS = 10_000
HEADER = ["code", "name", "region", "owner", "phone", "email", "street", "city", "postcode", "credit_limit"]


def write_file(path, rows=ROWS):
    """The file that is imported: region and owner by name."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for number in range(rows):
            writer.writerow(
                [
                    f"I{number:06}",
                    f"杭州进口{number}机械厂",
                    "浙江",
                    f"业务员{number % 5 + 1}",
                    f"139-{number:08}",
                    f"a{number}@example.com",
                ]
                + [f"样例路 {number}", "杭州", f"{310000 + number % 1000:06}", str(number % 9000)]
            )


def run(environment):
    """Import through the command, count what is there afterwards, measure the floor."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "customers.csv"
        write_file(path)
        command = [sys.executable, "manage.py", "import_records", "customers.Customer", str(path), "--as", "bench", "--json"]
        start = time.monotonic()
        answer = subprocess.run(command, env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)
        seconds = time.monotonic() - start
    if answer.returncode:
        raise RuntimeError(f"the import failed: {answer.stdout[-500:]} {answer.stderr[-1500:]}")
    result = json.loads(answer.stdout.strip().splitlines()[-1])
    start_up = _start_up(environment)
    there = Customer.objects.filter(code__startswith="I0")
    floor = Floor()
    floor.add(Customer, there)
    plain, history = floor.seconds(False, rounds=3), floor.seconds(True, rounds=3)
    floor.drop()
    show(
        "C1",
        rows=ROWS,
        found=there.count(),
        status=result["status"],
        seconds=round(seconds, 2),
        start_up_seconds=round(start_up, 2),
        rows_per_second=round(ROWS / seconds),
        rows_per_second_without_start=round(ROWS / max(seconds - start_up, 0.01)),
        floor_ms=milliseconds(plain),
        floor_with_history_ms=milliseconds(history),
        ratio_to_floor_with_history=round((seconds - start_up) / history, 1),
    )


def _start_up(environment):
    start = time.monotonic()
    subprocess.run([sys.executable, "manage.py", "check"], env=environment, cwd=settings.BASE_DIR, capture_output=True, check=True)
    return time.monotonic() - start
