"""History that took effect before the books began: brought in posted, by the same postings as the operations, without approvals."""

from collections.abc import Callable
from dataclasses import dataclass

from models.finance.models import Receipt
from models.finance.opening import OpeningReceivable
from models.finance.openings import bring_in_opening_receivables, bring_in_receipts
from models.sales.models import Order
from models.sales.operations.history import bring_in_orders
from models.stock.opening import OpeningStock
from models.stock.openings import bring_in_opening_stock

VERB = "import_effective"


@dataclass(frozen=True)
class Effective:
    """How a record type is brought in posted. `bring_in(entries, writes=…, options=…)` → {index: why not}; `opened`: fields it may set."""

    bring_in: Callable
    opened: tuple = ()


EFFECTIVE = {
    Order: Effective(bring_in_orders, opened=("approval", "shipped_on")),
    Receipt: Effective(bring_in_receipts),
    OpeningReceivable: Effective(bring_in_opening_receivables),
    OpeningStock: Effective(bring_in_opening_stock),
}
