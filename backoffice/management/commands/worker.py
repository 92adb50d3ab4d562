"""manage.py worker: runs background tasks, and does not die where the library's own worker would.

Promises: SIGTERM or Ctrl-C finishes the running task and takes no other; a second one stops at once. A locked or lost database is
waited for. A task whose worker was killed is started again by any worker that lives (models.audit.jobs.recover), so a task must bear
being run twice. Repeating tasks (`every` in any area's tasks.py, the pruning of old results among them) become due in every worker
and are enqueued by one.
"""

import logging
import random
import signal
import threading
import time

from django.db import InterfaceError, OperationalError, connections
from django.utils.crypto import get_random_string
from django.utils.module_loading import autodiscover_modules
from django_tasks_db.management.commands import db_worker

from models.audit import jobs

logger = logging.getLogger("backoffice.worker")


class SafeWorker(db_worker.Worker):
    """The library's worker with a heartbeat, and with a database that may go away and come back."""

    def shutdown(self, number, frame):
        """Only say so: the loop ends after this task or this pause. Leaving from inside a signal could abandon a task just claimed."""
        if not self.running:
            return super().shutdown(number, frame)
        logger.info("%s: finishing the running task", signal.strsignal(number))
        self.running = False

    def run(self):
        stopped = threading.Event()
        heart = threading.Thread(target=jobs.heartbeat, args=(lambda: self.worker_id, stopped), name="heartbeat", daemon=True)
        heart.start()
        try:
            while self.running:
                try:
                    return super().run()
                except (OperationalError, InterfaceError) as error:
                    logger.warning("the database does not answer, trying again: %s", error)
                    connections.close_all()
                    self.running_task = False
                    self.worker_id = get_random_string(32)  # the old id goes stale, which frees a task left half done
                    time.sleep(1 + random.random())
        finally:
            stopped.set()
            heart.join(2)


class Command(db_worker.Command):
    help = "Run background tasks until told to stop. One worker serves all queues; a second one may take the slow queue alone."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        # Idle it costs 1-2 % of a core at this interval, and a task waits 0.2 s on average.
        parser.set_defaults(queue_name="*", interval=0.4, reload=False, startup_delay=False)

    def handle(self, *, verbosity, queue_name, exclude_queues, worker_id, **options):
        self.configure_logging(verbosity)
        autodiscover_modules("tasks")
        worker = SafeWorker(
            queue_names=queue_name.split(","),
            excluded_queue_names=exclude_queues.split(",") if exclude_queues else [],
            worker_id=worker_id or get_random_string(32),
            **{name: options[name] for name in ("interval", "batch", "backend_name", "startup_delay", "max_tasks")},
        )
        worker.configure_signals()
        worker.run()
