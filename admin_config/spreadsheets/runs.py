"""ImportRun and its folder: the uploaded file, its rows read once, and what was refused."""

import hashlib
import json
import shutil
from datetime import timedelta
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from admin_config.spreadsheets.exporting import xlsx_file
from admin_config.spreadsheets.reading import FileRefused, Table, read_table
from admin_config.spreadsheets.running import apply, prepare
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


def keep_check(run, plan):
    """The outcome of a check: now the import may be confirmed."""
    count(run, plan)
    keep_refusals(run, plan.refusals())
    run.state = ImportRun.State.CHECKED
    run.save(update_fields=["new", "changed", "unchanged", "refused", "state"])


def fail(run, sentence):
    """Nothing was written, and why."""
    run.state, run.message, run.finished_at = ImportRun.State.FAILED, str(sentence)[:2000], timezone.now()
    run.save(update_fields=["state", "message", "finished_at"])


def work_of(run, user, table=None, *, strict=True):
    """The table of a run matched to its record type, with the rights that the person has now."""
    table = table or kept_table(run)
    if table is None:
        raise FileRefused(_("The file is no longer kept. Upload it again."))
    lines = kept_table(run, "lines") if (run.options.get("lines") or {}).get("sheet") else None
    return prepare(model_of(run), user, table, columns=run.columns or None, options=run.options, line_table=lines, strict=strict)


def carry_out(run, work, *, request=None, progress=None):
    """Write what the run says, and note what came of it."""

    def written(plan, changeset):
        """In the transaction of the import: a worker that dies after it does not import twice."""
        count(run, plan)
        run.changeset, run.state, run.finished_at = changeset, ImportRun.State.DONE, timezone.now()
        run.save(update_fields=["new", "changed", "unchanged", "refused", "changeset", "state", "finished_at"])

    try:
        plan, changeset = apply(work, source=run.file_name, request=request, progress=progress, written=written)
    except FileRefused as refused:
        fail(run, refused.message)
        return
    except BaseException:
        fail(run, _("The import broke off; nothing was written."))
        raise
    keep_refusals(run, plan.refusals())
    if changeset is None:  # nothing was to be written
        run.changeset = None
        run.save(update_fields=["changeset"])


# -- what the pages show ---------------------------------------------------------------------------------------------


def first_rows(work, plan, most):
    """[(row number, state, cells)] of the first rows, with what would become of them."""
    states = {one.number: "new" for one in plan.new} | {one.number: "changed" for one in plan.changed}
    refused = {number for _is_line, number in plan.errors}
    gathered, shown = work.gathered, []
    by_owner = {}
    for row, owner in zip(gathered.lines, gathered.owners, strict=True):
        by_owner.setdefault(owner, row)
    for index, (row, number) in enumerate(zip(gathered.heads[:most], gathered.head_numbers, strict=False)):
        cells = [_shown(source, row) for source in work.sources] + [_shown(source, by_owner.get(index)) for source in work.line_sources]
        shown.append((number, "refused" if number in refused else states.get(number, "unchanged"), cells))
    return shown


def _shown(source, row):
    if row is None:
        return ""
    cells, wrong = source.cells([row])
    return "" if wrong or cells[0] is None else cells[0]


def refused_workbook(run, work):
    """The refused rows as they were in the file, all rows of a refused document among them, and what is wrong with each."""
    complaints, elsewhere = {}, []
    for one in refusals_of(run):
        words = f"{one['column']}: {one['message']}" if one["column"] else one["message"]
        if one.get("sheet"):
            elsewhere.append([f"{one['sheet']} {one['row']}: {words}"])
        else:
            complaints.setdefault(one["row"], []).append(words)
    gathered = work.gathered
    documents = [{number} for number in gathered.head_numbers]
    for number, owner in zip(gathered.line_numbers, gathered.owners, strict=True):
        documents[owner].add(number)
    wanted = set(complaints)
    for numbers in documents if not elsewhere else ():
        if numbers & complaints.keys():
            wanted |= numbers
    table, width = kept_table(run), len(work.headings)
    rows = [
        [*row[:width], *[None] * (width - len(row)), "; ".join(complaints.get(number, ()))]
        for row, number in zip(table.rows, table.numbers, strict=True)
        if number in wanted
    ]
    return xlsx_file([*work.headings, _("Refused because")], rows + [[*[None] * width, *words] for words in elsewhere])[0]


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
