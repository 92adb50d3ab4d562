"""What is done with deliveries."""

from decimal import Decimal

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from models.base.bulk import write_columns
from models.base.documents import Approval, business_today
from models.base.fields import trimmed
from models.base.operations import Refusal, lock, operation
from models.base.protocols import draw_number
from models.customers.schedule import instalments
from models.finance import credit, debts
from models.finance.posting import change_ordered
from models.org.models import Company
from models.sales.models import Delivery, Order, OrderLine
from models.sales.operations.orders import chosen, reserve_lines
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
    return {order.pk: order for order in query.select_related("customer", "company__currency", "currency", "warehouse", "payment_term")}


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
    for key in sorted(by_order):
        gross = sum((row.gross for row in by_order[key]), Decimal(0))
        if checks:
            _check_delivery_credit(orders[key], gross)
        if orders[key].company.debt_arises == Company.ArisesAt.DISPATCH:
            _charge(delivery, orders[key], gross, date)
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
    for row in rows:
        line = lines[row.order_line_id]
        places = orders[line.order_id].decimals
        if row.quantity > line.open_quantity:
            raise Refusal(
                _t("Line %(position)s: %(open)s is still to be delivered, %(quantity)s was entered.")
                % {"position": line.position, "open": trimmed(line.open_quantity), "quantity": trimmed(row.quantity)},
                code="over_delivery",
            )
        row.order_line = line
        row.price_by_order(places)
        line.delivered += row.quantity
        line.delivered_gross += row.gross


def _move(row, line, delivery, orders):
    """The goods of a row out of stock; what was promised to its order in this warehouse is fulfilled by it."""
    quantity = row.quantity * row.factor
    promised = min(line.reserved, quantity) if delivery.warehouse_id == orders[line.order_id].warehouse_id else Decimal(0)
    line.reserved -= promised
    return stock.Move(row.product, delivery.warehouse, -quantity, unreserve=promised, line_id=line.pk)


def _check_delivery_credit(order, gross):
    """The order's amount is already counted as ordered, so nothing is added; what is due by now decides. Prepaid terms want the money."""
    debtor = order.customer.debtor
    if order.payment_term_id and order.payment_term.requires_prepayment:
        status = credit.credit_status(debtor, order.company_id)
        if status.advance < gross and not credit.is_overridden(order, status):
            raise Refusal(
                _t("%(customer)s pays before dispatch: %(advance)s has come in, %(gross)s is needed.")
                % {"customer": debtor.title(), "advance": f"{status.advance:,.2f}", "gross": f"{gross:,.2f}"},
                code="prepayment",
                help=_t("Approve the receipt first."),
            )
        return
    credit.check_credit(order, debtor)


def _charge(delivery, order, gross, date):
    schedule = instalments(order.payment_term, gross, date, order.decimals)
    debts.charge(delivery, customer=order.customer.debtor, instalments=schedule, date=date, origin=order, ordered=gross)
    delivery.charged_gross += gross


@operation(_("Signed by the customer"), on=Delivery, source=Delivery.Progress.DISPATCHED, target=Delivery.Progress.SIGNED, icon="draw")
def sign_delivery(delivery, *, by, date=None):
    """The customer has the goods; where debts arise with the signature, he is charged now."""
    delivery.signed_on = date or business_today()
    if delivery.company.debt_arises == Company.ArisesAt.SIGNED:
        by_order = {}
        for row in delivery.lines.select_related("order_line"):
            by_order[row.order_line.order_id] = by_order.get(row.order_line.order_id, Decimal(0)) + row.gross
        for key, order in locked_orders(by_order).items():
            _charge(delivery, order, by_order[key], delivery.signed_on)
    delivery.save(update_fields=["signed_on", "charged_gross"])


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
    """Un-verify a dispatch with nothing after it (反审核): stock, debt and the order's counts are as before."""
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
    if delivery.charged_gross:
        debts.uncharge(delivery)
        for order in orders.values():
            if order.progress != Order.Progress.CLOSED:
                change_ordered(order, order.customer.debtor, back[order.pk])
    _lock_places(delivery, rows, orders)
    costs = dict(Movement.objects.filter(source_type__model="delivery", source_id=delivery.pk).values_list("product_id", "unit_cost"))
    moves = [
        stock.Move(row.product, delivery.warehouse, row.quantity * row.factor, unit_cost=costs.get(row.product_id, Decimal(0)))
        for row in rows
        if row.product.is_stocked
    ]
    stock.post(delivery, moves, kind=Movement.Kind.SALE, date=business_today(), customer=delivery.customer)
    write_columns(lines.values(), ["delivered", "delivered_gross"])
    for order in orders.values():
        if order.progress != Order.Progress.CLOSED:
            some = any(line.delivered for line in lines.values() if line.order_id == order.pk)
            order.progress = Order.Progress.PARTLY_DELIVERED if some else Order.Progress.NOT_DELIVERED
            order.save(update_fields=["progress"])
            reserve_lines(order, list(order.lines.select_related("product")))
    delivery.approval, delivery.charged_gross = Approval.VOID, Decimal(0)
    delivery.save(update_fields=["approval", "charged_gross"])


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
