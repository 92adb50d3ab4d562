"""What is done with deliveries."""

from decimal import Decimal

from django.db.models import Max, Sum
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from models.base.bulk import write_columns
from models.base.documents import Approval, business_today
from models.base.fields import trimmed
from models.base.operations import Refusal, lock, operation
from models.base.protocols import draw_number
from models.customers.schedule import instalments
from models.finance import credit, debts
from models.finance.advances import give_credits_back
from models.finance.posting import change_ordered
from models.org.models import Company
from models.sales.models import Delivery, DeliveryLine, Order, OrderLine
from models.sales.operations.goods import WayBack
from models.sales.operations.orders import chosen, give_up, reserve_lines
from models.sales.operations.prepaid import Prepayment, is_prepaid, settle_signed
from models.sales.shares import share_of
from models.stock import operations as stock
from models.stock.models import Movement

WAITING = (Delivery.Progress.DRAFT, Delivery.Progress.PICKED)
GONE = (Delivery.Progress.DISPATCHED, Delivery.Progress.SIGNED)


def _number(delivery):
    if not delivery.number:
        delivery.number = draw_number(delivery)
        delivery.save(update_fields=["number"])


@operation(_("Pick"), on=Delivery, source=Delivery.Progress.DRAFT, target=Delivery.Progress.PICKED, icon="checklist", is_step=False)
def pick_delivery(delivery, *, by):
    """The goods lie ready and the slip has its number."""
    if not delivery.lines.exists():
        raise Refusal(_t("Enter at least one line first."), code="empty")
    _number(delivery)


@operation(
    _("Dispatch"),
    on=Delivery,
    source=WAITING,
    target=Delivery.Progress.DISPATCHED,
    moves_first=False,
    icon="local_shipping",
    confirm=_("The goods leave the warehouse and the customer is charged."),
)
def dispatch_delivery(delivery, *, by, date=None):
    """Take the goods out of stock and, where the company's debt arises at dispatch, charge the customer."""
    _number(delivery)
    rows = list(delivery.lines.select_related("product", "order_line"))
    if not rows:
        raise Refusal(_t("Enter at least one line first."), code="empty")
    orders = locked_orders({row.order_line.order_id for row in rows})
    for order in orders.values():
        if order.approval != Approval.APPROVED:
            raise Refusal(_t("Order %(number)s is not approved.") % {"number": order.display_number}, code="wrong_state")
    lines = {line.pk: line for line in lock(OrderLine.objects.filter(order__in=orders))}
    post_delivery(delivery, orders, rows, lines, date=date or business_today())


def locked_orders(keys):
    """{id: Order} locked in ascending key, with what a posting asks of them."""
    query = Order.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=keys).order_by("pk")
    return {order.pk: order for order in query.select_related("debtor", "company__currency", "currency", "warehouse", "payment_term")}


def post_delivery(delivery, orders, rows, lines, *, date, checks=True):
    """Count the goods on their orders, take them out of stock, charge the customer order by order.

    `orders`: {id: locked Order}; `lines`: {id: locked OrderLine} of all of them; `rows`: the delivery's lines with their products.
    """
    by_order = {}
    for row in rows:
        by_order.setdefault(lines[row.order_line_id].order_id, []).append(row)
    _count(orders, rows, lines)
    _sum_up(delivery, rows)
    moves = [_move(row, lines[row.order_line_id], delivery, orders) for row in rows if row.product.is_stocked]
    promised = Decimal(0)
    for key in sorted(by_order):
        order, gross = orders[key], sum((row.gross for row in by_order[key]), Decimal(0))
        money = None
        if checks and is_prepaid(order):
            money = Prepayment(order, gross, [line for line in lines.values() if line.order_id == key], beside=promised)
            money.check()
            promised += gross if order.debt_arises == Company.ArisesAt.SIGNED else 0
        elif checks:
            credit.check_credit(order, order.debtor)  # what is due by now decides: the order counts as ordered already
        if order.debt_arises == Company.ArisesAt.DISPATCH:
            charge_delivery(delivery, order, gross, date, ordered=gross)
        if money:
            money.use(delivery, date)
    stock.post(delivery, moves, kind=Movement.Kind.SALE, date=date, customer=delivery.customer)
    write_columns([lines[key] for key in sorted({row.order_line_id for row in rows})], ["delivered", "delivered_gross", "reserved"])
    write_columns(rows, ["net", "tax", "gross"])
    for order in orders.values():
        own = [line for line in lines.values() if line.order_id == order.pk]
        order.progress = Order.Progress.DELIVERED if all(line.open_quantity == 0 for line in own) else Order.Progress.PARTLY_DELIVERED
        order.shipped_on = date
        order.save(update_fields=["progress", "shipped_on"])
    delivery.dispatched_on = date
    delivery.approval = Approval.APPROVED
    delivery.save(update_fields=["net", "tax", "gross", "dispatched_on", "approval", "charged_gross"])


def _sum_up(delivery, rows):
    delivery.net, delivery.tax, delivery.gross = (sum((getattr(row, name) for row in rows), Decimal(0)) for name in ("net", "tax", "gross"))


def _count(orders, rows, lines):
    left = DeliveryLine.objects.filter(order_line__in=[row.order_line_id for row in rows], delivery__progress__in=GONE).order_by()
    nets = dict(left.values_list("order_line").annotate(total=Sum("net")))
    for row in rows:
        line = lines[row.order_line_id]
        places = orders[line.order_id].decimals
        if row.quantity > line.open_quantity:
            raise Refusal(
                _t("Line %(position)s: %(open)s is still to be delivered, %(quantity)s was entered.")
                % {"position": line.position, "open": trimmed(line.open_quantity), "quantity": trimmed(row.quantity)},
                code="over_delivery",
            )
        net = nets.get(line.pk, Decimal(0))
        row.net = share_of(line.net, line.quantity, line.delivered, row.quantity, places, counted=net)
        row.gross = share_of(line.gross, line.quantity, line.delivered, row.quantity, places, counted=line.delivered_gross)
        row.tax = row.gross - row.net
        line.delivered += row.quantity
        line.delivered_gross += row.gross


def _move(row, line, delivery, orders):
    """The goods of a row out of stock; what was promised to its order in this warehouse is fulfilled by it."""
    quantity = row.quantity * row.factor
    promised = min(line.reserved, quantity) if delivery.warehouse_id == orders[line.order_id].warehouse_id else Decimal(0)
    line.reserved -= promised
    return stock.Move(row.product, delivery.warehouse, -quantity, unreserve=promised, line_id=line.pk)


def charge_delivery(delivery, order, gross, date, ordered=Decimal(0)):
    """The customer owes for goods of the order on this delivery; `ordered`: how much of it had counted as ordered."""
    schedule = instalments(order.payment_term, gross, date, order.decimals)
    debts.charge(delivery, customer=order.debtor, instalments=schedule, date=date, origin=order, ordered=ordered)
    delivery.charged_gross += gross


@operation(_("Signed by the customer"), on=Delivery, source=Delivery.Progress.DISPATCHED, target=Delivery.Progress.SIGNED, icon="draw")
def sign_delivery(delivery, *, by, date=None):
    """The customer has the goods; where debts arise with the signature, he is charged now for what has not come back."""
    delivery.signed_on = date or business_today()
    kept = {}
    for row in delivery.lines.select_related("order_line"):
        kept[row.order_line.order_id] = kept.get(row.order_line.order_id, Decimal(0)) + row.gross
    for key, back in returned_amounts(delivery).items():
        kept[key] -= back
    for key, order in locked_orders(kept).items():
        if order.debt_arises == Company.ArisesAt.SIGNED and kept[key]:
            charge_delivery(delivery, order, kept[key], delivery.signed_on, ordered=kept[key])
            if is_prepaid(order):
                settle_signed(delivery, order, delivery.signed_on)
    delivery.save(update_fields=["signed_on", "charged_gross"])


def returned_amounts(delivery):
    """{order id: amount} of the delivery's goods that were taken in again."""
    from models.sales.models import Return, ReturnLine

    rows = ReturnLine.objects.filter(delivery_line__delivery=delivery, return_document__progress=Return.Progress.RECEIVED).order_by()
    return dict(rows.values_list("delivery_line__order_line__order").annotate(total=Sum("gross")))


@operation(_("Cancel"), on=Delivery, source=WAITING, target=Delivery.Progress.CANCELLED, icon="block", danger=True, is_step=False)
def cancel_delivery(delivery, *, by):
    """Give up a delivery that has not left. Its number, if drawn, stays and is void."""
    if delivery.number:
        delivery.approval = Approval.VOID
        delivery.save(update_fields=["approval"])


@operation(
    _("Reverse"),
    on=Delivery,
    source=GONE,
    target=Delivery.Progress.CANCELLED,
    icon="undo",
    danger=True,
    is_step=False,
    asks=("reason",),
    confirm=_("The goods are back in stock and the charge is taken back."),
)
def reverse_delivery(delivery, *, by, reason=""):
    """Un-verify a dispatch with nothing after it (反审核): stock, debt, advance and the order's counts are as before."""
    from models.sales.models import Return

    if Return.objects.filter(delivery=delivery).exclude(approval__in=(Approval.VOID, Approval.REJECTED)).exists():
        raise Refusal(_t("Goods of this delivery were returned; it cannot be reversed."), code="returned")
    rows = list(delivery.lines.select_related("product", "order_line"))
    orders = locked_orders({row.order_line.order_id for row in rows})
    lines = {line.pk: line for line in lock(OrderLine.objects.filter(order__in=orders))}
    back = dict.fromkeys(orders, Decimal(0))
    for row in rows:
        line = lines[row.order_line_id]
        line.delivered -= row.quantity
        line.delivered_gross -= row.gross
        back[line.order_id] += row.gross
    give_credits_back(delivery)
    debts.uncharge(delivery)
    for order in orders.values():
        _count_back(delivery, order, back[order.pk])
    _lock_places(delivery, rows, orders)
    goods = WayBack(delivery, 1, by=Return.objects.filter(delivery=delivery))
    moves = [goods.move(row.product, delivery.warehouse, row.quantity * row.factor) for row in rows if row.product.is_stocked]
    stock.post(delivery, moves, kind=Movement.Kind.SALE, date=business_today(), customer=delivery.customer)
    write_columns(lines.values(), ["delivered", "delivered_gross"])
    for order in orders.values():
        if order.progress != Order.Progress.CLOSED:
            some = any(line.delivered for line in lines.values() if line.order_id == order.pk)
            order.progress = Order.Progress.PARTLY_DELIVERED if some else Order.Progress.NOT_DELIVERED
        order.shipped_on = Delivery.of_order(order).filter(progress__in=GONE).aggregate(last=Max("dispatched_on"))["last"]
        order.save(update_fields=["progress", "shipped_on"])
        if order.progress != Order.Progress.CLOSED:
            reserve_lines(order, list(order.lines.select_related("product")))
    delivery.approval, delivery.charged_gross = Approval.VOID, Decimal(0)
    delivery.save(update_fields=["approval", "charged_gross"])


def _count_back(delivery, order, gross):
    """The goods of a reversed delivery count as ordered again, unless the order is closed: then they will not come."""
    if order.debt_arises == Company.ArisesAt.ORDER:
        if order.progress == Order.Progress.CLOSED:
            give_up(order, gross)
        return
    if delivery.charged_gross and order.progress != Order.Progress.CLOSED:
        change_ordered(order, order.debtor, gross)
    elif not delivery.charged_gross and order.progress == Order.Progress.CLOSED:  # not signed: it counted as ordered until now
        change_ordered(order, order.debtor, -gross)


def _lock_places(delivery, rows, orders):
    """Lock at once every balance that taking a delivery back and promising its orders' goods anew will touch."""
    places = {(row.product, delivery.warehouse) for row in rows}
    for order in orders.values():
        if order.warehouse_id:
            places |= {(line.product, order.warehouse) for line in order.lines.select_related("product")}
    stock.locked_balances([(product, warehouse) for product, warehouse in places if product.is_stocked])


def returnable(delivery):
    """[(line, quantity)] of what has not come back, nor is in a return that waits."""
    from models.sales.models import Return, ReturnLine

    waiting = {}
    open_returns = ReturnLine.objects.filter(return_document__delivery=delivery, return_document__progress=Return.Progress.AWAITED)
    for key, quantity in open_returns.exclude(return_document__approval__in=(Approval.VOID, Approval.REJECTED)).values_list(
        "delivery_line_id", "quantity"
    ):
        waiting[key] = waiting.get(key, Decimal(0)) + quantity
    rows = [(row, row.quantity - row.returned - waiting.get(row.pk, Decimal(0))) for row in delivery.lines.select_related("product")]
    return [(row, quantity) for row, quantity in rows if quantity > 0]


def _open_to_return(delivery):
    return "" if returnable(delivery) else _("Everything of this delivery has come back already.")


@operation(_("Create return"), on=Delivery, source=GONE, needs=_open_to_return, picks=returnable, icon="assignment_return", is_step=False)
def return_delivery(delivery, *, by, quantities=None):
    """Push down: a draft return of what has not come back yet, or of `quantities` {delivery line id: quantity}. Returns the Return."""
    from models.sales.models import Return, ReturnLine

    rows = chosen(returnable(delivery), quantities)
    if not rows:
        raise Refusal(_t("Enter a quantity for at least one line."), code="empty")
    document = Return.objects.create(
        company_id=delivery.company_id,
        owner_id=delivery.owner_id,
        department_id=delivery.department_id,
        region_id=delivery.region_id,
        handler_id=delivery.handler_id,
        currency_id=delivery.currency_id,
        rate=delivery.rate,
        prices_include_tax=delivery.prices_include_tax,
        customer_id=delivery.customer_id,
        delivery=delivery,
        warehouse_id=delivery.warehouse_id,
    )
    ReturnLine.objects.bulk_create(
        [
            ReturnLine(
                return_document=document,
                delivery_line=row,
                product_id=row.product_id,
                unit=row.unit,
                factor=row.factor,
                quantity=quantity,
                position=row.position,
            )
            for row, quantity in rows
        ]
    )
    document.recompute()
    return document
