"""Brings a set of foreign files in through `manage.py import_records`, step by step as a JSON file says."""

import csv
import json
from decimal import ROUND_HALF_UP, Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import transaction

from models.audit.changes import changes
from models.lowcode.models import ImportMapping

STEPS = Path(__file__).parent
CENT = Decimal("0.01")


def folder(name):
    """Where the real files lie; the test is skipped where they are not."""
    path = Path(settings.SAMPLE_DATA or "/nonexistent") / name
    if not path.is_dir():
        pytest.skip("BACKOFFICE_SAMPLE_DATA names no folder with the sample data")
    return path


@pytest.fixture(scope="module")
def kept_for_module(django_db_setup, django_db_blocker):
    """What is written below this lasts for all tests of a module, and no longer."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


def rows(path):
    """The rows of a csv file as dictionaries."""
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path, heading, lines):
    """A small csv file."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([heading, *lines])
    return path


def half_up(number):
    """Rounded to cents, half away from zero."""
    return number.quantize(CENT, rounding=ROUND_HALF_UP)


def import_records(record_type, path, **options):
    """The outcome of the command."""
    output = StringIO()
    call_command("import_records", record_type, str(path), json=True, stdout=output, **options)
    return json.loads(output.getvalue())


def bring_in(name, source, made):
    """Carry out the steps of `name`.json: files of `source`, or of `made` where a step says so. Returns the outcomes by record type."""
    outcomes = {}
    for step in json.loads((STEPS / f"{name}.json").read_text(encoding="utf-8")):
        kind = step["record_type"]
        with changes("form"):
            mapping = ImportMapping.objects.create(
                record_type=kind, name=step["name"], columns=step.get("columns", {}), options=step.get("options", {})
            )
        path = (made if step.get("made") else source) / step["file"]
        outcome = import_records(kind, path, mapping=mapping.name)
        assert (outcome["status"], outcome["refused"]) == ("imported", []), (kind, outcome["refused"][:5])
        outcomes[kind] = outcome
    return outcomes
