"""Questions about many documents of selling."""

import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Max, Sum

from models.base import policy
from models.base.documents import Approval
from models.sales.deliveries import Delivery, DeliveryLine
from models.sales.orders import OrderLine
from models.sales.returns import Return, ReturnLine


class LastPrice(NamedTuple):
    """What a customer paid last for a product: per unit, when, in which order."""

    price: Decimal
    unit: str
    date: datetime.date
    number: str


def last_prices(customer, product_ids, currency, user):
    """{product id: LastPrice} of the customer's newest approved orders in that currency that the person may see, gifts left out.

    Two queries.
    """
    if customer is None:
        return {}
    wanted = {"order__customer": customer, "order__currency": currency, "order__approval": Approval.APPROVED}
    rows = policy.scope(user, OrderLine).filter(**wanted, product__in=product_ids, is_gift=False)
    newest = rows.order_by().values("product").annotate(last=Max("pk")).values_list("last", flat=True)
    found = OrderLine.objects.filter(pk__in=list(newest)).select_related("order")
    return {
        line.product_id: LastPrice(line.price, line.unit, line.order.date, line.order.number or line.order.external_number)
        for line in found
    }


def unsigned_amount(orders):
    """What is delivered of these orders, not signed and not come back; in their one currency."""
    gone = DeliveryLine.objects.filter(
        order_line__order__in=orders.order_by().values("pk"), delivery__progress=Delivery.Progress.DISPATCHED
    )
    back = ReturnLine.objects.filter(delivery_line__in=gone, return_document__progress=Return.Progress.RECEIVED)
    return sum((rows.aggregate(total=Sum("gross"))["total"] or Decimal(0)) * sign for rows, sign in ((gone, 1), (back, -1)))
