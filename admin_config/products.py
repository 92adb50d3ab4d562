"""Screens of what is sold and at which price."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from admin_config.base import RecordAdmin, RecordInline, view
from models.products.models import Category, PriceList, PriceListItem, Product, ProductUnit, Unit


@admin.register(Category)
class CategoryAdmin(RecordAdmin):
    icon = "category"
    is_small = True
    list_display = ["code", "name", "parent", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["code", "name"]


@admin.register(Unit)
class UnitAdmin(RecordAdmin):
    icon = "straighten"
    is_small = True
    list_display = ["name", "decimals", "is_active"]
    search_fields = ["name"]


class ProductUnitInline(RecordInline):
    model = ProductUnit
    fields = ["unit", "factor", "barcode", "price"]
    tab = True


@admin.register(Product)
class ProductAdmin(RecordAdmin):
    icon = "inventory_2"
    list_display = ["code", "name", "specification", "category", "unit", "price", "tax_rate", "is_active"]
    list_filter = ["category", "kind", "is_active"]
    lookups = ["category__code"]
    search_fields = ["code", "name", "specification", "barcode"]
    views = [view("on_sale", _("On sale"), is_active=True)]
    inlines = [ProductUnitInline]
    fieldsets = [
        (None, {"fields": ["code", "name", "kind", "category", "brand", "model_name", "specification", "unit", "barcode", "is_active"]}),
        (_("Price"), {"fields": ["price", "floor_price", "cost", "tax_rate", "is_exempt"]}),
        (_("Stock"), {"fields": ["minimum_stock", "maximum_stock", "warranty_months"]}),
        (_("Description"), {"fields": ["description"]}),
    ]
    spreadsheet = [
        "code",
        "name",
        "kind",
        "category",
        "brand",
        "specification",
        "unit",
        "barcode",
        "price",
        "cost",
        "tax_rate",
        "is_exempt",
    ]


class PriceListItemInline(RecordInline):
    model = PriceListItem
    fields = ["product", "unit", "from_quantity", "price", "percent"]


@admin.register(PriceList)
class PriceListAdmin(RecordAdmin):
    icon = "sell"
    list_display = ["code", "name", "customer", "price_level", "currency", "percent", "valid_from", "valid_to", "is_active"]
    list_filter = ["is_active", "customer", "price_level"]
    search_fields = ["code", "name", "customer"]
    inlines = [PriceListItemInline]
