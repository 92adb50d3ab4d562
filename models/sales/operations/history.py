"""Sales of the past, brought in whole: orders that took effect before the books began, and what was delivered of them.

The same rows as approving and dispatching write, in a few statements for thousands of orders: no approval, no credit check, no
reservation, no number of ours. Everything carries the mark “opening”.
"""

from decimal import Decimal

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _t

from models.base.documents import Approval
from models.base.inserting import give_keys, insert_rows
from models.base.operations import Refusal
from models.customers.schedule import instalments
from models.finance.history import Accounts
from models.org.models import Company
from models.sales import figures
from models.sales.models import Delivery, DeliveryLine, Order
from models.stock import operations as stock
from models.stock.history import StockBook
from models.stock.models import Movement


def bring_in_orders(entries, *, writes, options=None):
    """Store and post the unsaved orders `entries` [(order, lines)]; returns {index: why one was refused}, and nothing of those is stored.

    An order with `shipped_on` was delivered whole on that day: the goods leave the stock, in the order of those days, and the
    customer is charged where the company's debt arises. One whose approval is “void” is kept without any effect. Products of the
    lines must be loaded. Without `writes` nothing is stored.
    """
    if not entries:
        return {}
    orders = [order for order, _lines in entries]
    prefetch_related_objects(orders, "company__currency", "currency", "customer__settlement_customer", "warehouse", "payment_term__lines")
    refused, warehouses = {}, {key: stock.default_warehouse(key) for key in {order.company_id for order in orders}}
    for index, (order, lines) in enumerate(entries):
        problem = _prepare(order, lines, warehouses[order.company_id])
        if problem:
            refused[index] = problem
    moves = _moves(entries, refused)
    book = StockBook({(move.product, move.warehouse) for found in moves.values() for move in found}, writes=writes)
    posted = _ship(book, moves, entries, refused)
    if writes:
        _store([(*entry, posted.get(index)) for index, entry in enumerate(entries) if index not in refused], book)
    return refused


def _prepare(order, lines, default_warehouse):
    """Compute and mark the order; why it cannot be brought in, or None."""
    if not lines:
        return _t("Enter at least one line first.")
    if order.shipped_on and order.shipped_on < order.date:
        return _t("It would be delivered before it was ordered.")
    if problem := order.rate_problem():
        return problem
    order.is_opening = True
    order.approval = Approval.VOID if order.approval == Approval.VOID else Approval.APPROVED
    order.debtor, order.debt_arises = order.customer.debtor, order.company.debt_arises
    order.compute(lines)
    if order.warehouse_id is None:
        order.warehouse = default_warehouse
    if _is_delivered(order):
        if order.warehouse_id is None:
            return _t("Choose a warehouse on the order first.")
        order.progress = Order.Progress.DELIVERED
        for line in lines:
            line.delivered, line.delivered_gross = line.quantity, line.gross
    return None


def _is_delivered(order):
    return bool(order.shipped_on) and order.approval == Approval.APPROVED


def _moves(entries, refused):
    """{index: moves} of the orders whose goods left."""
    return {
        index: [stock.Move(line.product, order.warehouse, -line.base_quantity) for line in lines if line.product.is_stocked]
        for index, (order, lines) in enumerate(entries)
        if index not in refused and _is_delivered(order)
    }


def _ship(book, moves, entries, refused):
    """{index: posted moves}, in the order of the days; an order whose goods were not there is refused."""
    posted = {}
    for index in sorted(moves, key=lambda index: (entries[index][0].shipped_on, index)):
        try:
            posted[index] = book.post(moves[index])
        except Refusal as refusal:
            refused[index] = str(refusal)
    return posted


def _store(entries, book):
    orders = [order for order, _lines, _posted in entries]
    give_keys(orders)
    for order, lines, _posted in entries:
        for line in lines:
            line.order_id = order.pk
    all_lines = [line for _order, lines, _posted in entries for line in lines]
    give_keys(all_lines)
    insert_rows(orders)
    insert_rows(all_lines)
    deliveries, delivered = _deliver(entries, book)
    accounts, rollups = Accounts(), []
    for order, lines, _posted in entries:
        if order.approval == Approval.APPROVED:
            rollups += figures.deltas(order, lines)
            _charge(order, deliveries.get(order.pk), accounts)
    insert_rows(deliveries.values())
    insert_rows(delivered)
    accounts.store()
    insert_rows(rollups)
    book.store()


def _deliver(entries, book):
    """{order id: Delivery} and their lines, with keys, not stored yet; their movements stand in the book."""
    made = {}
    for order, lines, posted in entries:
        if posted is not None:
            made[order.pk] = _delivery(order, lines)
    give_keys(list(made.values()))
    rows = []
    for order, lines, posted in entries:
        if order.pk in made:
            delivery = made[order.pk]
            rows += [_delivery_line(delivery, line) for line in lines]
            book.enter(delivery, posted, kind=Movement.Kind.SALE, date=order.shipped_on, customer=order.customer)
    return made, rows


def _delivery(order, lines):
    is_signed = order.debt_arises == Company.ArisesAt.SIGNED
    return Delivery(
        company_id=order.company_id,
        owner_id=order.owner_id,
        department_id=order.department_id,
        region_id=order.region_id,
        handler_id=order.handler_id,
        currency_id=order.currency_id,
        rate=order.rate,
        prices_include_tax=order.prices_include_tax,
        external_number=order.external_number,
        date=order.shipped_on,
        dispatched_on=order.shipped_on,
        signed_on=order.shipped_on if is_signed else None,
        progress=Delivery.Progress.SIGNED if is_signed else Delivery.Progress.DISPATCHED,
        approval=Approval.APPROVED,
        is_opening=True,
        order_id=order.pk,
        customer=order.customer,
        warehouse=order.warehouse,
        address=order.delivery_address,
        net=sum((line.net for line in lines), Decimal(0)),
        tax=sum((line.tax for line in lines), Decimal(0)),
        gross=sum((line.gross for line in lines), Decimal(0)),
    )


def _delivery_line(delivery, line):
    return DeliveryLine(
        delivery_id=delivery.pk,
        order_line_id=line.pk,
        product_id=line.product_id,
        unit=line.unit,
        factor=line.factor,
        quantity=line.quantity,
        position=line.position,
        net=line.net,
        tax=line.tax,
        gross=line.gross,
    )


def _charge(order, delivery, accounts):
    """The debt, where it arose; else the order counts as ordered."""
    if order.debt_arises == Company.ArisesAt.ORDER:
        schedule = instalments(order.payment_term, order.gross, order.date, order.decimals)
        accounts.charge(order, order.debtor, schedule, date=order.date, origin=order)
    elif delivery is not None:
        schedule = instalments(order.payment_term, delivery.gross, order.shipped_on, order.decimals)
        delivery.company = order.company
        delivery.charged_gross = delivery.gross
        accounts.charge(delivery, order.debtor, schedule, date=order.shipped_on, origin=order)
    else:
        accounts.order(order, order.debtor, order.gross)
