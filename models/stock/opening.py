"""Opening stock: what lay in a warehouse when the books began (期初库存)."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from models.base.documents import COMMERCIAL, Document
from models.base.fields import AmountField, PriceField, QuantityField
from models.base.money import money
from models.base.records import Line


class OpeningStock(Document):
    """A list of goods with their cost, put into a warehouse once when the books are opened."""

    DOCUMENT_CODE = "opening_stock"
    LOCKED = (*COMMERCIAL, "warehouse_id")
    HAS_APPROVAL = False
    HAS_LINE_AMOUNTS = False

    class Progress(models.TextChoices):
        DRAFT = "draft", _("Draft")
        POSTED = "posted", _("Posted")
        REVERSED = "reversed", _("Reversed")

    progress = models.CharField(_("progress"), max_length=10, choices=Progress.choices, default=Progress.DRAFT, editable=False)
    warehouse = models.ForeignKey("stock.Warehouse", models.PROTECT, verbose_name=_("warehouse"), related_name="+")

    class Meta(Document.Meta):
        verbose_name = _("opening stock")
        verbose_name_plural = _("opening stock")

    def compute(self, lines):
        """The value of each line and of the whole; nothing is taxed."""
        for line in lines:
            line.amount = money(line.quantity * line.unit_cost, self.decimals)
        self.net = self.gross = sum((line.amount for line in lines), Decimal(0))

    def recompute(self):
        """Compute from the stored lines and store what changed."""
        if self.is_locked:
            return
        lines = list(self.lines.all())
        self.compute(lines)
        OpeningStockLine.objects.bulk_update(lines, ["amount"])
        self.save(update_fields=["net", "gross"])


class OpeningStockLine(Line):
    """A product, in its base unit, at its cost."""

    DOCUMENT_FIELD = "opening_stock"
    LOCKED = ("product_id", "quantity", "unit_cost", "amount")

    opening_stock = models.ForeignKey(OpeningStock, models.CASCADE, related_name="lines", verbose_name=_("opening stock"))
    product = models.ForeignKey("products.Product", models.PROTECT, verbose_name=_("product"), related_name="+")
    quantity = QuantityField(_("quantity"))
    unit_cost = PriceField(_("unit cost"), default=Decimal(0))
    amount = AmountField(_("value"), default=Decimal(0), editable=False)
    remark = models.CharField(_("remark"), max_length=200, blank=True)

    class Meta(Line.Meta):
        verbose_name = _("opening stock line")
        verbose_name_plural = _("opening stock lines")
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="stock_openingstockline_quantity"),
            models.CheckConstraint(condition=Q(unit_cost__gte=0), name="stock_openingstockline_cost"),
        ]

    def clean(self):
        super().clean()
        if self.product_id and not self.product.is_stocked:
            raise ValidationError({"product": _("A service is never in stock.")})
