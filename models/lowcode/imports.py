"""Spreadsheets that came in and went out: saved column mappings, and the log of imports and exports."""

import secrets

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from models.base import words
from models.base.records import TrackedModel


class ImportMapping(TrackedModel):
    """How the columns of somebody else's file become fields of a record type; chosen again by its name.

    `columns`: {field: source}. A source is the heading of a column, or {"column": heading} with "map" {text: text}, "transform"
    and "default" beside it, or {"columns": [headings], "transform": "join"}, or {"value": a constant}.
    `options`: "key" (fields that find an existing record), "effective" (posted history instead of drafts), "lines"
    {"sheet": name, "key": heading} where a document's lines lie in a sheet of their own, and what the effective import of the
    record type asks.
    """

    PUBLIC = True
    IN_WORDS = {"record_type": lambda code, _mapping: words.record_type(code)}
    KEYS_IN_WORDS = {
        "columns": lambda name, source, mapping: (words.field(mapping.record_type, name), source_in_words(source)),
        "options": lambda name, value, mapping: option_in_words(name, value, mapping.record_type),
    }

    record_type = models.CharField(_("record type"), max_length=60)
    name = models.CharField(_("name"), max_length=80)
    columns = models.JSONField(_("columns"), default=dict, blank=True)
    options = models.JSONField(_("options"), default=dict, blank=True)

    class Meta:
        verbose_name = _("column mapping")
        verbose_name_plural = _("column mappings")
        ordering = ["record_type", "name"]
        constraints = [models.UniqueConstraint(fields=["record_type", "name"], name="lowcode_importmapping_name")]

    def title(self):
        return self.name


def source_in_words(source):
    """Where a field of a mapping comes from: a heading, several, or a constant in quotation marks."""
    if not isinstance(source, dict):
        return source
    if "value" in source:
        return f"“{source['value']}”"
    return " + ".join(source["columns"]) if "columns" in source else source.get("column", "")


def option_in_words(name, value, record_type):
    """An option of a mapping: what it is about, and its value."""
    if name == "key":
        return gettext("A row changes the record that has the same"), [words.field(record_type, path) for path in value]
    if name == "effective":
        return gettext("Effective history"), value
    if name == "lines":
        return gettext("Sheet of the lines"), value.get("sheet", "")
    return words.key(name), value


def new_token():
    """A random key for the address of an import."""
    return secrets.token_urlsafe(24)


class ImportRun(models.Model):
    """One file on its way in. The token is in the address of its pages and works for the person who uploaded it, once.

    The file and its parsed rows lie in a folder of their own, named by the token; nothing of them is in the form.
    """

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Uploaded")
        CHECKED = "checked", _("Checked")
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    IN_WORDS = {"record_type": lambda code, _run: words.record_type(code)}

    token = models.CharField(max_length=64, unique=True, default=new_token, editable=False)
    record_type = models.CharField(_("record type"), max_length=60)
    file_name = models.CharField(_("file"), max_length=255)
    sheet = models.CharField(_("sheet"), max_length=80, blank=True)
    size = models.PositiveBigIntegerField(_("size"), default=0)
    sha256 = models.CharField(_("fingerprint"), max_length=64, blank=True)
    mapping = models.ForeignKey(ImportMapping, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("column mapping"))
    columns = models.JSONField(_("columns"), default=dict, blank=True)
    options = models.JSONField(_("options"), default=dict, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.UPLOADED)
    new = models.PositiveIntegerField(_("new"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    refused = models.PositiveIntegerField(_("refused rows"), default=0)
    message = models.TextField(_("message"), blank=True)
    changeset = models.UUIDField(_("change set"), null=True, editable=False)
    job_id = models.BigIntegerField(null=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("user"))
    created_at = models.DateTimeField(_("uploaded at"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["user", "-id"], name="lowcode_importrun_user")]

    def __str__(self):
        return self.file_name


class ExportRun(models.Model):
    """Who took which rows out, when, and how they were chosen."""

    IN_WORDS = {"record_type": lambda code, _run: words.record_type(code)}

    record_type = models.CharField(_("record type"), max_length=60)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("user"))
    at = models.DateTimeField(_("at"), default=timezone.now)
    format = models.CharField(_("format"), max_length=10)
    selection = models.TextField(_("selection"), blank=True)
    columns = models.JSONField(_("columns"), default=list, encoder=DjangoJSONEncoder)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    sha256 = models.CharField(_("fingerprint"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["user", "-id"], name="lowcode_exportrun_user")]

    def __str__(self):
        return f"{words.record_type(self.record_type)}: {self.rows}"
