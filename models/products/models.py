"""What is sold: products with their units, and the prices they are sold at."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from models.base.fields import OptionField, PercentField, PriceField, QuantityField, RateField
from models.base.records import TrackedModel
from models.base.search import SearchableRecord
from models.org.models import TreeModel


class Category(TreeModel):
    """A node of the product tree."""

    PUBLIC = True

    code = models.CharField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=80)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, verbose_name=_("parent"), related_name="children")
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("product category")
        verbose_name_plural = _("product categories")
        ordering = ["code"]

    def title(self):
        return self.name


class Unit(TrackedModel):
    """A unit of measure and the decimals its quantities have. How many of one make another belongs to the product."""

    PUBLIC = True

    name = models.CharField(_("name"), max_length=20, unique=True)
    decimals = models.PositiveSmallIntegerField(_("decimals"), default=0)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("unit of measure")
        verbose_name_plural = _("units of measure")
        ordering = ["name"]

    def title(self):
        return self.name


class Product(SearchableRecord):
    """A thing or service that is sold. Stock is kept in its base unit; prices are per base unit in the company's currency."""

    SEARCH_FIELDS = ("code", "name", "specification", "barcode")
    LABEL_FIELDS = ("name",)

    class Kind(models.TextChoices):
        GOODS = "goods", _("Goods")
        SERVICE = "service", _("Service")

    code = models.CharField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=160)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.GOODS)
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, verbose_name=_("category"), related_name="products")
    brand = models.CharField(_("brand"), max_length=60, blank=True)
    model_name = models.CharField(pgettext_lazy("product", "model"), max_length=80, blank=True)
    specification = models.CharField(_("specification"), max_length=160, blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("base unit"), related_name="+")
    barcode = models.CharField(_("barcode"), max_length=40, blank=True)
    price = PriceField(_("standard price"), default=Decimal(0))
    floor_price = PriceField(_("floor price"), null=True, blank=True)
    cost = PriceField(_("cost price"), default=Decimal(0))
    tax_rate = PercentField(_("tax rate in %"), default=Decimal(13))
    is_exempt = models.BooleanField(_("exempt"), default=False, help_text=_("Lines of an exempt product begin exempt and bear no tax."))
    minimum_stock = QuantityField(_("minimum stock"), null=True, blank=True)
    maximum_stock = QuantityField(_("maximum stock"), null=True, blank=True)
    warranty_months = models.PositiveIntegerField(_("warranty in months"), null=True, blank=True)
    description = models.TextField(_("description"), blank=True)
    is_active = models.BooleanField(_("on sale"), default=True)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["company", "code"], name="products_product_code"),
            models.CheckConstraint(condition=Q(price__gte=0) & Q(cost__gte=0) & Q(tax_rate__gte=0), name="products_product_not_negative"),
        ]
        indexes = [
            models.Index(fields=["code"], name="products_product_by_code"),
            models.Index(fields=["barcode"], name="products_product_barcode"),
            models.Index(fields=["name"], name="products_product_name"),
        ]

    def title(self):
        return self.name

    @property
    def tax_borne(self):
        """The tax rate with which its lines begin: 0 where it is exempt."""
        return Decimal(0) if self.is_exempt else self.tax_rate

    @property
    def is_stocked(self):
        """Services are never put in stock."""
        return self.kind == self.Kind.GOODS


class ProductUnit(TrackedModel):
    """A further unit of a product: one of it is `factor` base units (1 箱 = 24 支), with a barcode and price of its own."""

    GOVERNED_BY = "product"

    product = models.ForeignKey(Product, models.CASCADE, related_name="units", verbose_name=_("product"))
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("unit"), related_name="+")
    factor = RateField(_("base units in one"))
    barcode = models.CharField(_("barcode"), max_length=40, blank=True)
    price = PriceField(_("price"), null=True, blank=True, help_text=_("Empty: the base unit's price times the factor."))

    class Meta:
        verbose_name = _("product unit")
        verbose_name_plural = _("product units")
        ordering = ["factor", "id"]
        constraints = [
            models.UniqueConstraint(fields=["product", "unit"], name="products_productunit_once"),
            models.CheckConstraint(condition=Q(factor__gt=0), name="products_productunit_factor"),
        ]

    def title(self):
        return f"{self.unit} = {self.factor.normalize():f}"

    @property
    def name(self):
        return self.unit.name


class PriceList(TrackedModel):
    """Prices for one customer, for a price level, or for everybody, valid between two dates.

    `percent` holds for every product without a row of its own (88 = 88 % of the standard price; empty = none).
    """

    PUBLIC = True

    code = models.CharField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=80)
    currency = models.ForeignKey("org.Currency", models.PROTECT, verbose_name=_("currency"), default="CNY", related_name="+")
    customer = models.ForeignKey(
        "customers.Customer", models.PROTECT, null=True, blank=True, verbose_name=_("customer"), related_name="price_lists"
    )
    price_level = OptionField("price_level", _("price level"))
    percent = PercentField(_("% of the standard price"), null=True, blank=True)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("price list")
        verbose_name_plural = _("price lists")
        ordering = ["code"]

    def title(self):
        return self.name

    def clean(self):
        super().clean()
        if self.customer_id and self.price_level_id:
            raise ValidationError(_("A price list is for one customer or for a price level, not for both."))
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValidationError({"valid_to": _("The end lies before the start.")})


class PriceListItem(TrackedModel):
    """The price of a product in a list from a quantity on (in that unit); either a price or a percentage of the standard price."""

    GOVERNED_BY = "price_list"

    price_list = models.ForeignKey(PriceList, models.CASCADE, related_name="items", verbose_name=_("price list"))
    product = models.ForeignKey(
        Product, models.CASCADE, null=True, blank=True, verbose_name=_("product"), related_name="+", help_text=_("Empty: every product.")
    )
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, verbose_name=_("unit"), related_name="+", help_text=_("Empty: any unit.")
    )
    from_quantity = QuantityField(_("from quantity"), default=Decimal(0))
    price = PriceField(_("price"), null=True, blank=True)
    percent = PercentField(_("% of the list's price"), null=True, blank=True)

    class Meta:
        verbose_name = _("price list item")
        verbose_name_plural = _("price list items")
        ordering = ["product", "unit", "from_quantity"]
        constraints = [
            models.UniqueConstraint(fields=["price_list", "product", "unit", "from_quantity"], name="products_pricelistitem_step")
        ]

    def title(self):
        return f"{self.product or '*'} ≥ {self.from_quantity.normalize():f}"

    def clean(self):
        super().clean()
        same = PriceListItem.objects.filter(
            price_list=self.price_list_id, product=self.product_id, unit=self.unit_id, from_quantity=self.from_quantity
        )
        if self.price_list_id and same.exclude(pk=self.pk).exists():
            raise ValidationError({"from_quantity": _("This list has a row for this product, unit and quantity already.")})
        if (self.price is None) == (self.percent is None):
            raise ValidationError(_("Give either a price or a percentage."))
