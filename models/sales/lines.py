"""What the lines of quotes, orders and returns share."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from models.base.fields import AmountField, PercentField, PriceField, QuantityField, RateField
from models.base.records import Line

LOCKED_LINE = (
    "product_id",
    "unit",
    "factor",
    "quantity",
    "base_quantity",
    "price",
    "discount",
    "tax_rate",
    "is_exempt",
    "amount",
    "net",
    "tax",
    "gross",
    "is_gift",
)


class SalesLine(Line):
    """A product at a price. `quantity` and `price` are per `unit`; one unit is `factor` base units; `discount` is the percentage paid."""

    LOCKED = LOCKED_LINE

    class PriceSource(models.TextChoices):
        RULE = "rule", _("By rule")
        MANUAL = "manual", _("Typed")
        BACK = "back", _("From the amount")

    product = models.ForeignKey("products.Product", models.PROTECT, verbose_name=_("product"), related_name="+")
    description = models.CharField(_("description"), max_length=200, blank=True)
    unit = models.CharField(_("unit"), max_length=20)
    factor = RateField(_("base units in one"), default=Decimal(1), editable=False)
    quantity = QuantityField(_("quantity"), default=Decimal(1))
    base_quantity = QuantityField(_("quantity in base units"), default=Decimal(0), editable=False)
    list_price = PriceField(_("list price"), default=Decimal(0), editable=False)
    price = PriceField(_("price"), default=Decimal(0))
    price_source = models.CharField(_("price source"), max_length=6, choices=PriceSource.choices, default=PriceSource.RULE)
    price_rule = models.CharField(_("price rule"), max_length=120, blank=True, editable=False)
    discount = PercentField(_("discount (% paid)"), default=Decimal(100))
    tax_rate = PercentField(_("tax rate in %"), default=Decimal(13))
    is_exempt = models.BooleanField(_("exempt"), default=False, help_text=_("An exempt line bears no tax: its rate becomes 0."))
    amount = AmountField(_("amount"), default=Decimal(0))
    net = AmountField(_("net"), default=Decimal(0), editable=False)
    tax = AmountField(_("tax"), default=Decimal(0), editable=False)
    gross = AmountField(_("total"), default=Decimal(0), editable=False)
    is_gift = models.BooleanField(_("gift"), default=False)
    cost = PriceField(_("unit cost"), default=Decimal(0), editable=False)
    remark = models.CharField(_("remark"), max_length=200, blank=True)

    class Meta(Line.Meta):
        abstract = True
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="%(app_label)s_%(class)s_quantity"),
            models.CheckConstraint(condition=Q(price__gte=0), name="%(app_label)s_%(class)s_price"),
        ]

    def clean(self):
        super().clean()
        self.tax_rate = self.tax_borne
        if self.quantity is not None and self.quantity <= 0:
            raise ValidationError({"quantity": _("The quantity must be more than 0.")})
        if self.price is not None and self.price < 0:
            raise ValidationError({"price": _("The price must not be below 0.")})
        if self.discount is not None and not 0 <= self.discount <= 1000:
            raise ValidationError({"discount": _("Give the percentage paid, e.g. 95.")})

    def save(self, *args, update_fields=None, **kwargs):
        self.base_quantity, self.tax_rate = self.quantity * self.factor, self.tax_borne
        if update_fields is not None:
            followers = {"quantity": "base_quantity", "is_exempt": "tax_rate"}
            update_fields = {*update_fields, *(followers[name] for name in update_fields if name in followers)}
        super().save(*args, update_fields=update_fields, **kwargs)

    @property
    def tax_borne(self):
        """The tax rate that counts: 0 where the line is exempt, which on an invoice is not the same as a rate of 0 %."""
        return Decimal(0) if self.is_exempt else self.tax_rate

    @property
    def paid_percent(self):
        """What is paid of the list price, all discounts of the document included; 100 where there is no list price."""
        full = self.list_price * self.quantity
        return self.amount_paid * 100 / full if full else Decimal(100)

    @property
    def amount_paid(self):
        """The line's final amount in the sense of the document's prices (with or without tax)."""
        return self.gross if self.document.prices_include_tax else self.net

    @property
    def document(self):
        """The document this line stands on."""
        return getattr(self, self.DOCUMENT_FIELD)


# The columns a line hands on when a document is made of another.
COPIED = (
    "product_id",
    "description",
    "unit",
    "factor",
    "list_price",
    "price",
    "price_rule",
    "discount",
    "tax_rate",
    "is_exempt",
    "is_gift",
    "cost",
    "remark",
)


def copied(line, model, **values):
    """An unsaved line of `model` with the commercial columns of `line`; its price counts as typed, so no rule changes it."""
    fields = {name: getattr(line, name) for name in COPIED} | {"price_source": SalesLine.PriceSource.MANUAL}
    return model(**(fields | values))
