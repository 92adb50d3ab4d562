"""Long imports, carried out by the worker for the person who asked, with the rights he has by then."""

from datetime import timedelta

from django.db import transaction
from django.utils import translation
from django_tasks import task

from admin_config.spreadsheets import runs
from admin_config.spreadsheets.reading import FileRefused
from models.audit.jobs import every
from models.audit.models import Job
from models.audit.progress import Cancelled, report, running
from models.base.actor import acting
from models.lowcode.models import ImportRun

DAY = timedelta(days=1)


def enqueue(run, title):
    """Hand a long import to the worker, with a job that the person can watch."""
    job = Job.objects.create(kind="import", title=f"{title}: {run.file_name}"[:200], requested_by=run.user_id, parameters={"run": run.pk})
    run.job_id, run.state = job.pk, ImportRun.State.WAITING
    run.save(update_fields=["job_id", "state"])
    transaction.on_commit(lambda: import_run.enqueue(run.pk))


@task()
def import_run(pk):
    """Write one waiting import. Started a second time, after its worker was lost, it begins anew or, if all was written, just ends."""
    run = ImportRun.objects.select_related("user__employee").get(pk=pk)
    job = Job.objects.get(pk=run.job_id)
    Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(state=Job.State.WAITING)
    with running(job) as is_mine, acting(run.user), translation.override(run.user.language or None):
        if is_mine and run.state in (ImportRun.State.WAITING, ImportRun.State.RUNNING):
            _carry_out(run, job)


def _carry_out(run, job):
    ImportRun.objects.filter(pk=run.pk).update(state=ImportRun.State.RUNNING)
    try:
        work = runs.work_of(run, run.user)
        runs.carry_out(run, work, progress=lambda done, total: report(job.pk, done=done, total=total))
    except FileRefused as refused:
        runs.fail(run, refused.message)
    except Cancelled:
        runs.fail(run, translation.gettext("The import was cancelled; nothing was written."))
        raise
    Job.objects.filter(pk=job.pk).update(changeset=run.changeset, message=run.message, done=run.new + run.changed)


@every(seconds=int(DAY.total_seconds()))
@task()
def forget_import_files():
    """Remove the files of imports that nobody will look at any more."""
    return runs.forget_files()
