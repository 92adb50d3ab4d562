"""Taking part of what a document still has open."""

from decimal import Decimal

from django.utils.translation import gettext as _t

from models.base.fields import trimmed
from models.base.operations import Refusal


def chosen(rows, quantities):
    """The rows [(line, possible)] cut to `quantities` {line id: quantity}; None takes all. Refused beyond what is possible."""
    if quantities is None:
        return rows
    possible = {line.pk: quantity for line, quantity in rows}
    for key, quantity in quantities.items():
        if quantity < 0 or quantity > possible.get(key, Decimal(0)):
            raise Refusal(
                _t("At most %(possible)s of this line is still open.") % {"possible": trimmed(possible.get(key, Decimal(0)))},
                code="over_quantity",
            )
    return [(line, quantities[line.pk]) for line, _possible in rows if quantities.get(line.pk)]
