"""Background tasks of the house itself. A task is a doorbell that carries a key; state and attempts are in our own tables."""

from datetime import timedelta

from django.utils import timezone
from django_tasks import task

from models.audit import outbox
from models.audit.jobs import every
from models.audit.models import OnceToken, OutboxMessage

KEEP_TOKENS = timedelta(days=30)
KEEP_SENT_MESSAGES = timedelta(days=90)
KEEP_FINISHED_TASKS = timedelta(days=7)


@task(queue_name="outbox")
def deliver(pk):
    """Send one message of the outbox."""
    return outbox.deliver_message(pk)


@every(seconds=15)
@task(queue_name="outbox")
def sweep():
    """Ring again for what is due: retries, lost doorbells, senders that died."""
    return outbox.deliver_due(limit=200)


@every(seconds=24 * 3600)
@task()
def prune():
    """Forget what nobody asks for any more: old tokens, sent messages, finished tasks."""
    from django_tasks_db.models import DBTaskResult

    now = timezone.now()
    OnceToken.objects.filter(created_at__lt=now - KEEP_TOKENS).delete()
    OutboxMessage.objects.filter(state=OutboxMessage.State.SENT, sent_at__lt=now - KEEP_SENT_MESSAGES).delete()
    DBTaskResult.objects.finished().filter(finished_at__lt=now - KEEP_FINISHED_TASKS).delete()
