"""The collection plan of an order (回款计划): what its customer has to pay, when, and how much of it he has paid."""

import datetime
from decimal import Decimal
from typing import NamedTuple

from models.base.documents import Approval
from models.customers.schedule import instalments
from models.finance.debts import charged
from models.org.models import Company
from models.sales.orders import Order
from models.sales.querysets import unsigned_amount


class Instalment(NamedTuple):
    """A part of what an order costs. Before the debt arises it is only planned: `paid` and `open` are None."""

    due_on: datetime.date
    amount: Decimal
    paid: Decimal | None = None
    open: Decimal | None = None

    @property
    def is_charged(self):
        """True once the customer owes it."""
        return self.open is not None


def collection_plan(order):
    """[Instalment] that add up to the order less what came back: what is charged already, then the rest as its payment term divides it.

    The rest is planned as if its debt arose on the day the goods are wanted, or at the order.
    """
    rows = [
        Instalment(row.due_on, row.amount - row.returned, row.received, row.outstanding)
        for row in charged(order).order_by("due_on", "pk")
        if row.amount > row.returned
    ]
    rest = to_be_charged(order)
    start = order.date if order.debt_arises == Company.ArisesAt.ORDER else order.wanted_on or order.date
    planned = instalments(order.payment_term, rest, start, order.decimals) if rest else []
    return rows + [Instalment(due_on, amount) for amount, due_on in planned]


def to_be_charged(order):
    """What the customer will still be charged for if everything goes as ordered."""
    if order.approval in (Approval.VOID, Approval.REJECTED):
        return Decimal(0)
    if order.approval != Approval.APPROVED:
        return order.gross
    if order.debt_arises == Company.ArisesAt.ORDER:
        return Decimal(0)
    delivered = sum((line.delivered_gross for line in order.lines.all()), Decimal(0))
    rest = Decimal(0) if order.progress == Order.Progress.CLOSED else order.gross - delivered
    return rest + unsigned_amount(Order.objects.filter(pk=order.pk)) if order.debt_arises == Company.ArisesAt.SIGNED else rest
