"""Where goods lie and how they move. Posted only by documents' operations; never edited, never negative unless a warehouse allows it."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from models.base.fields import AmountField, PriceField, QuantityField
from models.base.records import Ledger, Record


class Warehouse(Record):
    """A place where stock is kept, with its keeper."""

    LABEL_FIELDS = ("name",)

    class Kind(models.TextChoices):
        NORMAL = "normal", _("Normal")
        DEFECTIVE = "defective", _("Defective goods")
        LOAN = "loan", _("Samples on loan")
        TRANSIT = "transit", _("In transit")

    code = models.CharField(_("code"), max_length=20)
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.NORMAL)
    keeper = models.ForeignKey("org.Employee", models.PROTECT, null=True, blank=True, verbose_name=_("keeper"), related_name="+")
    address = models.CharField(_("address"), max_length=200, blank=True)
    allow_negative = models.BooleanField(_("may go below zero"), default=False)
    is_active = models.BooleanField(_("enabled"), default=True)

    class Meta:
        verbose_name = _("warehouse")
        verbose_name_plural = _("warehouses")
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["company", "code"], name="stock_warehouse_code")]

    def title(self):
        return self.name


class Movement(Ledger):
    """Goods in (+) or out (−) of a warehouse, in the product's base unit, valued at moving average cost in base currency."""

    class Kind(models.TextChoices):
        OPENING = "opening", _("Opening stock")
        SALE = "sale", _("Sale")
        SALE_RETURN = "sale_return", _("Customer return")
        PURCHASE = "purchase", _("Purchase")
        ADJUSTMENT = "adjustment", _("Adjustment")
        TRANSFER = "transfer", _("Transfer")

    kind = models.CharField(_("nature"), max_length=12, choices=Kind.choices)
    product = models.ForeignKey("products.Product", models.PROTECT, verbose_name=_("product"), related_name="movements")
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, verbose_name=_("warehouse"), related_name="movements")
    customer = models.ForeignKey("customers.Customer", models.PROTECT, null=True, verbose_name=_("customer"), related_name="+")
    quantity = QuantityField(_("quantity"))
    unit_cost = PriceField(_("unit cost"), default=Decimal(0))
    value = AmountField(_("value"), default=Decimal(0))

    class Meta:
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock movements")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["product", "warehouse", "id"], name="stock_movement_place"),
            models.Index(fields=["source_type", "source_id"], name="stock_movement_source"),
            models.Index(fields=["date", "id"], name="stock_movement_date"),
        ]


class Reservation(Ledger):
    """Goods promised to a document (+) or given back (−), in the product's base unit. `line_id` is the source's line."""

    product = models.ForeignKey("products.Product", models.PROTECT, verbose_name=_("product"), related_name="+")
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, verbose_name=_("warehouse"), related_name="+")
    quantity = QuantityField(_("quantity"))
    line_id = models.BigIntegerField(_("line"), null=True)

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["product", "warehouse"], name="stock_reservation_place"),
            models.Index(fields=["source_type", "source_id"], name="stock_reservation_source"),
        ]


class Balance(models.Model):
    """What lies where: the sum of the movements and reservations, written in their transaction. Value in base currency."""

    product = models.ForeignKey("products.Product", models.PROTECT, verbose_name=_("product"), related_name="balances")
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, verbose_name=_("warehouse"), related_name="balances")
    company = models.ForeignKey("org.Company", models.PROTECT, verbose_name=_("company"), related_name="+")
    on_hand = QuantityField(_("on hand"), default=Decimal(0))
    reserved = QuantityField(_("reserved"), default=Decimal(0))
    value = AmountField(_("stock value"), default=Decimal(0))
    allow_negative = models.BooleanField(_("may go below zero"), default=False, editable=False)

    class Meta:
        verbose_name = _("stock balance")
        verbose_name_plural = _("stock balances")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["product", "warehouse"], name="stock_balance_place"),
            models.CheckConstraint(condition=Q(on_hand__gte=0) | Q(allow_negative=True), name="stock_balance_not_negative"),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="stock_balance_reserved"),
            models.CheckConstraint(condition=Q(reserved__lte=F("on_hand")) | Q(allow_negative=True), name="stock_balance_promise"),
        ]

    def __str__(self):
        return f"{self.product} · {self.warehouse}"

    @property
    def available(self):
        """What may still be promised."""
        return self.on_hand - self.reserved


from models.stock.opening import OpeningStock, OpeningStockLine  # noqa: E402, F401
