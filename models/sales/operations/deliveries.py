"""What is done with deliveries."""

from decimal import Decimal

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from models.base.documents import Approval, business_today
from models.base.operations import Refusal, lock, operation
from models.base.protocols import draw_number
from models.customers.schedule import instalments
from models.finance import credit, debts
from models.org.models import Company
from models.sales.models import Delivery, DeliveryLine, Order, OrderLine
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
    order = Order.objects.select_for_update(of=("self",)).select_related("customer", "company__currency", "currency", "warehouse", "payment_term").get(pk=delivery.order_id)
    if order.approval != Approval.APPROVED:
        raise Refusal(_t("Order %(number)s is not approved.") % {"number": order.display_number}, code="wrong_state")
    rows = list(delivery.lines.select_related("product"))
    if not rows:
        raise Refusal(_t("Enter at least one line first."), code="empty")
    lines = {line.pk: line for line in lock(OrderLine.objects.filter(order=order))}
    post_delivery(delivery, order, rows, lines, date=date or business_today())


def post_delivery(delivery, order, rows, lines, *, date, checks=True):
    """Count the goods on the order, take them out of stock, charge the customer. `lines`: {id: locked OrderLine}."""
    debtor = order.customer.debtor
    _count(order, rows, lines)
    delivery.net, delivery.tax, delivery.gross = (sum((getattr(row, name) for row in rows), Decimal(0)) for name in ("net", "tax", "gross"))
    if checks:
        _check_delivery_credit(delivery, order, debtor)
    moves = [
        stock.Move(
            row.product,
            delivery.warehouse,
            -row.quantity * row.factor,
            unreserve=_unreserved(row, lines[row.order_line_id], delivery, order),
            line_id=row.order_line_id,
        )
        for row in rows
        if row.product.is_stocked
    ]
    if order.company.debt_arises == Company.ArisesAt.DISPATCH:
        _charge(delivery, order, debtor, date)
    stock.post(delivery, moves, kind=Movement.Kind.SALE, date=date, customer=order.customer)
    changed = {row.order_line_id for row in rows}
    OrderLine.objects.bulk_update([lines[key] for key in sorted(changed)], ["delivered", "delivered_gross", "reserved"])
    DeliveryLine.objects.bulk_update(rows, ["net", "tax", "gross"])
    done = all(line.open_quantity == 0 for line in lines.values())
    order.progress = Order.Progress.DELIVERED if done else Order.Progress.PARTLY_DELIVERED
    order.shipped_on = date
    order.save(update_fields=["progress", "shipped_on"])
    delivery.dispatched_on = date
    delivery.approval = Approval.APPROVED
    delivery.save(update_fields=["net", "tax", "gross", "dispatched_on", "approval", "charged_gross"])


def _count(order, rows, lines):
    places = order.decimals
    for row in rows:
        line = lines[row.order_line_id]
        if row.quantity > line.open_quantity:
            raise Refusal(
                _t("Line %(position)s: %(open)s is still to be delivered, %(quantity)s was entered.")
                % {"position": line.position, "open": line.open_quantity.normalize(), "quantity": row.quantity.normalize()},
                code="over_delivery",
            )
        row.net = share_of(line.net, line.quantity, line.delivered, row.quantity, places)
        row.gross = share_of(line.gross, line.quantity, line.delivered, row.quantity, places)
        row.tax = row.gross - row.net
        line.delivered += row.quantity
        line.delivered_gross += row.gross


def _unreserved(row, line, delivery, order):
    """How much of the order's promise this takes; only from the warehouse where it was promised."""
    if delivery.warehouse_id != order.warehouse_id:
        return Decimal(0)
    part = min(line.reserved, row.quantity * row.factor)
    line.reserved -= part
    return part


def _check_delivery_credit(delivery, order, debtor):
    """The order's amount is already counted as ordered, so nothing is added; what is due by now decides. Prepaid terms want the money."""
    if order.payment_term_id and order.payment_term.requires_prepayment:
        status = credit.credit_status(debtor, order.company_id)
        if status.advance < delivery.gross:
            raise Refusal(
                _t("%(customer)s pays before dispatch: %(advance)s has come in, %(gross)s is needed.")
                % {"customer": debtor.title(), "advance": f"{status.advance:,.2f}", "gross": f"{delivery.gross:,.2f}"},
                code="prepayment",
                help=_t("Approve the receipt first."),
            )
        return
    credit.check_credit(order, debtor)


def _charge(delivery, order, debtor, date):
    schedule = instalments(order.payment_term, delivery.gross, date, order.decimals)
    debts.charge(delivery, customer=debtor, instalments=schedule, date=date, origin=order, ordered=delivery.gross)
    delivery.charged_gross = delivery.gross


@operation(_("Signed by the customer"), on=Delivery, source=Delivery.Progress.DISPATCHED, target=Delivery.Progress.SIGNED, icon="draw")
def sign_delivery(delivery, *, by, date=None):
    """The customer has the goods; where debts arise with the signature, he is charged now."""
    delivery.signed_on = date or business_today()
    if delivery.company.debt_arises == Company.ArisesAt.SIGNED:
        _charge(delivery, delivery.order, delivery.customer.debtor, delivery.signed_on)
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
    order = Order.objects.select_for_update(of=("self",)).get(pk=delivery.order_id)
    lines = {line.pk: line for line in lock(OrderLine.objects.filter(order=order))}
    rows = list(delivery.lines.select_related("product"))
    for row in rows:
        lines[row.order_line_id].delivered -= row.quantity
        lines[row.order_line_id].delivered_gross -= row.gross
    from models.finance.posting import change_ordered

    if delivery.charged_gross:
        debts.uncharge(delivery)
        if order.progress != Order.Progress.CLOSED:
            change_ordered(order, order.customer.debtor, delivery.charged_gross)
    costs = {m.product_id: m.unit_cost for m in Movement.objects.filter(source_type__model="delivery", source_id=delivery.pk)}
    moves = [
        stock.Move(row.product, delivery.warehouse, row.quantity * row.factor, unit_cost=costs.get(row.product_id, Decimal(0)))
        for row in rows
        if row.product.is_stocked
    ]
    stock.post(delivery, moves, kind=Movement.Kind.SALE, date=business_today(), customer=order.customer)
    OrderLine.objects.bulk_update(lines.values(), ["delivered", "delivered_gross"])
    some = any(line.delivered for line in lines.values())
    if order.progress != Order.Progress.CLOSED:
        order.progress = Order.Progress.PARTLY_DELIVERED if some else Order.Progress.NOT_DELIVERED
        order.save(update_fields=["progress"])
        from models.sales.operations.orders import reserve_lines

        reserve_lines(order, [line for line in order.lines.select_related("product")])
    delivery.approval, delivery.charged_gross = Approval.VOID, Decimal(0)
    delivery.save(update_fields=["approval", "charged_gross"])


def _open_to_return(delivery):
    return "" if any(row.quantity > row.returned for row in delivery.lines.all()) else _("Everything of this delivery has come back already.")


@operation(_("Create return"), on=Delivery, source=GONE, needs=_open_to_return, icon="assignment_return", is_step=False)
def return_delivery(delivery, *, by, quantities=None):
    """Push down: a draft return of what has not come back yet, or of `quantities` {delivery line id: quantity}. Returns the Return."""
    from models.sales.models import Return, ReturnLine

    rows = [(row, row.quantity - row.returned) for row in delivery.lines.all() if row.quantity > row.returned]
    if quantities is not None:
        rows = [(row, quantities[row.pk]) for row, _possible in rows if quantities.get(row.pk)]
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
