"""The outbox: what the house owes the world is stored with the deed that owes it, and sent by the worker until it is done.

`post_message()` runs in the caller's transaction, so a deed that is rolled back sends nothing and a deed that is done sends surely.
Delivery is at least once: a sender gets an idempotency key to let the receiver drop a repeat.
"""

import hashlib
import uuid
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from models.audit.models import OutboxMessage

MAXIMUM_ATTEMPTS = 6
LEASE = timedelta(minutes=2)  # longer than any sender may take; then the message counts as not sent
LONGEST_WAIT = timedelta(hours=1)

SENDERS = {}
State = OutboxMessage.State


def sender(channel):
    """Declare the decorated function `send(payload, *, idempotency_key)` the sender of a channel. It raises when it fails."""

    def declare(function):
        SENDERS[channel] = function
        return function

    return declare


def post_message(key, channel, payload, *, due_at=None):
    """Store a message in the open transaction; the same key never twice. The worker is called after the commit."""
    message, created = OutboxMessage.objects.get_or_create(
        key=key, defaults={"channel": channel, "payload": payload, "due_at": due_at or timezone.now()}
    )
    if created:
        from models.audit.tasks import deliver

        transaction.on_commit(lambda: deliver.enqueue(message.pk), robust=True)
    return message


def deliver_message(pk):
    """Send one message if it is due and nobody else is sending it. Returns its new state, or "" when there was nothing to do."""
    now, lease = timezone.now(), uuid.uuid4()
    due = OutboxMessage.objects.filter(Q(state=State.READY) | Q(state=State.SENDING), pk=pk, due_at__lte=now)
    taken = {"state": State.SENDING, "lease": lease, "attempts": F("attempts") + 1, "due_at": now + LEASE}
    if not due.filter(attempts__lt=MAXIMUM_ATTEMPTS).update(**taken):
        due.update(state=State.DEAD, error="The worker stopped while sending.")
        return ""
    message = OutboxMessage.objects.get(pk=pk)
    outcome = _send(message)
    OutboxMessage.objects.filter(pk=pk, lease=lease).update(**outcome)
    return outcome["state"]


def _send(message):
    try:
        if message.channel not in SENDERS:
            raise LookupError(f"No sender for the channel “{message.channel}”.")
        SENDERS[message.channel](message.payload, idempotency_key=message.key)
    except Exception as error:  # a sender may fail in any way; the message keeps the reason
        dead = message.attempts >= MAXIMUM_ATTEMPTS
        wait = min(LONGEST_WAIT, timedelta(seconds=2**message.attempts))
        return {"state": State.DEAD if dead else State.READY, "error": repr(error)[:500], "due_at": timezone.now() + wait, "lease": None}
    return {"state": State.SENT, "error": "", "sent_at": timezone.now(), "lease": None}


def due_messages():
    """Messages that wait, or whose sender has fallen silent, in the order they became due."""
    return OutboxMessage.objects.filter(state__in=(State.READY, State.SENDING), due_at__lte=timezone.now()).order_by("due_at", "pk")


def deliver_due(limit=200):
    """Send what is due, here and now. Returns how many were sent."""
    return sum(deliver_message(pk) == State.SENT for pk in list(due_messages().values_list("pk", flat=True)[:limit]))


def retry_message(message):
    """Give a message that was given up six new attempts."""
    OutboxMessage.objects.filter(pk=message.pk, state=State.DEAD).update(state=State.READY, attempts=0, due_at=timezone.now(), error="")


@sender("mail")
def send_mail(payload, *, idempotency_key):
    """A mail from {to, subject, body} and optionally {cc, html, from}. The Message-ID is the same at every attempt."""
    sent_from = payload.get("from") or settings.DEFAULT_FROM_EMAIL
    digest = hashlib.sha256(idempotency_key.encode()).hexdigest()[:32]
    domain = sent_from.rpartition("@")[2].strip("<> ") or "localhost"
    mail = EmailMultiAlternatives(
        subject=payload["subject"],
        body=payload.get("body", ""),
        from_email=sent_from,
        to=[payload["to"]] if isinstance(payload["to"], str) else payload["to"],
        cc=payload.get("cc") or [],
        headers={"Message-ID": f"<{digest}@{domain}>"},
    )
    if payload.get("html"):
        mail.attach_alternative(payload["html"], "text/html")
    mail.send()
