"""Questions about many documents of selling."""

import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Max

from models.base.documents import Approval
from models.sales.orders import OrderLine


class LastPrice(NamedTuple):
    """What a customer paid last for a product: per unit, when, in which order."""

    price: Decimal
    unit: str
    date: datetime.date
    number: str


def last_prices(customer, product_ids, currency):
    """{product id: LastPrice} of the customer's newest approved orders in that currency, gifts left out. Two queries."""
    if customer is None:
        return {}
    wanted = {"order__customer": customer, "order__currency": currency, "order__approval": Approval.APPROVED}
    rows = OrderLine.objects.filter(**wanted, product__in=product_ids, is_gift=False)
    newest = rows.order_by().values("product").annotate(last=Max("pk")).values_list("last", flat=True)
    found = OrderLine.objects.filter(pk__in=list(newest)).select_related("order")
    return {
        line.product_id: LastPrice(line.price, line.unit, line.order.date, line.order.number or line.order.external_number)
        for line in found
    }
