"""The journal of changes, and the tables that make writing safe. None of them is tracked itself."""

import uuid

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from models.audit import reasons


class ChangeSet(models.Model):
    """Who wrote, when, by which door and why. Every history row carries the key of one. Fixed once it is closed."""

    OPEN_WHILE = "id"
    IN_WORDS = {"reason": lambda reason, _changeset: reasons.in_words(reason)}

    class Kind(models.TextChoices):
        FORM = "form", _("Form")
        OPERATION = "operation", _("Operation")
        IMPORT = "import", _("Import")
        BULK = "bulk", _("Bulk change")
        JOB = "job", _("Background job")
        API = "api", _("API")
        UNDO = "undo", _("Undo")
        COMMAND = "command", _("Command line")
        MIGRATION = "migration", _("Upgrade")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(_("at"), default=timezone.now)
    transaction_number = models.BigIntegerField(_("transaction"), null=True, editable=False)
    user_id = models.BigIntegerField(_("user key"), null=True)
    user_label = models.CharField(_("user"), max_length=150, blank=True)
    on_behalf_id = models.BigIntegerField(_("on behalf of (key)"), null=True)
    on_behalf_label = models.CharField(_("on behalf of"), max_length=150, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    reason = models.TextField(_("reason"), blank=True)
    method = models.CharField(_("request method"), max_length=10, blank=True)
    path = models.CharField(_("request path"), max_length=300, blank=True)
    address = models.CharField(_("address"), max_length=45, blank=True)
    source = models.CharField(_("source file"), max_length=255, blank=True)
    company_id = models.BigIntegerField(_("company key"), null=True)
    undoes = models.UUIDField(_("undoes"), null=True)

    class Meta:
        verbose_name = _("change set")
        verbose_name_plural = _("change sets")
        ordering = ["-at", "-id"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_changeset_at"),
            models.Index(fields=["user_id", "-at"], name="audit_changeset_user"),
            models.Index(fields=["transaction_number"], name="audit_changeset_txn"),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {reasons.in_words(self.reason)}".strip()


class Touch(models.Model):
    """How many rows of which model a change set added (+), changed (~) and deleted (-). Written by the database triggers."""

    OPEN_WHILE = "changeset"

    changeset = models.UUIDField(_("change set"))
    model = models.CharField(_("model"), max_length=80)
    operation = models.CharField(_("operation"), max_length=1, choices=[("+", _("Added")), ("~", _("Changed")), ("-", _("Deleted"))])
    rows = models.BigIntegerField(_("rows"))

    class Meta:
        verbose_name = _("touched table")
        verbose_name_plural = _("touched tables")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["changeset", "model", "operation"], name="audit_touch_once")]
        indexes = [models.Index(fields=["model", "changeset"], name="audit_touch_model")]

    def __str__(self):
        return f"{self.operation}{self.rows} {self.model}"


class OutboxMessage(models.Model):
    """A side effect owed to the world (mail, SMS, web call), stored with the deed that owes it and sent by the worker."""

    class State(models.TextChoices):
        READY = "ready", _("Waiting")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        DEAD = "dead", _("Given up")

    key = models.CharField(_("key"), max_length=200, unique=True)
    channel = models.CharField(_("channel"), max_length=30)
    payload = models.JSONField(_("payload"), default=dict, encoder=DjangoJSONEncoder)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.READY)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("due at"), default=timezone.now)
    lease = models.UUIDField(_("lease"), null=True, editable=False)
    error = models.TextField(_("last error"), blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    sent_at = models.DateTimeField(_("sent at"), null=True, editable=False)

    class Meta:
        verbose_name = _("outgoing message")
        verbose_name_plural = _("outgoing messages")
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "due_at"], name="audit_outbox_due")]

    def __str__(self):
        return f"{self.channel} {self.key}"


class OnceToken(models.Model):
    """An idempotency token with the answer its first use got; see `models.audit.once`."""

    token = models.CharField(_("token"), max_length=80, unique=True)
    user_id = models.BigIntegerField(_("user key"), null=True)
    purpose = models.CharField(_("purpose"), max_length=120)
    body_hash = models.CharField(_("fingerprint of the request"), max_length=64)
    answer = models.JSONField(_("answer"), default=dict, encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("once-only token")
        verbose_name_plural = _("once-only tokens")
        default_permissions = ()

    def __str__(self):
        return self.token


class Job(models.Model):
    """Long work that its requester can watch, and ask to stop: imports, exports, big undos."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    kind = models.CharField(_("kind"), max_length=40)
    title = models.CharField(_("title"), max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    done = models.BigIntegerField(_("done"), default=0)
    total = models.BigIntegerField(_("of"), default=0)
    message = models.TextField(_("message"), blank=True)
    parameters = models.JSONField(_("parameters"), default=dict, blank=True, encoder=DjangoJSONEncoder)
    result = models.JSONField(_("result"), null=True, blank=True, encoder=DjangoJSONEncoder)
    requested_by = models.BigIntegerField(_("requested by (key)"), null=True)
    cancel_requested = models.BooleanField(_("cancel requested"), default=False)
    changeset = models.UUIDField(_("change set"), null=True, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    started_at = models.DateTimeField(_("started at"), null=True, editable=False)
    finished_at = models.DateTimeField(_("finished at"), null=True, editable=False)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-id"]
        indexes = [models.Index(fields=["requested_by", "-id"], name="audit_job_requested")]

    def __str__(self):
        return self.title or self.kind


class Periodic(models.Model):
    """When a repeating job is due next; see `models.audit.jobs.every`."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    next_at = models.DateTimeField(_("next at"))

    class Meta:
        verbose_name = _("repeating job")
        verbose_name_plural = _("repeating jobs")
        default_permissions = ("view",)

    def __str__(self):
        return self.name


class WorkerHeartbeat(models.Model):
    """A worker's sign of life. A task whose worker has fallen silent is started again."""

    worker = models.CharField(_("worker"), max_length=64, unique=True)
    process = models.IntegerField(_("process"), default=0)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")
        default_permissions = ("view",)

    def __str__(self):
        return self.worker
