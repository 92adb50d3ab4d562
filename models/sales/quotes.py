"""Quotes: what a customer may buy, at which price, until when."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from models.base.documents import COMMERCIAL, Document
from models.sales.lines import SalesLine


class SalesDocument(Document):
    """A document with a customer and lines of products."""

    LOCKED = (*COMMERCIAL, "customer_id", "payment_term_id", "delivery_terms")

    customer = models.ForeignKey("customers.Customer", models.PROTECT, verbose_name=_("customer"), related_name="+")
    contact = models.ForeignKey("customers.Contact", models.SET_NULL, null=True, blank=True, verbose_name=_("contact"), related_name="+")
    payment_term = models.ForeignKey(
        "customers.PaymentTerm", models.PROTECT, null=True, blank=True, verbose_name=_("payment term"), related_name="+"
    )
    warehouse = models.ForeignKey("stock.Warehouse", models.PROTECT, null=True, blank=True, verbose_name=_("warehouse"), related_name="+")
    delivery_terms = models.CharField(_("delivery terms"), max_length=200, blank=True)

    class Meta(Document.Meta):
        abstract = True

    @property
    def settled_by(self):
        """Who will owe the money."""
        return self.customer.debtor

    def clean(self):
        super().clean()
        if self.contact_id and self.customer_id and self.contact.customer_id != self.customer_id:
            raise ValidationError({"contact": _("This contact belongs to another customer.")})


class Quote(SalesDocument):
    """An offer. Later versions of it name the first as `first_version`; one of them may be accepted and become an order, whole or in
    parts, each quantity once. What is not wanted any more is closed.
    """

    DOCUMENT_CODE = "quote"
    LOCKED = (*SalesDocument.LOCKED, "valid_until")

    class Progress(models.TextChoices):
        OPEN = "open", _("Open")
        SENT = "sent", _("Sent")
        ACCEPTED = "accepted", _("Accepted")
        REFUSED = "refused", _("Refused")
        PARTLY_ORDERED = "partly", _("Partly ordered")
        CONVERTED = "converted", _("Ordered")
        CLOSED = "closed", _("Closed")

    progress = models.CharField(_("progress"), max_length=10, choices=Progress.choices, default=Progress.OPEN, editable=False)
    opportunity = models.ForeignKey(
        "sales.Opportunity", models.PROTECT, null=True, blank=True, verbose_name=_("opportunity"), related_name="quotes"
    )
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    first_version = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, editable=False, related_name="versions", verbose_name=_("first version")
    )

    class Meta(SalesDocument.Meta):
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")

    def clean(self):
        super().clean()
        if self.valid_until and self.date and self.valid_until < self.date:
            raise ValidationError({"valid_until": _("The quote would end before it begins.")})


class QuoteLine(SalesLine):
    """A product offered."""

    DOCUMENT_FIELD = "quote"

    quote = models.ForeignKey(Quote, models.CASCADE, related_name="lines", verbose_name=_("quote"))

    class Meta(SalesLine.Meta):
        verbose_name = _("quote line")
        verbose_name_plural = _("quote lines")
