"""ImportRun and its folder: the uploaded file, its rows read once, and what was refused."""

import hashlib
import json
import shutil
from datetime import timedelta
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.utils import timezone

from admin_config.spreadsheets.reading import Table, read_table
from models.lowcode.models import ImportRun

KEPT = timedelta(days=7)  # afterwards the file is gone; the row of the run stays


def folder_of(run):
    """Where the files of a run lie: beside the attachments, because every web server and worker reaches them there."""
    return Path(settings.MEDIA_ROOT) / "imports" / run.token[:2] / run.token


def start_run(model, user, upload, name):
    """Keep an uploaded file (an iterable of chunks) and its run. Nothing is read yet."""
    run = ImportRun(record_type=model._meta.label_lower, file_name=Path(name).name[:255], user=user)
    folder = folder_of(run)
    folder.mkdir(parents=True)
    digest, size = hashlib.sha256(), 0
    with open(folder / "file", "wb") as target:
        for chunk in upload:
            target.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    run.sha256, run.size = digest.hexdigest(), size
    run.save()
    return run


def read_run(run, sheet=""):
    """Read the file of a run in the cage, once per sheet, and keep the rows. Raises FileRefused."""
    folder = folder_of(run)
    table = read_table(folder / "file", sheet)
    _keep(folder / "rows.json", table)
    run.sheet = table.sheet[:80]
    run.save(update_fields=["sheet"])
    return table


def read_lines(run, sheet):
    """The same for a sheet that holds the documents' lines."""
    table = read_table(folder_of(run) / "file", sheet)
    _keep(folder_of(run) / "lines.json", table)
    return table


def _keep(path, table):
    path.write_text(json.dumps([table.rows, table.numbers, table.sheet, table.sheets]), encoding="utf-8", errors="surrogatepass")


def kept_table(run, name="rows"):
    """The rows read before, or None."""
    path = folder_of(run) / f"{name}.json"
    if not path.exists():
        return None
    return Table(*json.loads(path.read_text(encoding="utf-8", errors="surrogatepass")))


def keep_refusals(run, refusals):
    """Remember what was refused, for the page and the workbook of refused rows."""
    (folder_of(run) / "refused.json").write_text(json.dumps(refusals), encoding="utf-8")


def refusals_of(run):
    path = folder_of(run) / "refused.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def count(run, plan):
    """Write the plan's numbers into the run."""
    run.new, run.changed, run.unchanged, run.refused = len(plan.new), len(plan.changed), plan.unchanged, plan.refused_rows


def record_run(model, user, file, sheet, mapping, plan, changeset):
    """The log of an import by the command line."""
    run = ImportRun(
        record_type=model._meta.label_lower,
        file_name=Path(file).name[:255],
        sheet=sheet[:80],
        size=Path(file).stat().st_size,
        sha256=hashlib.sha256(Path(file).read_bytes()).hexdigest(),
        mapping=mapping,
        state=ImportRun.State.DONE,
        changeset=changeset,
        user=user if user.pk else None,
        finished_at=timezone.now(),
    )
    count(run, plan)
    run.save()
    return run


def model_of(run):
    """The record type of a run."""
    return apps.get_model(run.record_type)


def forget_files():
    """Remove the folders of old runs. Returns how many."""
    gone = 0
    for run in ImportRun.objects.filter(created_at__lt=timezone.now() - KEPT).order_by("pk"):
        folder = folder_of(run)
        if folder.exists():
            shutil.rmtree(folder, ignore_errors=True)
            gone += 1
    return gone
