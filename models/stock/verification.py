"""Stock: balances are the sums of their rows, and possible."""

from collections import defaultdict
from decimal import Decimal

from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from models.base.verification import Finding, check, row_of, said
from models.products.models import Product
from models.stock.models import Balance, Warehouse
from models.stock.querysets import true_balances

COLUMNS = ("on_hand", "reserved", "value")


def _place(product, warehouse):
    return f"{product.code} · {warehouse.code}"


@check(gettext_lazy("stock balance = movements and reservations"))
def stock_balances_are_sums():
    """On hand and value are the sums of the movements, reserved is that of the reservations; a place with movements has a balance."""
    truth = true_balances()
    for balance in Balance.objects.select_related("product", "warehouse").order_by("pk").iterator():
        sums = truth.pop((balance.product_id, balance.warehouse_id), defaultdict(Decimal))
        for name in COLUMNS:
            if getattr(balance, name) != sums[name]:
                sentence = _("%(column)s is %(stored)s, its rows add up to %(true)s.") % {
                    "column": name,
                    "stored": said(getattr(balance, name)),
                    "true": said(sums[name]),
                }
                yield Finding(_place(balance.product, balance.warehouse), row_of(balance), sentence)
    left = {key: sums for key, sums in truth.items() if any(sums.values())}
    products, warehouses = Product.objects.in_bulk({p for p, _w in left}), Warehouse.objects.in_bulk({w for _p, w in left})
    for (product, warehouse), sums in left.items():
        sentence = _("There is no balance, but the rows add up to %(true)s on hand.") % {"true": said(sums["on_hand"])}
        yield Finding(_place(products[product], warehouses[warehouse]), "stock.balance –", sentence)


@check(gettext_lazy("no negative stock, no promise beyond it"))
def stock_is_possible():
    """Nothing lies below zero and no more is promised than lies there, except where the warehouse allows it."""
    impossible = Q(reserved__lt=0) | Q(allow_negative=False) & (Q(on_hand__lt=0) | Q(reserved__gt=F("on_hand")))
    for balance in Balance.objects.filter(impossible).select_related("product", "warehouse").order_by("pk"):
        sentence = _("%(on_hand)s on hand, %(reserved)s reserved.") % {"on_hand": said(balance.on_hand), "reserved": said(balance.reserved)}
        yield Finding(_place(balance.product, balance.warehouse), row_of(balance), sentence)
