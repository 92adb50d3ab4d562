"""Goods that go back the way they came, at the value they were booked with."""

from collections import defaultdict
from decimal import Decimal

from django.contrib.contenttypes.models import ContentType
from django.db.models import Sum

from models.base.money import money
from models.stock.models import Movement
from models.stock.operations import Move


class WayBack:
    """What a document moved, product by product, and the moves that take it or parts of it back.

    `way`: 1 where the goods come in again, −1 where they go out again. `by`: queryset of the documents that took parts back already.
    The parts of all goods add up to the value that was moved.
    """

    def __init__(self, document, way, by=None):
        self.way, self.moved = way, _sums(document._meta.model, [document.pk])
        self.back = _sums(by.model, by.values("pk")) if by is not None else defaultdict(lambda: (Decimal(0), Decimal(0)))

    def move(self, product, warehouse, quantity):
        """The move of `quantity` base units."""
        moved, value = self.moved[product.pk]
        if not moved:  # the product was not stocked then
            return Move(product, warehouse, self.way * quantity, unit_cost=product.cost)
        back, value_back = self.back[product.pk]
        total = back + self.way * quantity
        share = money(-value * abs(total) / abs(moved)) - value_back
        self.back[product.pk] = total, value_back + share
        return Move(product, warehouse, self.way * quantity, value=share)


def _sums(model, keys):
    """{product id: (quantity, value)} of what documents moved, signed."""
    rows = Movement.objects.filter(source_type=ContentType.objects.get_for_model(model), source_id__in=keys).order_by()
    found = defaultdict(lambda: (Decimal(0), Decimal(0)))
    for product, quantity, value in rows.values_list("product").annotate(Sum("quantity"), Sum("value")):
        found[product] = quantity, value
    return found
