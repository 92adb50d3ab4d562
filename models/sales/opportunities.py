"""Opportunities and the stages they pass."""

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from models.base.fields import AmountField, OptionField, PercentField
from models.base.records import Record, TrackedModel
from models.lowcode.models import in_language


class Stage(TrackedModel):
    """A step of selling with its chance of success. Won and lost end an opportunity."""

    PUBLIC = True

    class Outcome(models.TextChoices):
        OPEN = "open", _("Open")
        WON = "won", _("Won")
        LOST = "lost", pgettext_lazy("opportunity", "Lost")

    code = models.SlugField(_("code"), max_length=30, unique=True)
    labels = models.JSONField(_("labels"), default=dict)
    position = models.PositiveIntegerField(_("position"), default=0)
    probability = PercentField(_("success rate in %"), default=Decimal(0))
    outcome = models.CharField(_("outcome"), max_length=5, choices=Outcome.choices, default=Outcome.OPEN)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("sales stage")
        verbose_name_plural = _("sales stages")
        ordering = ["position", "id"]

    def title(self):
        return in_language(self.labels) or self.code


class Opportunity(Record):
    """A chance to sell: to whom, how much, how likely, when."""

    LABEL_FIELDS = ("name",)

    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="opportunities", verbose_name=_("customer"))
    contact = models.ForeignKey("customers.Contact", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("contact"))
    name = models.CharField(_("name"), max_length=120)
    stage = models.ForeignKey(Stage, models.PROTECT, related_name="opportunities", verbose_name=_("stage"))
    probability = PercentField(_("success rate in %"), default=Decimal(0))
    amount = AmountField(_("expected amount"), default=Decimal(0))
    expected_on = models.DateField(_("expected close"), null=True, blank=True)
    source = OptionField("customer_source", _("source"))
    need = models.TextField(_("need"), blank=True)
    next_step = models.CharField(_("next step"), max_length=200, blank=True)
    lost_reason = OptionField("lost_reason", _("reason for losing"))
    stage_since = models.DateField(_("in this stage since"), null=True, blank=True, editable=False)
    closed_on = models.DateField(_("closed on"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("opportunity")
        verbose_name_plural = _("opportunities")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["owner", "-id"], name="sales_opportunity_owner"),
            models.Index(fields=["stage", "-id"], name="sales_opportunity_stage"),
        ]

    def title(self):
        return self.name

    @property
    def weighted_amount(self):
        """Expected amount times success rate."""
        return self.amount * self.probability / 100

    def clean(self):
        from django.core.exceptions import ValidationError

        super().clean()
        if self.contact_id and self.customer_id and self.contact.customer_id != self.customer_id:
            raise ValidationError({"contact": _("This contact belongs to another customer.")})
        if self.stage_id and self.stage.outcome == Stage.Outcome.LOST and not self.lost_reason_id:
            raise ValidationError({"lost_reason": _("Choose why it was lost.")})

    def save(self, *args, update_fields=None, **kwargs):
        """A new stage brings its success rate, and dates the step."""
        from models.base.documents import business_today

        before = None if self._state.adding else type(self)._base_manager.filter(pk=self.pk).values_list("stage_id", flat=True).first()
        if before != self.stage_id:
            self.probability, self.stage_since = self.stage.probability, business_today()
            self.closed_on = None if self.stage.outcome == Stage.Outcome.OPEN else business_today()
            if update_fields is not None:
                update_fields = {*update_fields, "probability", "stage_since", "closed_on"}
        super().save(*args, update_fields=update_fields, **kwargs)
