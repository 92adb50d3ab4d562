"""Orders: what the customer has agreed to buy, and how far it is done."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from models.base.fields import AmountField, QuantityField
from models.sales.lines import SalesLine
from models.sales.quotes import SalesDocument


class Order(SalesDocument):
    """A sales order. Approval reserves stock; deliveries take it. Money is owed by the customer's settlement customer."""

    DOCUMENT_CODE = "order"
    LOCKED = (*SalesDocument.LOCKED, "quote_id", "warehouse_id")

    class Progress(models.TextChoices):
        NOT_DELIVERED = "not_delivered", _("Not delivered")
        PARTLY_DELIVERED = "partly", _("Partly delivered")
        DELIVERED = "delivered", _("Delivered")
        CLOSED = "closed", _("Closed")

    progress = models.CharField(_("progress"), max_length=14, choices=Progress.choices, default=Progress.NOT_DELIVERED, editable=False)
    quote = models.ForeignKey(
        "sales.Quote", models.PROTECT, null=True, blank=True, editable=False, related_name="orders", verbose_name=_("quote")
    )
    customer_number = models.CharField(_("customer's order number"), max_length=60, blank=True)
    delivery_address = models.CharField(_("delivery address"), max_length=300, blank=True)
    wanted_on = models.DateField(_("wanted on"), null=True, blank=True)
    shipped_on = models.DateField(_("last shipped on"), null=True, blank=True, editable=False)
    freight = AmountField(_("freight"), default=Decimal(0))

    class Meta(SalesDocument.Meta):
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        indexes = [*SalesDocument.Meta.indexes, models.Index(fields=["customer", "-id"], name="sales_order_customer")]


class OrderLine(SalesLine):
    """A product ordered; what was reserved, delivered and returned of it is counted in its unit (reserved: in base units)."""

    DOCUMENT_FIELD = "order"

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines", verbose_name=_("order"))
    quote_line = models.ForeignKey(
        "sales.QuoteLine", models.PROTECT, null=True, blank=True, editable=False, related_name="+", verbose_name=_("quote line")
    )
    reserved = QuantityField(_("reserved"), default=Decimal(0), editable=False)
    delivered = QuantityField(_("delivered"), default=Decimal(0), editable=False)
    delivered_gross = AmountField(_("delivered amount"), default=Decimal(0), editable=False)
    returned = QuantityField(_("returned"), default=Decimal(0), editable=False)

    class Meta(SalesLine.Meta):
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        constraints = [
            *SalesLine.Meta.constraints,
            models.CheckConstraint(condition=Q(delivered__lte=F("quantity")), name="sales_orderline_delivered"),
            models.CheckConstraint(condition=Q(returned__lte=F("delivered")), name="sales_orderline_returned"),
        ]

    @property
    def open_quantity(self):
        """What is still to be delivered, in the line's unit."""
        return self.quantity - self.delivered
