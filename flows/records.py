"""Routes as they were walked: a process per submission, a task per step, an event for what is no decision.

The tables are viewflow's in shape, with the columns and indexes an inbox needs. A process is only the way of a document:
where the document stands, its own columns say.
"""

from contextlib import contextmanager

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.models import AbstractProcess, AbstractTask
from viewflow.workflow.status import PROCESS, STATUS

from flows.definitions import document_choices
from models.base import words
from models.base.fields import AmountField
from models.base.history import Tracked
from models.lowcode.models import in_language

OPEN = (STATUS.NEW, STATUS.ASSIGNED)


def fact_in_words(name, value):
    """What a document was found to be, with the name of the fact."""
    from flows.facts import FACTS, shown

    fact = FACTS.get(name)
    if fact is None:
        return words.spelt(name), value
    return str(fact.label), value if value is None or isinstance(value, bool) else shown(fact, value)


class Decision(models.TextChoices):
    """What a person can do with a task."""

    APPROVE = "approve", _("Approved")
    REJECT = "reject", _("Rejected")
    RETURN = "return", _("Returned")
    RESUBMIT = "resubmit", _("Submitted again")


class ApprovalProcess(AbstractProcess):
    """The way of one document from a submit to its end. Everything a decider needs to know is frozen here at the submit."""

    class Outcome(models.TextChoices):
        OPEN = "pending", _("In approval")
        APPROVED = "approved", _("Approved")
        NO_RULE = "no_rule", _("Approved: no rule asks anybody")
        RETURNED = "returned", _("Returned")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    IN_WORDS = {
        "levels": lambda levels, _process: [in_language(level["labels"]) for level in levels],
        "level": lambda level, _process: level + 1 if level >= 0 else "",
    }
    KEYS_IN_WORDS = {"facts": lambda name, value, _process: fact_in_words(name, value)}

    # What viewflow's start sets and nobody needs.
    parent_task = seed = artifact = data = None
    decided = ()  # while the route moves: the decisions of the level just decided, the last one last

    created = models.DateTimeField(_("submitted on"), default=timezone.now)
    finished = models.DateTimeField(_("ended on"), blank=True, null=True)
    content_type = models.ForeignKey("contenttypes.ContentType", models.PROTECT, related_name="+", verbose_name=_("document type"))
    object_id = models.BigIntegerField(_("document key"))
    document = GenericForeignKey("content_type", "object_id")
    code = models.CharField(_("document"), max_length=20, choices=document_choices)
    number = models.CharField(_("number"), max_length=60, blank=True)
    subject = models.CharField(_("customer"), max_length=200, blank=True)
    amount = AmountField(_("amount"), default=0)
    company = models.ForeignKey("org.Company", models.PROTECT, related_name="+", verbose_name=_("company"))
    submitter = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("submitted by"), db_index=False
    )
    document_owner = models.ForeignKey("org.Employee", models.PROTECT, null=True, related_name="+", verbose_name=_("owner"), db_index=False)
    chain = models.ForeignKey("flows.ApprovalChain", models.PROTECT, null=True, related_name="processes", verbose_name=_("approval chain"))
    facts = models.JSONField(_("facts"), default=dict, encoder=DjangoJSONEncoder)
    levels = models.JSONField(_("levels"), default=list, encoder=DjangoJSONEncoder)
    level = models.IntegerField(_("level"), default=-1)
    round = models.PositiveIntegerField(_("round"), default=1)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices, default=Outcome.OPEN)

    history = Tracked()

    class Meta:
        verbose_name = _("approval process")
        verbose_name_plural = _("approval processes")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["content_type", "object_id"], name="flows_process_document"),
            models.Index(fields=["submitter", "-created"], name="flows_process_submitter"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["content_type", "object_id"], condition=Q(status="NEW"), name="flows_process_one_open"),
        ]

    def __str__(self):
        return f"{self.get_code_display()} {self.number}".strip()

    @property
    def is_open(self):
        return self.status == PROCESS.NEW

    @property
    def current_level(self):
        """The frozen level that is being decided, or None."""
        return self.levels[self.level] if 0 <= self.level < len(self.levels) else None

    @property
    def level_name(self):
        """The name of the current level in the reader's language."""
        level = self.current_level
        return in_language(level["labels"]) if level else ""


class ApprovalTask(AbstractTask):
    """One step: a person's (owner), a role's (whoever takes it), or one of the route's own."""

    IN_WORDS = {
        "data": lambda data, _task: in_language(data.get("labels")),
        "level": lambda level, _task: level + 1 if level >= 0 else "",
    }

    # viewflow's columns that this house does not use.
    scheduled = external_task_id = owner_permission = seed = artifact = None
    owner_permission_content_type = models.ForeignKey(
        "contenttypes.ContentType", models.PROTECT, null=True, related_name="+", db_index=False
    )
    # Here without the original's own indexes: the inbox is served by those below.
    status = models.CharField(_("status"), max_length=10, choices=STATUS.choices, default=STATUS.NEW)
    created = models.DateTimeField(_("waiting since"), default=timezone.now)
    finished = models.DateTimeField(_("decided on"), blank=True, null=True)

    process = models.ForeignKey(ApprovalProcess, models.PROTECT, related_name="task_set", verbose_name=_("approval process"))
    data = models.JSONField(_("data"), default=dict, blank=True, encoder=DjangoJSONEncoder)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("approver"), db_index=False
    )
    role = models.ForeignKey("org.Role", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("role"), db_index=False)
    round = models.PositiveIntegerField(_("round"), default=1)
    level = models.IntegerField(_("level"), default=-1)
    decision = models.CharField(_("decision"), max_length=10, choices=Decision.choices, blank=True)
    comment = models.TextField(_("comment"), blank=True)
    is_added = models.BooleanField(_("added signer"), default=False)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    attention_at = models.DateTimeField(_("next reminder"), null=True, blank=True)
    is_reminded = models.BooleanField(_("reminded"), default=False)
    is_escalated = models.BooleanField(_("escalated"), default=False)

    history = Tracked()

    class Meta:
        verbose_name = _("approval task")
        verbose_name_plural = _("approval tasks")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["owner", "status", "-created"], name="flows_task_inbox"),
            models.Index(fields=["role", "-created"], condition=Q(status="NEW", role__isnull=False), name="flows_task_queue"),
            models.Index(fields=["attention_at"], condition=Q(status__in=["NEW", "ASSIGNED"]), name="flows_task_attention"),
            models.Index(fields=["owner", "-finished"], condition=Q(finished__isnull=False), name="flows_task_done"),
        ]

    def __str__(self):
        return f"{self.process}: {self.level_name or self.flow_task}"

    @contextmanager
    def activation(self):
        """The task's activation, with its process locked and both read anew. The document must be locked already."""
        with self.flow_task.flow_class.lock(self.process_id):
            task = ApprovalTask.objects.select_related("process__submitter__employee", "owner__employee").get(pk=self.pk)
            yield task.flow_task.activation_class(task)

    arrived_from = None  # the task before this one, linked when this one is first stored

    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        if self.arrived_from is not None:
            self.previous.add(self.arrived_from)
            self.arrived_from = None

    @property
    def is_open(self):
        return self.status in OPEN

    @property
    def level_name(self):
        """The name of the level this task belongs to, in the reader's language."""
        return in_language(self.data.get("labels")) if self.data else ""

    @property
    def waits_for(self):
        """Who has to act: the owner's name, else the role's."""
        return self.owner.title() if self.owner_id else self.role.title() if self.role_id else ""


class ApprovalEvent(models.Model):
    """Something that happened on a route beside the decisions. Only ever added."""

    APPEND_ONLY = True

    class Kind(models.TextChoices):
        CLAIMED = "claimed", _("Took the task")
        RELEASED = "released", _("Gave the task back")
        REASSIGNED = "reassigned", _("Reassigned")
        ADDED = "added", _("Added a signer")
        NUDGED = "nudged", _("Asked to hurry")
        REMINDED = "reminded", _("Reminded")
        ESCALATED = "escalated", _("Escalated")
        SKIPPED = "skipped", _("Not asked again: agreed one level before")
        FALLBACK = "fallback", _("Nobody found: went to the fallback")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    process = models.ForeignKey(ApprovalProcess, models.PROTECT, related_name="events", verbose_name=_("approval process"))
    task = models.ForeignKey(ApprovalTask, models.PROTECT, null=True, related_name="+", verbose_name=_("approval task"), db_index=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    at = models.DateTimeField(_("at"), default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by"), db_index=False)
    to = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("to"), db_index=False)
    round = models.PositiveIntegerField(_("round"), default=1)
    level = models.IntegerField(_("level"), default=-1)
    comment = models.TextField(_("comment"), blank=True)

    class Meta:
        verbose_name = _("approval event")
        verbose_name_plural = _("approval events")
        ordering = ["id"]
        default_permissions = ("view",)

    def __str__(self):
        return f"{self.get_kind_display()}"


class MyTask(ApprovalTask):
    """Tasks that wait for the reader himself."""

    class Meta:
        proxy = True
        verbose_name = _("my task")
        verbose_name_plural = _("my tasks")
        default_permissions = ()


class QueueTask(ApprovalTask):
    """Tasks that wait for anybody with one of the reader's roles."""

    class Meta:
        proxy = True
        verbose_name = _("task in the queue")
        verbose_name_plural = _("queue")
        default_permissions = ()


class DoneTask(ApprovalTask):
    """Tasks the reader has decided."""

    class Meta:
        proxy = True
        verbose_name = _("task done")
        verbose_name_plural = _("tasks done")
        default_permissions = ()


class StartedByMe(ApprovalProcess):
    """Documents the reader has submitted."""

    class Meta:
        proxy = True
        verbose_name = _("submitted by me")
        verbose_name_plural = _("submitted by me")
        default_permissions = ()
