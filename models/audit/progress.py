"""Progress of long work, visible while its transaction is open.

A row written inside the transaction is seen by nobody before the commit. On PostgreSQL progress goes through a connection of its own;
SQLite has one writer, so there it goes into a small file beside the database.
"""

import json
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings
from django.db import OperationalError, connection
from django.utils import timezone

from models.audit.models import Job


class Cancelled(Exception):
    """The requester asked to stop."""


def report(job_id, *, done, total=None, message=None):
    """Say how far the work is, some times a second at most. Raises Cancelled when the requester has asked to stop."""
    news = {name: value for name, value in {"done": done, "total": total, "message": message}.items() if value is not None}
    if not connection.in_atomic_block:
        Job.objects.filter(pk=job_id).update(**news)
    elif connection.vendor == "sqlite":
        _file(job_id, "json").write_text(json.dumps(news))
    else:
        _update_outside(job_id, news)
    if is_cancelled(job_id):
        raise Cancelled


def is_cancelled(job_id):
    """True once the requester has asked to stop."""
    if connection.vendor == "sqlite" and connection.in_atomic_block:
        return _file(job_id, "cancel").exists()
    return Job.objects.filter(pk=job_id, cancel_requested=True).exists()


def request_cancel(job_id):
    """Ask the work to stop at its next report."""
    if connection.vendor == "sqlite":
        _file(job_id, "cancel").touch()  # first: the row may have to wait for the work's own transaction
    Job.objects.filter(pk=job_id, state__in=(Job.State.WAITING, Job.State.RUNNING)).update(cancel_requested=True)


def progress_of(job):
    """(done, total, message) of a job, the newest known."""
    news = {}
    if connection.vendor == "sqlite" and job.state == Job.State.RUNNING and _file(job.pk, "json").exists():
        try:
            news = json.loads(_file(job.pk, "json").read_text())
        except (OSError, ValueError):
            news = {}  # being written this moment
    return news.get("done", job.done), news.get("total", job.total), news.get("message", job.message)


@contextmanager
def running(job):
    """Mark the job running, then done, cancelled or failed with its message. Nothing if another worker has it."""
    if not Job.objects.filter(pk=job.pk, state=Job.State.WAITING).update(state=Job.State.RUNNING, started_at=timezone.now()):
        yield False
        return
    state, message = Job.State.DONE, None
    try:
        yield True
    except Cancelled:
        state = Job.State.CANCELLED
    except Exception as error:
        state, message = Job.State.FAILED, str(error)
        raise
    finally:
        outcome = {"state": state, "finished_at": timezone.now()} | ({"message": message} if message else {})
        Job.objects.filter(pk=job.pk).update(**outcome)
        for kind in ("json", "cancel"):
            _file(job.pk, kind).unlink(missing_ok=True)


def _file(job_id, kind):
    folder = Path(getattr(settings, "VARIABLE_DIR", tempfile.gettempdir())) / "progress"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{job_id}.{kind}"


def _update_outside(job_id, news):
    outside = connection.copy()
    try:
        assignments = ", ".join(f'"{name}" = %s' for name in news)
        with outside.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")  # better no news than waiting for our own transaction
            with suppress(OperationalError):
                cursor.execute(f"UPDATE {Job._meta.db_table} SET {assignments} WHERE id = %s", [*news.values(), job_id])
    finally:
        outside.close()
