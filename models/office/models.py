"""Attachments: files that hang on any record. The name in a row, the content under a random name outside the web root."""

import uuid

from django.contrib.contenttypes.fields import GenericForeignKey
from django.db import models
from django.utils.translation import gettext_lazy as _

from models.base.records import TrackedModel


def stored_name(_attachment, _filename):
    """<2 hex>/<uuid>: no user's text ever becomes a path."""
    key = uuid.uuid4().hex
    return f"{key[:2]}/{key}"


class Attachment(TrackedModel):
    """A file on a record. Who may see the record may see its files."""

    content_type = models.ForeignKey("contenttypes.ContentType", models.PROTECT, related_name="+")
    object_id = models.BigIntegerField()
    record = GenericForeignKey("content_type", "object_id")
    name = models.CharField(_("file name"), max_length=200)
    file = models.FileField(_("file"), upload_to=stored_name, max_length=100)
    size = models.PositiveBigIntegerField(_("size"), default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    media_type = models.CharField(max_length=100, blank=True)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["id"]
        indexes = [models.Index(fields=["content_type", "object_id"], name="office_attachment_record")]

    def title(self):
        return self.name
