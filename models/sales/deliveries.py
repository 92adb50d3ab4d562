"""Deliveries: goods of an order on their way to the customer."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from models.base.bulk import write_columns
from models.base.documents import COMMERCIAL, Document
from models.base.fields import AmountField, QuantityField, RateField, trimmed
from models.base.records import Line
from models.sales.shares import share_of


class Delivery(Document):
    """A delivery slip of one or several orders of a customer; `order` is the first of them, each line names its own.

    Dispatch takes the goods out of stock and, where debts arise then, charges the customer, order by order.
    """

    DOCUMENT_CODE = "delivery"
    LOCKED = (*COMMERCIAL, "customer_id", "order_id", "warehouse_id")
    HAS_APPROVAL = False
    HAS_LINE_AMOUNTS = False

    class Progress(models.TextChoices):
        DRAFT = "draft", _("Being prepared")
        PICKED = "picked", _("Picked")
        DISPATCHED = "dispatched", _("Dispatched")
        SIGNED = "signed", _("Signed")
        CANCELLED = "cancelled", _("Cancelled")

    progress = models.CharField(_("progress"), max_length=10, choices=Progress.choices, default=Progress.DRAFT, editable=False)
    order = models.ForeignKey("sales.Order", models.PROTECT, related_name="+", verbose_name=_("order"))
    customer = models.ForeignKey("customers.Customer", models.PROTECT, verbose_name=_("customer"), related_name="+")
    warehouse = models.ForeignKey("stock.Warehouse", models.PROTECT, verbose_name=_("warehouse"), related_name="+")
    address = models.CharField(_("delivery address"), max_length=300, blank=True)
    carrier = models.CharField(_("carrier"), max_length=80, blank=True)
    waybill = models.CharField(_("waybill number"), max_length=60, blank=True)
    dispatched_on = models.DateField(_("dispatched on"), null=True, blank=True, editable=False)
    signed_on = models.DateField(_("signed on"), null=True, blank=True, editable=False)
    charged_gross = AmountField(_("charged"), default=Decimal(0), editable=False)

    class Meta(Document.Meta):
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        indexes = [*Document.Meta.indexes, models.Index(fields=["progress", "-id"], name="sales_delivery_progress")]

    @classmethod
    def of_order(cls, order):
        """The deliveries that hold a line of the order, the oldest first."""
        return cls._base_manager.filter(pk__in=DeliveryLine.objects.filter(order_line__order=order).values("delivery")).order_by("pk")

    def recompute(self):
        """What the goods come to, by the shares of their order lines; dispatch counts anew and has the last word."""
        if self.progress not in (self.Progress.DRAFT, self.Progress.PICKED):
            return
        rows = list(self.lines.select_related("order_line"))
        before = [(row.net, row.tax, row.gross) for row in rows]
        for row in rows:
            row.price_by_order(self.decimals)
        changed = [row for row, old in zip(rows, before, strict=True) if old != (row.net, row.tax, row.gross)]
        if changed:
            write_columns(changed, ["net", "tax", "gross"])
        self.net, self.tax, self.gross = (sum((getattr(row, name) for row in rows), Decimal(0)) for name in ("net", "tax", "gross"))
        self.save(update_fields=["net", "tax", "gross"])


class DeliveryLine(Line):
    """Goods of an order line in a delivery, in the order line's unit."""

    DOCUMENT_FIELD = "delivery"
    LOCKED = ("order_line_id", "product_id", "unit", "factor", "quantity", "net", "tax", "gross")

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="lines", verbose_name=_("delivery"))
    order_line = models.ForeignKey("sales.OrderLine", models.PROTECT, related_name="delivery_lines", verbose_name=_("order line"))
    product = models.ForeignKey("products.Product", models.PROTECT, verbose_name=_("product"), related_name="+")
    unit = models.CharField(_("unit"), max_length=20)
    factor = RateField(_("base units in one"), default=Decimal(1), editable=False)
    quantity = QuantityField(_("quantity"))
    net = AmountField(_("net"), default=Decimal(0), editable=False)
    tax = AmountField(_("tax"), default=Decimal(0), editable=False)
    gross = AmountField(_("total"), default=Decimal(0), editable=False)
    returned = QuantityField(_("returned"), default=Decimal(0), editable=False)
    remark = models.CharField(_("remark"), max_length=200, blank=True)

    class Meta(Line.Meta):
        verbose_name = _("delivery line")
        verbose_name_plural = _("delivery lines")
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="sales_deliveryline_quantity"),
            models.UniqueConstraint(fields=["delivery", "order_line"], name="sales_deliveryline_once"),
        ]

    def price_by_order(self, decimals):
        """Set net, tax and gross to the share of the order line that this quantity is, after what went out before."""
        line = self.order_line
        self.net = share_of(line.net, line.quantity, line.delivered, self.quantity, decimals)
        self.gross = share_of(line.gross, line.quantity, line.delivered, self.quantity, decimals)
        self.tax = self.gross - self.net

    def clean(self):
        super().clean()
        open_quantity = self.order_line.open_quantity if self.order_line_id else None
        if open_quantity is not None and self.quantity is not None and self.quantity > open_quantity:
            raise ValidationError(
                {"quantity": _("%(open)s is still to be delivered of this line.") % {"open": trimmed(max(open_quantity, Decimal(0)))}}
            )
