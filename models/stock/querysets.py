"""Questions about many balances."""

from collections import defaultdict
from decimal import Decimal

from django.db.models import Sum

from models.base import policy
from models.stock.models import Balance, Movement, Reservation


def available(product_ids, warehouse=None, company_id=None):
    """{product id: quantity that may still be promised} in one warehouse, or in all of a company. One query."""
    rows = Balance.objects.filter(product__in=product_ids)
    if warehouse is not None:
        rows = rows.filter(warehouse=warehouse)
    elif company_id is not None:
        rows = rows.filter(company_id=company_id)
    return _left(rows)


def _left(rows):
    sums = defaultdict(Decimal)
    for product_id, on_hand, reserved in rows.values_list("product_id", "on_hand", "reserved"):
        sums[product_id] += on_hand - reserved
    return dict(sums)


def available_to(product_ids, warehouse_id, user):
    """{product id: quantity that may still be promised} as a person may know it. One query.

    In the one warehouse, if he may see it, else in all he may see of his company.
    """
    rows = policy.scope(user, Balance).filter(product__in=product_ids)
    if warehouse_id is not None:
        rows = rows.filter(warehouse=warehouse_id)
    elif user.employee_id is not None:
        rows = rows.filter(company_id=user.employee.company_id)
    return _left(rows)


def true_balances(products=None):
    """{(product id, warehouse id): {on_hand, reserved, value}} summed from the ledger."""
    truth = defaultdict(lambda: defaultdict(Decimal))
    movements, reservations = Movement.objects.order_by(), Reservation.objects.order_by()
    if products is not None:
        movements, reservations = movements.filter(product__in=products), reservations.filter(product__in=products)
    for product, warehouse, quantity, value in movements.values_list("product_id", "warehouse_id").annotate(Sum("quantity"), Sum("value")):
        truth[product, warehouse]["on_hand"] = quantity
        truth[product, warehouse]["value"] = value
    for product, warehouse, quantity in reservations.values_list("product_id", "warehouse_id").annotate(Sum("quantity")):
        truth[product, warehouse]["reserved"] = quantity
    return truth


def value_by_warehouse(balances):
    """[(warehouse id, value)] of a scoped queryset of balances, largest first."""
    return balances.order_by().values_list("warehouse_id").annotate(total=Sum("value")).order_by("-total")
