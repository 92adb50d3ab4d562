"""Stock of the past, posted in bulk: the same rows as `stock.operations.post` writes, for thousands of documents in a few statements."""

from models.base.bulk import write_columns
from models.base.inserting import insert_rows
from models.base.operations import Refusal
from models.base.records import dimensions
from models.stock.models import Balance, Movement
from models.stock.operations import locked_balances, shortage, valued


class StockBook:
    """The balances of some places, carried forward in memory while documents are posted one after the other.

    `writes` locks the balances; without it nothing is stored and the book only says what would be refused.
    """

    def __init__(self, places, *, writes):
        self.balances = locked_balances(places) if writes else _read(places)
        self.movements = []

    def post(self, moves):
        """[(move, unit cost, value)] of one document's moves. Raises Refusal where goods are missing; then the book is as before."""
        before = {key: (b.on_hand, b.value) for move in moves for key, b in [self._place(move)]}
        posted, short = [], []
        for move in moves:
            _key, balance = self._place(move)
            if move.quantity < 0 and not balance.allow_negative and balance.available + move.quantity < 0:
                short.append((move, balance.available))
            cost, value = valued(move, balance)
            balance.on_hand += move.quantity
            balance.value += value
            posted.append((move, cost, value))
        if short:
            for key, (on_hand, value) in before.items():
                self.balances[key].on_hand, self.balances[key].value = on_hand, value
            raise Refusal(shortage(short), code="stock")
        return posted

    def _place(self, move):
        key = move.product.pk, move.warehouse.pk
        return key, self.balances[key]

    def enter(self, source, posted, *, kind, date, customer=None):
        """Note the movements of a document that now has its key."""
        common = dimensions(source, date)
        self.movements += [
            Movement(
                kind=kind,
                product_id=move.product.pk,
                warehouse_id=move.warehouse.pk,
                customer=customer,
                quantity=move.quantity,
                unit_cost=cost,
                value=value,
                **common,
            )
            for move, cost, value in posted
        ]

    def store(self):
        """Write movements and balances."""
        insert_rows(self.movements)
        write_columns(self.balances.values(), ["on_hand", "value"])


def _read(places):
    """As locked_balances, without lock and without making rows."""
    wanted = {(product.pk, warehouse.pk): (product, warehouse) for product, warehouse in places}
    found = Balance.objects.filter(product__in={p for p, _w in wanted}, warehouse__in={w for _p, w in wanted})
    stored = {(balance.product_id, balance.warehouse_id): balance for balance in found}
    return {
        key: stored.get(key) or Balance(product=product, warehouse=warehouse, allow_negative=warehouse.allow_negative)
        for key, (product, warehouse) in wanted.items()
    }
