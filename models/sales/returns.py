"""Returns: goods that come back, approved before they move."""

from decimal import Decimal

from django.db import models
from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from models.base.bulk import write_columns
from models.base.documents import COMMERCIAL, Document
from models.base.fields import AmountField, OptionField, QuantityField, RateField
from models.base.records import Line


class Return(Document):
    """A return of dispatched goods. After approval the keeper takes the goods in; stock and debt are reversed then."""

    DOCUMENT_CODE = "return"
    LOCKED = (*COMMERCIAL, "customer_id", "delivery_id", "warehouse_id")
    HAS_LINE_AMOUNTS = False

    class Progress(models.TextChoices):
        AWAITED = "awaited", _("Goods awaited")
        RECEIVED = "received", _("Taken in")
        REVERSED = "reversed", _("Reversed")

    class Handling(models.TextChoices):
        REFUND = "refund", _("Refund")
        CREDIT = "credit", _("Credit")
        EXCHANGE = "exchange", _("Exchange")

    progress = models.CharField(_("progress"), max_length=10, choices=Progress.choices, default=Progress.AWAITED, editable=False)
    customer = models.ForeignKey("customers.Customer", models.PROTECT, verbose_name=_("customer"), related_name="+")
    delivery = models.ForeignKey("sales.Delivery", models.PROTECT, related_name="returns", verbose_name=_("delivery"))
    warehouse = models.ForeignKey("stock.Warehouse", models.PROTECT, verbose_name=_("warehouse"), related_name="+")
    reason = OptionField("return_reason", _("reason"))
    handling = models.CharField(_("handling wanted"), max_length=10, choices=Handling.choices, default=Handling.CREDIT)
    received_on = models.DateField(_("taken in on"), null=True, blank=True, editable=False)

    class Meta(Document.Meta):
        verbose_name = _("return")
        verbose_name_plural = _("returns")

    def compute(self, lines):
        """Each line is worth its share of what was charged, the last return of a line takes what is left."""
        back = self._amounts_back(line.delivery_line_id for line in lines)
        for line in lines:
            line.compute(*back.get(line.delivery_line_id, (Decimal(0), Decimal(0))))
        self.net, self.tax, self.gross = (sum((getattr(line, name) for line in lines), Decimal(0)) for name in ("net", "tax", "gross"))

    def _amounts_back(self, delivery_lines):
        """{delivery line id: (net, gross)} of what other returns of these lines were worth."""
        others = ReturnLine.objects.exclude(return_document=self).filter(return_document__progress=Return.Progress.RECEIVED)
        rows = others.filter(delivery_line__in=list(delivery_lines)).order_by()
        return {key: sums for key, *sums in rows.values_list("delivery_line").annotate(Sum("net"), Sum("gross"))}

    def recompute(self):
        """Compute from the stored lines and store what changed."""
        if self.is_locked:
            return
        lines = list(self.lines.select_related("delivery_line", "return_document__currency"))
        self.compute(lines)
        if lines:
            write_columns(lines, ["net", "tax", "gross"])
        self.save(update_fields=["net", "tax", "gross"])


class ReturnLine(Line):
    """Goods of a delivery line that come back, in its unit."""

    DOCUMENT_FIELD = "return_document"
    LOCKED = ("delivery_line_id", "product_id", "unit", "factor", "quantity", "net", "tax", "gross")

    return_document = models.ForeignKey(Return, models.CASCADE, related_name="lines", verbose_name=_("return"))
    delivery_line = models.ForeignKey("sales.DeliveryLine", models.PROTECT, related_name="return_lines", verbose_name=_("delivery line"))
    product = models.ForeignKey("products.Product", models.PROTECT, verbose_name=_("product"), related_name="+")
    unit = models.CharField(_("unit"), max_length=20)
    factor = RateField(_("base units in one"), default=Decimal(1), editable=False)
    quantity = QuantityField(_("quantity"))
    net = AmountField(_("net"), default=Decimal(0), editable=False)
    tax = AmountField(_("tax"), default=Decimal(0), editable=False)
    gross = AmountField(_("total"), default=Decimal(0), editable=False)
    remark = models.CharField(_("remark"), max_length=200, blank=True)

    class Meta(Line.Meta):
        verbose_name = _("return line")
        verbose_name_plural = _("return lines")
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="sales_returnline_quantity"),
            models.UniqueConstraint(fields=["return_document", "delivery_line"], name="sales_returnline_once"),
        ]

    def compute(self, net_back, gross_back):
        """Net, tax and gross of this quantity out of the delivery line's, of which so much has come back."""
        from models.sales.shares import share_of

        source = self.delivery_line
        places = self.return_document.decimals
        self.gross = share_of(source.gross, source.quantity, source.returned, self.quantity, places, counted=gross_back)
        self.net = share_of(source.net, source.quantity, source.returned, self.quantity, places, counted=net_back)
        self.tax = self.gross - self.net
