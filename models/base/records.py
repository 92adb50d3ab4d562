"""What a record, a line and a ledger row are."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from models.base import policy
from models.base.actor import current_user
from models.base.history import Tracked
from models.base.protocols import current_changeset, default_company_id


class TrackedModel(models.Model):
    """A row whose every change is in the history, on every path that writes, with who made it first and last."""

    GOVERNED_BY = None  # the name of the key whose record's rights hold for this one (lines, links)

    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("created by"),
        db_index=False,
    )
    changed_at = models.DateTimeField(_("changed at"), default=timezone.now, editable=False)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("changed by"),
        db_index=False,
    )
    history = Tracked()

    class Meta:
        abstract = True

    def save(self, *args, update_fields=None, **kwargs):
        user = current_user()
        user_id = user.pk if user is not None and user.pk else None
        if self._state.adding:
            self.created_by_id = self.created_by_id or user_id
        self.changed_at, self.changed_by_id = timezone.now(), user_id or self.changed_by_id
        if update_fields is not None:
            update_fields = {*update_fields, "changed_at", "changed_by"}
        super().save(*args, update_fields=update_fields, **kwargs)

    def title(self):
        """The text that names this row to those who may see it."""
        return f"{self._meta.verbose_name} {self.pk}"

    def __str__(self):
        return policy.label(self)


class Record(TrackedModel):
    """A thing people own and work on. It belongs to a company; owner, department and region say whose it is."""

    LABEL_FIELDS = ()  # the fields title() shows; hidden where any of them is hidden

    company = models.ForeignKey("org.Company", models.PROTECT, verbose_name=_("company"), related_name="+")
    owner = models.ForeignKey("org.Employee", models.PROTECT, null=True, blank=True, verbose_name=_("owner"), related_name="+")
    department = models.ForeignKey("org.Department", models.PROTECT, null=True, blank=True, verbose_name=_("department"), related_name="+")
    region = models.ForeignKey("org.Region", models.PROTECT, null=True, blank=True, verbose_name=_("region"), related_name="+")
    extra = models.JSONField(_("custom fields"), default=dict, blank=True, encoder=DjangoJSONEncoder)

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        if self.company_id is None:
            self.company_id = default_company_id(current_user())
        super().save(*args, **kwargs)


class Line(TrackedModel):
    """A row of a document, in its order. DOCUMENT_FIELD names the key to the document, whose lock and rights hold here too."""

    DOCUMENT_FIELD = None
    LOCKED = ()

    position = models.PositiveIntegerField(_("position"), default=0)
    extra = models.JSONField(_("custom fields"), default=dict, blank=True, encoder=DjangoJSONEncoder)

    class Meta:
        abstract = True
        ordering = ["position", "id"]

    def title(self):
        return f"{self._meta.verbose_name} {self.position}"


class Ledger(models.Model):
    """A posted fact: never edited, never deleted, corrected by a reversing row. It knows its source and its own dimensions.

    `amount`-like columns stand beside their currency; `date` is the business date. Rows are written by operations only.
    """

    APPEND_ONLY = True

    source_type = models.ForeignKey("contenttypes.ContentType", models.PROTECT, verbose_name=_("source type"), related_name="+")
    source_id = models.BigIntegerField(_("source key"))
    source_number = models.CharField(_("source document"), max_length=60, blank=True)
    date = models.DateField(_("date"))
    company = models.ForeignKey("org.Company", models.PROTECT, verbose_name=_("company"), related_name="+")
    owner = models.ForeignKey("org.Employee", models.PROTECT, null=True, verbose_name=_("owner"), related_name="+")
    department = models.ForeignKey("org.Department", models.PROTECT, null=True, verbose_name=_("department"), related_name="+")
    region = models.ForeignKey("org.Region", models.PROTECT, null=True, verbose_name=_("region"), related_name="+")
    posted_at = models.DateTimeField(_("posted at"), default=timezone.now)
    changeset = models.UUIDField(_("change set"), null=True, editable=False)
    is_opening = models.BooleanField(_("opening"), default=False)

    class Meta:
        abstract = True

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"


def dimensions(source, date=None):
    """The columns every ledger row takes from its source document."""
    from django.contrib.contenttypes.models import ContentType

    return {
        "source_type": ContentType.objects.get_for_model(source),
        "source_id": source.pk,
        "source_number": source.number or source.external_number or "",
        "date": date or source.date,
        "company_id": source.company_id,
        "owner_id": source.owner_id,
        "department_id": source.department_id,
        "region_id": source.region_id,
        "changeset": current_changeset(),
        "is_opening": source.is_opening,
    }
