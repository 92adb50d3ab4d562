"""Screens of what lies where and how it moved."""

from django.contrib import admin
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from admin_config.base import DocumentAdmin, LedgerAdmin, RecordAdmin, badge, computed, lines, money, number, text, view
from admin_config.columns import quantity_text
from models.stock.models import Balance, Movement, OpeningStock, OpeningStockLine, Reservation, Warehouse

UNIT = text("product__unit", _("unit"))


@admin.register(Warehouse)
class WarehouseAdmin(RecordAdmin):
    icon = "warehouse"
    is_small = True
    list_display = ["code", "name", "kind", "keeper", "address", "allow_negative", "is_active"]
    list_filter = ["kind", "is_active"]
    search_fields = ["code", "name"]
    fieldsets = [(None, {"fields": ["code", "name", "kind", "keeper", "address", "allow_negative", "is_active"]})]


@admin.register(Balance)
class BalanceAdmin(LedgerAdmin):
    icon = "shelves"
    list_display = [
        "product",
        "product__code",
        "warehouse",
        "on_hand",
        "reserved",
        computed(_("available"), lambda record: quantity_text(record.available), reads=["on_hand", "reserved"], css="num"),
        UNIT,
        "value",
    ]
    list_filter = ["warehouse", "product"]
    list_totals = ["value"]
    search_fields = ["product"]
    views = [
        view("short", _("Below minimum"), product__minimum_stock__gt=F("on_hand")),
        view("promised", _("Reserved"), reserved__gt=0),
    ]
    lookups = ["on_hand__gt"]


@admin.register(Movement)
class MovementAdmin(LedgerAdmin):
    icon = "swap_vert"
    list_display = [
        "source_number",
        "date",
        "kind",
        "product",
        "warehouse",
        "customer",
        "quantity",
        UNIT,
        "unit_cost",
        "value",
    ]
    list_filter = ["kind", "warehouse", "product", "customer", "date"]
    list_totals = ["value"]
    search_fields = ["source_number", "product", "customer"]


@admin.register(Reservation)
class ReservationAdmin(LedgerAdmin):
    icon = "bookmark"
    list_display = ["source_number", "date", "product", "warehouse", "quantity", UNIT]
    list_filter = ["warehouse", "product", "date"]
    search_fields = ["source_number", "product"]


@admin.register(OpeningStock)
class OpeningStockAdmin(DocumentAdmin):
    exclude = ["discount", "allowance", "prices_include_tax"]
    icon = "inventory"
    list_display = [number(), "warehouse", "date", badge("progress"), money("gross")]
    list_filter = ["progress", "warehouse", "date"]
    search_fields = ["number", "external_number"]
    header_facts = ("warehouse", "date")
    views = ()
    inlines = [lines(OpeningStockLine, ["product", "quantity", "unit_cost", "amount", "remark"])]
    fieldsets = [(None, {"fields": ["warehouse", "date", "external_number", "handler", "remark", "currency", "rate"]})]
