"""What the modules of the areas are written with.

    @admin.register(Order)
    class OrderAdmin(DocumentAdmin):
        list_display = ["number", "customer", "date", money("gross"), badge("approval")]
        list_filter = ["approval", "owner", "date"]
        inlines = [lines(OrderLine, ["product", "quantity", "price", "discount", "amount"])]

Unasked come: scope and field rights at every door, autocomplete for keys, one change set per form and once only, merging of
concurrent edits, history with differences, files, buttons for the operations that are allowed.
"""

from admin_config.changelist import view
from admin_config.columns import badge, computed, due, flag, moment, money, number, option, percent, price, quantity, text
from admin_config.documents import DocumentAdmin, lines
from admin_config.neighbours import THIS, neighbour
from admin_config.records import LedgerAdmin, RecordAdmin, RecordInline
from admin_config.rights import reads

__all__ = [
    "DocumentAdmin",
    "LedgerAdmin",
    "RecordAdmin",
    "RecordInline",
    "THIS",
    "badge",
    "computed",
    "due",
    "flag",
    "lines",
    "money",
    "moment",
    "neighbour",
    "number",
    "option",
    "percent",
    "price",
    "quantity",
    "reads",
    "text",
    "view",
]
