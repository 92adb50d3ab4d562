"""Opening receivables: what customers owed when the books began (期初应收)."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from models.base.documents import COMMERCIAL, Document
from models.base.fields import AmountField


class OpeningReceivable(Document):
    """A debt of the time before: one amount, owed by a customer since `date`, due on a day."""

    DOCUMENT_CODE = "opening_receivable"
    LOCKED = (*COMMERCIAL, "customer_id", "amount", "due_on")
    HAS_APPROVAL = False
    HAS_LINE_AMOUNTS = False

    class Progress(models.TextChoices):
        DRAFT = "draft", _("Draft")
        POSTED = "posted", _("Posted")
        REVERSED = "reversed", _("Reversed")

    progress = models.CharField(_("progress"), max_length=10, choices=Progress.choices, default=Progress.DRAFT, editable=False)
    customer = models.ForeignKey("customers.Customer", models.PROTECT, verbose_name=_("customer"), related_name="+")
    amount = AmountField(_("amount"))
    due_on = models.DateField(_("due on"), null=True, blank=True, help_text=_("Empty: on the day of the debt."))

    class Meta(Document.Meta):
        verbose_name = _("opening receivable")
        verbose_name_plural = _("opening receivables")

    def clean(self):
        super().clean()
        if self.amount is not None and self.amount <= 0:
            raise ValidationError({"amount": _("The amount must be more than 0.")})
        if self.due_on and self.date and self.due_on < self.date:
            raise ValidationError({"due_on": _("The debt would fall due before it arises.")})

    def save(self, *args, update_fields=None, **kwargs):
        self.net = self.gross = self.amount
        if update_fields is not None and "amount" in update_fields:
            update_fields = {*update_fields, "net", "gross"}
        super().save(*args, update_fields=update_fields, **kwargs)

    def recompute(self):
        """Nothing to add up: the amount is typed."""
