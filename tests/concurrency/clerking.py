"""Scene: clerks save customers and quotes in their browsers while a long import runs beside them."""

import csv
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from models.customers.models import Customer
from models.sales.models import Quote
from tests import people
from tests.concurrency import books, browser, shop
from tests.concurrency.crowd import ROOT

PAUSE = 0.5  # seconds in which a clerk types, on average
SEARCHED = ("杭州", "示范", "五金", "机械")
HEADER = ["code", "name", "phone", "province", "city", "street", "credit_limit", "owner"]


def prepare(address, rows, folder):
    """The file to import, and a log-in for the clerks."""
    shop.open_shop()
    owners = [people.named(name).employee.code for name in people.SALESPEOPLE]
    path = Path(folder, "customers.csv")
    with path.open("w", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(HEADER)
        for number in range(rows):
            row = [f"I{number:06}", f"杭州进口{number}机械厂", f"0571-{number:08}", "浙江省", "杭州市", f"样例路 {number}", number % 9000]
            sheet.writerow([*row, owners[number % len(owners)]])
    session = browser.logged_in(people.named("zong"))
    return {"address": address, "session": session, "file": str(path), "over": str(Path(folder, "over")), "rows": rows}


def work(number, facts, together):
    return _import(facts) if number == 0 else _save_until_it_is_over(number, facts)


def _import(facts):
    """What the import says, and how long it took."""
    time.sleep(1)  # the clerks are at work when it begins
    command = [sys.executable, "manage.py", "import_records", "customers.Customer", facts["file"], "--json"]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "backoffice.settings"}
    started = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - started
    Path(facts["over"]).touch()
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-3000:]
    return {"seconds": seconds, **json.loads(done.stdout.strip().rpartition("\n")[2])}


def _save_until_it_is_over(number, facts):
    """{"waited": seconds until each page came, "saved": [[where, status, where it led, seconds until the answer]]}"""
    chance = random.Random(number)
    desk = browser.Browser(facts["address"], facts["session"])
    buyer = people.customer(chance.choice(shop.buyers())).pk
    waited, saved = [], []
    while not Path(facts["over"]).exists():
        if chance.random() < 0.5:
            place, typed = "/customers/customer/", {"code": f"C{number}-{len(saved)}", "name": f"手工{number}-{len(saved)}"}
        else:
            place, typed = "/sales/quote/", {"customer": str(buyer)}
            typed |= {"lines-TOTAL_FORMS": "1", "lines-0-product": "QH0001", "lines-0-quantity": "3", "lines-0-position": "1"}
        _timed(waited, desk.fields, f"{place}?q={chance.choice(SEARCHED)}")
        fields = _timed(waited, desk.fields, f"{place}add/") | typed | {"_save": "1"}
        time.sleep(chance.uniform(0, 2 * PAUSE))
        answer = _timed(waited, desk.send, f"{place}add/", fields)
        saved.append([place, *browser.told(answer), waited[-1]])
    return {"waited": waited, "saved": saved}


def _timed(waited, ask, *arguments):
    started = time.monotonic()
    answer = ask(*arguments)
    waited.append(time.monotonic() - started)
    return answer


def figures(facts):
    imported = Customer.objects.filter(code__startswith="I")
    return {
        "imported": imported.count(),
        "history": Customer.history.filter(id__in=imported.values("pk")).count(),
        "customers": Customer.objects.filter(code__startswith="C").count(),
        "quotes": Quote.objects.count(),
        "problems": books.problems(),
    }
