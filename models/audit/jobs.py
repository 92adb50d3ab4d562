"""What the worker does beside running tasks: signs of life, tasks of dead workers, repeating tasks.

Tasks must be idempotent: one whose worker was killed is started again.
"""

import logging
import os
import time
from datetime import timedelta

from django.conf import settings
from django.db import close_old_connections, transaction
from django.utils import timezone

from models.audit.models import Periodic, WorkerHeartbeat

BEAT = timedelta(seconds=getattr(settings, "WORKER_BEAT_SECONDS", 10))
DEAD = timedelta(seconds=getattr(settings, "WORKER_DEAD_SECONDS", 60))
MAXIMUM_STARTS = 3

REPEATING = {}
log = logging.getLogger(__name__)


class WorkerLost(Exception):
    """A task whose workers died each time it was started."""


def every(seconds):
    """Declare a task repeating; one worker of all enqueues it when it is due."""

    def declare(task):
        REPEATING[task.module_path] = (task, timedelta(seconds=seconds))
        return task

    return declare


def tick():
    """Enqueue the repeating tasks that are due. Any number of workers may call it at once. Returns the names enqueued."""
    now, enqueued = timezone.now(), []
    due = dict(Periodic.objects.values_list("name", "next_at"))
    for name, (task, interval) in REPEATING.items():
        if name not in due:
            due[name] = Periodic.objects.get_or_create(name=name, defaults={"next_at": now})[0].next_at
        if due[name] > now:
            continue
        with transaction.atomic():
            if Periodic.objects.filter(name=name, next_at=due[name]).update(next_at=now + interval):
                task.enqueue()
                enqueued.append(name)
    return enqueued


def recover():
    """Give tasks of silent workers back to the queue, or up after three starts. Returns how many were moved."""
    from django_tasks_db.models import DBTaskResult

    silent_since = timezone.now() - DEAD
    alive = set(WorkerHeartbeat.objects.filter(at__gt=silent_since).values_list("worker", flat=True))
    moved = 0
    for result in DBTaskResult.objects.running().filter(started_at__lt=silent_since):
        if result.worker_ids and result.worker_ids[-1] in alive:
            continue
        if len(result.worker_ids) < MAXIMUM_STARTS:
            outcome = {"status": "READY"}
        else:
            path = f"{WorkerLost.__module__}.{WorkerLost.__qualname__}"
            outcome = {"status": "FAILED", "finished_at": timezone.now(), "exception_class_path": path}
        # Only if it is still the start that we looked at: two workers may recover at once.
        moved += DBTaskResult.objects.running().filter(pk=result.pk, started_at=result.started_at).update(**outcome)
    WorkerHeartbeat.objects.filter(at__lt=timezone.now() - timedelta(days=1)).delete()
    return moved


def beat(worker):
    """One sign of life of a worker, and what is due with it."""
    WorkerHeartbeat.objects.update_or_create(worker=worker, defaults={"at": timezone.now(), "process": os.getpid()})
    recover()
    tick()


def heartbeat(get_id, stop=None):
    """Beat for ever (or until the event `stop`), in a thread of the worker. `get_id` is asked each time: a worker may take a new id."""
    while stop is None or not stop.is_set():
        try:
            close_old_connections()
            beat(get_id())
        except Exception:
            log.exception("The worker's heartbeat failed; it goes on.")
        if stop is None:
            time.sleep(BEAT.total_seconds())
        else:
            stop.wait(BEAT.total_seconds())
    close_old_connections()
