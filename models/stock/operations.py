"""The only writers of the stock ledger.

Documents call them inside their own operation; each posts many rows in a fixed number of queries.
"""

from collections import defaultdict
from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext as _

from models.base.bulk import write_columns
from models.base.fields import trimmed
from models.base.money import money, round_half_up
from models.base.operations import Refusal, lock
from models.base.records import dimensions
from models.stock.models import Balance, Movement, Reservation, Warehouse


class Move(NamedTuple):
    """`quantity` base units in (+) or out (−) of a warehouse. `unreserve`: the promise it fulfils.

    `unit_cost` None: at the moving average. `value` (signed): what the goods were booked with when they moved the other way.
    """

    product: object
    warehouse: object
    quantity: Decimal
    unit_cost: Decimal | None = None
    unreserve: Decimal = Decimal(0)
    line_id: int | None = None
    value: Decimal | None = None


def locked_balances(places):
    """{(product id, warehouse id): Balance}, rows made where missing, locked in ascending key. `places`: (product, warehouse) pairs."""
    wanted = {(product.pk, warehouse.pk): (product, warehouse) for product, warehouse in places}
    query = Balance.objects.filter(product__in={p for p, _w in wanted}, warehouse__in={w for _p, w in wanted})
    missing = set(wanted) - set(query.values_list("product_id", "warehouse_id"))
    if missing:
        rows = [
            Balance(
                product=wanted[key][0],
                warehouse=wanted[key][1],
                company_id=wanted[key][1].company_id,
                allow_negative=wanted[key][1].allow_negative,
            )
            for key in sorted(missing)
        ]
        Balance.objects.bulk_create(rows, ignore_conflicts=True)
    return {(b.product_id, b.warehouse_id): b for b in lock(query) if (b.product_id, b.warehouse_id) in wanted}


def post(source, moves, *, kind, date=None, customer=None):
    """Write the movements and bring the balances along. Raises Refusal naming product, what is there and what is needed.

    Goods promised to others are not taken: an outgoing move needs on hand ≥ quantity beyond the promises that are not its own.
    """
    moves = [move for move in moves if move.quantity or move.unreserve]
    if not moves:
        return []
    common = dimensions(source, date)
    balances = locked_balances([(move.product, move.warehouse) for move in moves])
    movements, reservations, short = [], [], []
    for move in moves:
        balance = balances[move.product.pk, move.warehouse.pk]
        if move.unreserve:
            balance.reserved -= move.unreserve
            reservations.append(
                Reservation(product=move.product, warehouse=move.warehouse, quantity=-move.unreserve, line_id=move.line_id, **common)
            )
        if not move.quantity:
            continue
        if move.quantity < 0 and not balance.allow_negative and balance.available + move.quantity < 0:
            short.append((move, balance.available))
        cost, value = valued(move, balance)
        balance.on_hand += move.quantity
        balance.value += value
        movements.append(
            Movement(
                kind=kind,
                product=move.product,
                warehouse=move.warehouse,
                customer=customer,
                quantity=move.quantity,
                unit_cost=cost,
                value=value,
                **common,
            )
        )
    if short:
        raise Refusal(shortage(short), code="stock", help=_("Change the quantity or choose another warehouse."))
    Movement.objects.bulk_create(movements)
    Reservation.objects.bulk_create(reservations)
    write_columns(balances.values(), ["on_hand", "reserved", "value"])
    return movements


def valued(move, balance):
    """(unit cost, signed value). Outgoing goods take the moving average; the last ones take what value is left."""
    if move.value is not None:
        value = _booked_value(move, balance)
        return round_half_up(value / move.quantity, 6), value
    if move.unit_cost is not None:
        return move.unit_cost, money(move.quantity * move.unit_cost)
    if not balance.on_hand:
        return Decimal(0), Decimal(0)
    cost = round_half_up(balance.value / balance.on_hand, 6)
    if balance.on_hand + move.quantity == 0:
        return cost, -balance.value
    return cost, money(move.quantity * cost)


def _booked_value(move, balance):
    """The value the move names; but goods that go out take no more than is there, and the last ones all of it."""
    if move.quantity > 0 or balance.allow_negative:
        return move.value
    return -balance.value if balance.on_hand + move.quantity == 0 else max(move.value, -balance.value)


def shortage(short):
    lines = [
        _("%(code)s %(name)s in %(warehouse)s: %(available)s available, %(needed)s needed")
        % {
            "code": move.product.code,
            "name": move.product.name,
            "warehouse": move.warehouse.name,
            "available": trimmed(available),
            "needed": trimmed(-move.quantity),
        }
        for move, available in short[:5]
    ]
    return _("Not enough stock. %(lines)s.") % {"lines": "; ".join(lines)}


def reserve(source, requests):
    """Promise goods to a document's lines as far as they are available; [(product, warehouse, quantity, line id)] → reserved quantities.

    What is not there is not promised: the line waits, and `reserve` can be called again when goods have come.
    """
    if not requests:
        return []
    common = dimensions(source)
    balances = locked_balances([(product, warehouse) for product, warehouse, _q, _l in requests])
    rows, reserved = [], []
    for product, warehouse, quantity, line_id in requests:
        balance = balances[product.pk, warehouse.pk]
        possible = quantity if balance.allow_negative else max(Decimal(0), min(quantity, balance.available))
        reserved.append(possible)
        if possible:
            balance.reserved += possible
            rows.append(Reservation(product=product, warehouse=warehouse, quantity=possible, line_id=line_id, **common))
    Reservation.objects.bulk_create(rows)
    if rows:
        write_columns(balances.values(), ["reserved"])
    return reserved


def release(source, requests):
    """Give promised goods back: [(product, warehouse, quantity, line id)]."""
    post(
        source,
        [
            Move(product, warehouse, Decimal(0), unreserve=quantity, line_id=line)
            for product, warehouse, quantity, line in requests
            if quantity
        ],
        kind="",
    )


def rebuild_balances(products=None):
    """Set every balance to the sum of its rows. Returns [(balance, column, stored, true)] of what differed."""
    from models.stock.querysets import true_balances

    wrong = []
    truth = true_balances(products)
    for balance in lock(Balance.objects.all() if products is None else Balance.objects.filter(product__in=products)):
        sums = truth.get((balance.product_id, balance.warehouse_id), defaultdict(Decimal))
        for name in ("on_hand", "reserved", "value"):
            if getattr(balance, name) != sums[name]:
                wrong.append((balance, name, getattr(balance, name), sums[name]))
                setattr(balance, name, sums[name])
    write_columns({balance for balance, *_rest in wrong}, ["on_hand", "reserved", "value"])
    return wrong


def default_warehouse(company_id):
    """The first enabled normal warehouse of a company, or None."""
    return Warehouse.objects.filter(company_id=company_id, kind=Warehouse.Kind.NORMAL, is_active=True).order_by("code").first()
