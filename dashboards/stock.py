"""Charts of what lies in the warehouses, as of today."""

from django.db.models import Sum
from django.utils.translation import gettext_lazy

from dashboards.base import Chart, named
from models.products.models import Product
from models.stock.models import Balance, Warehouse
from models.stock.querysets import value_by_warehouse

SHOWN = 10


class StockByWarehouse(Chart):
    """What the goods in each warehouse are worth at moving average cost."""

    title = gettext_lazy("Stock value by warehouse")
    kind = "rank"
    model, target, needs = Balance, Balance, ("value", "warehouse")
    series = (gettext_lazy("Stock value"),)
    adds_up = ("value",)
    note = gettext_lazy("At moving average cost, today")
    empty = gettext_lazy("The warehouses are empty.")

    def rows(self, balances):
        sums = list(value_by_warehouse(balances))
        warehouses = named(Warehouse, [warehouse for warehouse, _value in sums])
        for warehouse, value in sums:
            yield warehouses[warehouse], [value], {"warehouse": warehouse}


class StockByProduct(Chart):
    """Where the money lies."""

    title = gettext_lazy("Highest stock values")
    kind = "rank"
    model, target, needs = Balance, Balance, ("value", "product")
    series = (gettext_lazy("Stock value"),)
    adds_up = ("value",)
    note = gettext_lazy("At moving average cost, today")
    empty = gettext_lazy("The warehouses are empty.")

    def rows(self, balances):
        sums = list(balances.order_by().values_list("product").annotate(total=Sum("value")).order_by("-total", "product")[:SHOWN])
        products = named(Product, [product for product, _value in sums])
        for product, value in sums:
            yield products[product], [value], {"product": product}
