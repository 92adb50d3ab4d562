"""What is done with returns."""

from decimal import Decimal

from django.db.models import Sum
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from models.base.approvals import VOIDABLE, begin_route, declare_approval, is_in_force, may_be_void
from models.base.bulk import write_columns
from models.base.documents import SUBMITTABLE, Approval, business_today
from models.base.fields import trimmed
from models.base.operations import Refusal, lock, operation
from models.base.protocols import draw_number
from models.finance import debts
from models.finance.models import CustomerEntry
from models.finance.posting import change_ordered
from models.org.models import Company
from models.sales.models import Delivery, DeliveryLine, Order, OrderLine, Return, ReturnLine
from models.sales.operations.deliveries import charge_delivery
from models.sales.operations.goods import WayBack
from models.sales.operations.quotes import require_lines
from models.stock import operations as stock
from models.stock.models import Movement


def _check_quantities(rows, delivery_lines, waiting):
    """Refuse what is more than was delivered and has neither come back nor is on its way back: `waiting` {delivery line id: quantity}."""
    for row in rows:
        source = delivery_lines[row.delivery_line_id]
        left = source.quantity - source.returned - waiting.get(source.pk, Decimal(0))
        if row.quantity > left:
            raise Refusal(
                _t("Line %(position)s: %(left)s can still come back, %(quantity)s was entered.")
                % {"position": row.position, "left": trimmed(left), "quantity": trimmed(row.quantity)},
                code="over_return",
            )


@operation(
    _("Submit for approval"),
    on=Return,
    field="approval",
    source=SUBMITTABLE,
    target=Approval.PENDING,
    moves_first=False,
    then=begin_route,
    icon="send",
)
def submit_return(document, *, by):
    """Compute, check that with the returns on their way no more comes back than was delivered, draw the number, begin the approval."""
    require_lines(document)
    lock(Delivery.objects.filter(pk=document.delivery_id))  # two returns of it are submitted one after the other
    sources = {line.pk: line for line in DeliveryLine.objects.filter(delivery_id=document.delivery_id)}
    on_their_way = ReturnLine.objects.filter(
        return_document__delivery_id=document.delivery_id,
        return_document__progress=Return.Progress.AWAITED,
        return_document__approval__in=(Approval.PENDING, Approval.APPROVED),
    )
    waiting = dict(on_their_way.order_by().values_list("delivery_line").annotate(total=Sum("quantity")))
    _check_quantities(list(document.lines.all()), sources, waiting)
    document.recompute()
    document.number = document.number or draw_number(document)
    document.save(update_fields=["number"])


@operation(_("Approve"), on=Return, field="approval", source=Approval.PENDING, target=Approval.APPROVED, route_only=True, icon="check")
def approve_return(document, *, by):
    """The goods may come; nothing moves before the keeper takes them in."""


@operation(
    _("Take in"),
    on=Return,
    source=Return.Progress.AWAITED,
    target=Return.Progress.RECEIVED,
    approval=(Approval.APPROVED,),
    icon="inventory",
    confirm=_("The goods go into stock and the customer's debt is lowered."),
)
def receive_return(document, *, by, date=None):
    """The keeper takes the goods in: stock and receivable are reversed; what was already paid becomes a credit of the customer."""
    date = date or business_today()
    delivery, sources, order_lines = _locked(document)
    rows = list(document.lines.select_related("product"))
    _check_quantities(rows, sources, {})
    _settle(document, rows, sources)
    _count(rows, sources, order_lines, 1)
    document.received_on = date
    document.save(update_fields=["received_on"])
    for order, amount in _by_order(rows, sources, order_lines):
        if is_owed(delivery, order):
            owed = debts.charged(order, None if order.debt_arises == Company.ArisesAt.ORDER else delivery)
            debts.lower_debts(document, owed, customer=order.debtor, amount=amount, kind=CustomerEntry.Kind.RETURN, date=date)
        else:
            change_ordered(order, order.debtor, -amount)
    goods = WayBack(delivery, 1, by=Return.objects.filter(delivery=delivery))
    _move(document, goods, rows, date)


def is_owed(delivery, order):
    """True once the customer owes for what the delivery that is out holds of the order."""
    return order.debt_arises != Company.ArisesAt.SIGNED or delivery.progress == Delivery.Progress.SIGNED


def _locked(document):
    """The delivery that goods come back of, {id: its line}, {id: order line}; locked."""
    delivery = lock(Delivery.objects.filter(pk=document.delivery_id))[0]
    sources = {line.pk: line for line in lock(DeliveryLine.objects.filter(delivery=delivery))}
    return delivery, sources, {line.pk: line for line in lock(OrderLine.objects.filter(delivery_lines__delivery=delivery))}


def _count(rows, sources, order_lines, sign):
    for row in rows:
        source = sources[row.delivery_line_id]
        source.returned += sign * row.quantity
        order_lines[source.order_line_id].returned += sign * row.quantity
    write_columns(sources.values(), ["returned"])
    write_columns(order_lines.values(), ["returned"])


def _by_order(rows, sources, order_lines):
    """[(order, what its goods among the rows are worth)], without those that are worth nothing."""
    sums = {}
    for row in rows:
        key = order_lines[sources[row.delivery_line_id].order_line_id].order_id
        sums[key] = sums.get(key, Decimal(0)) + row.gross
    orders = Order.objects.select_related("debtor", "company__currency", "currency", "payment_term").in_bulk(sums)
    return [(orders[key], amount) for key, amount in sorted(sums.items()) if amount]


def _move(document, goods, rows, date):
    moves = [goods.move(row.product, document.warehouse, row.quantity * row.factor) for row in rows if row.product.is_stocked]
    stock.post(document, moves, kind=Movement.Kind.SALE_RETURN, date=date, customer=document.customer)


def _settle(document, rows, sources):
    """Returns approved side by side share one delivery line: what came back meanwhile may move a cent, so compute anew."""
    before = document.gross
    for row in rows:
        row.delivery_line = sources[row.delivery_line_id]
        row.return_document = document
    document.compute(rows)
    if document.gross != before:
        raise Refusal(_t("Another return of this delivery was taken in meanwhile; void this one and enter it again."), code="changed")


@operation(
    _("Void"),
    on=Return,
    field="approval",
    source=VOIDABLE,
    target=Approval.VOID,
    moves_first=False,
    icon="block",
    danger=True,
    is_step=False,
    asks=("reason",),
    needs=lambda document: (
        may_be_void(document) or ("" if document.progress == Return.Progress.AWAITED else _("The goods are already taken in."))
    ),
)
def void_return(document, *, by, reason=""):
    """Give up a return whose goods have not come: their quantities may come back with another."""
    is_in_force(document, by=by, reason=reason)


@operation(
    _("Reverse"),
    on=Return,
    source=Return.Progress.RECEIVED,
    target=Return.Progress.REVERSED,
    icon="undo",
    danger=True,
    is_step=False,
    asks=("reason",),
    confirm=_("The goods leave the stock again and the customer owes for them as before."),
)
def reverse_return(document, *, by, reason=""):
    """Take back that the goods were taken in (红冲): stock, debt and counts are as before. Refused once its credit was used."""
    date = business_today()
    delivery, sources, order_lines = _locked(document)
    rows = list(document.lines.select_related("product"))
    _count(rows, sources, order_lines, -1)
    if not debts.restore_debts(document, kind=CustomerEntry.Kind.RETURN, date=date):
        for order, amount in _by_order(rows, sources, order_lines):
            _owe_again(delivery, order, amount, date)
    _move(document, WayBack(document, -1), rows, date)
    document.approval = Approval.VOID
    document.save(update_fields=["approval"])


def _owe_again(delivery, order, amount, date):
    """The goods had come back before the customer owed for them: he does so now if he has signed, else they count as ordered."""
    if is_owed(delivery, order):
        charge_delivery(delivery, order, amount, date)
        delivery.save(update_fields=["charged_gross"])
    else:
        change_ordered(order, order.debtor, amount)


RETURN_APPROVAL = declare_approval(Return, "return")
