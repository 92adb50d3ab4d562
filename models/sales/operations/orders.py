"""What is done with orders."""

from decimal import Decimal

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from models.base.approvals import VOIDABLE, begin_route, declare_approval, is_in_force, may_be_void, require_sound
from models.base.bulk import write_columns
from models.base.documents import SUBMITTABLE, Approval, business_today
from models.base.operations import Refusal, lock, operation
from models.base.protocols import draw_number
from models.customers.schedule import instalments
from models.finance import credit, debts
from models.finance.models import CustomerEntry
from models.finance.posting import change_ordered
from models.org.models import Company
from models.sales import figures
from models.sales.models import Delivery, DeliveryLine, Order
from models.sales.operations.picking import chosen
from models.sales.operations.quotes import require_lines
from models.sales.ordering import quotes_of_order, settle_quotes
from models.stock import operations as stock

OPEN = (Order.Progress.NOT_DELIVERED, Order.Progress.PARTLY_DELIVERED)


@operation(
    _("Submit for approval"),
    on=Order,
    field="approval",
    source=SUBMITTABLE,
    target=Approval.PENDING,
    moves_first=False,
    then=begin_route,
    icon="send",
)
def submit_order(order, *, by):
    """Compute, fix who owes the money and when, draw the number and begin the approval."""
    require_lines(order)
    require_sound(order)
    order.recompute()
    if order.warehouse_id is None:
        order.warehouse = stock.default_warehouse(order.company_id)
    order.debtor, order.debt_arises = order.customer.debtor, order.company.debt_arises
    order.number = order.number or draw_number(order)
    order.save(update_fields=["number", "warehouse", "debtor", "debt_arises"])


@operation(_("Approve"), on=Order, field="approval", source=Approval.PENDING, target=Approval.APPROVED, route_only=True, icon="check")
def approve_order(order, *, by):
    """The order takes effect: credit is checked, stock is reserved, and the debt arises where the company says "at order".

    An order beyond the credit rules needs an override; the route writes one for an approver who may and knew.
    """
    effect_order(order, by=by)


def effect_order(order, *, by, lines=None, reserves=True, checks=True):
    """Post an approved order to figures, credit and stock. Opening orders skip the checks and reserve nothing."""
    lines = list(order.lines.select_related("product")) if lines is None else lines
    if checks:
        credit.check_credit(order, order.debtor, extra=order.base_gross)
    figures.record(order, lines)
    if order.debt_arises == Company.ArisesAt.ORDER:
        schedule = instalments(order.payment_term, order.gross, order.date, order.decimals)
        debts.charge(order, customer=order.debtor, instalments=schedule, date=order.date, origin=order)
    else:
        change_ordered(order, order.debtor, order.gross)
    if reserves:
        reserve_lines(order, lines)


def reserve_lines(order, lines):
    """Promise what is available of the goods not yet promised or delivered."""
    wanted = []
    for line in lines:
        needed = line.open_quantity * line.factor - line.reserved
        if line.product.is_stocked and needed > 0 and order.warehouse_id:
            wanted.append((line, needed))
    got = stock.reserve(order, [(line.product, order.warehouse, needed, line.pk) for line, needed in wanted])
    changed = []
    for (line, _needed), quantity in zip(wanted, got, strict=True):
        if quantity:
            line.reserved += quantity
            changed.append(line)
    write_columns(changed, ["reserved"])
    return changed


def _needs_stock(order):
    lines = order.lines.select_related("product")
    if not any(line.product.is_stocked and line.open_quantity * line.factor > line.reserved for line in lines):
        return _("Everything open is already reserved.")
    return ""


@operation(_("Reserve stock"), on=Order, source=OPEN, approval=(Approval.APPROVED,), needs=_needs_stock, icon="bookmark", is_step=False)
def reserve_order(order, *, by):
    """Reserve what has come since for the lines that still wait."""
    if not reserve_lines(order, list(order.lines.select_related("product"))):
        raise Refusal(_t("Nothing more is available in %(warehouse)s.") % {"warehouse": order.warehouse.title()}, code="stock")


@operation(
    _("Override credit check"),
    on=Order,
    approval=(Approval.PENDING, Approval.APPROVED),
    asks=("reason",),
    icon="shield_person",
    is_step=False,
    needs=lambda order: "" if order_credit(order).problems else _("Nothing stands against this order."),
)
def override_credit_order(order, *, by, reason=""):
    """Let the order and its deliveries pass beyond the credit limit or in spite of overdue debt; name and reason are kept."""
    credit.record_override(order, order.debtor, order_credit(order), by=by, reason=reason)


def order_credit(order):
    """The CreditStatus with this order counted in (once)."""
    extra = Decimal(0) if order.approval == Approval.APPROVED else order.base_gross
    return credit.credit_status(order.settled_by, order.company_id, extra=extra)


def deliverable(order):
    """[(line, quantity)] of what no delivery holds yet, in line units."""
    held = {}
    waiting = DeliveryLine.objects.filter(
        order_line__order=order, delivery__progress__in=(Delivery.Progress.DRAFT, Delivery.Progress.PICKED)
    )
    for key, quantity in waiting.values_list("order_line_id", "quantity"):
        held[key] = held.get(key, Decimal(0)) + quantity
    rows = [(line, line.open_quantity - held.get(line.pk, Decimal(0))) for line in order.lines.select_related("product")]
    return [(line, quantity) for line, quantity in rows if quantity > 0]


def deliverable_together(order):
    """Further approved orders of the same customer that may go on one delivery slip with this one."""
    return (
        Order.objects.filter(
            customer_id=order.customer_id,
            company_id=order.company_id,
            currency_id=order.currency_id,
            debtor_id=order.debtor_id,
            debt_arises=order.debt_arises,
            approval=Approval.APPROVED,
            progress__in=OPEN,
        )
        .filter(prices_include_tax=order.prices_include_tax, rate=order.rate)
        .exclude(pk=order.pk)
    )


@operation(
    _("Create delivery"),
    on=Order,
    source=OPEN,
    approval=(Approval.APPROVED,),
    needs=lambda order: "" if deliverable(order) else _("Every line is already in a delivery."),
    picks=deliverable,
    gathers=deliverable_together,
    icon="local_shipping",
)
def deliver_order(order, *, by, quantities=None, warehouse=None, others=()):
    """Push down: a delivery of what is open, or of `quantities` {order line id: quantity}. Returns the Delivery.

    `others`: further orders of the customer whose goods go on the same slip.
    """
    rows = deliverable(order)
    for other in lock(deliverable_together(order).filter(pk__in=[one.pk for one in others])):
        rows += deliverable(other)
    rows = chosen(rows, quantities)
    warehouse = warehouse or order.warehouse or stock.default_warehouse(order.company_id)
    if warehouse is None:
        raise Refusal(_t("Choose a warehouse on the order first."), code="warehouse")
    if not rows:
        raise Refusal(_t("Enter a quantity for at least one line."), code="empty")
    delivery = Delivery.objects.create(
        company_id=order.company_id,
        owner_id=order.owner_id,
        department_id=order.department_id,
        region_id=order.region_id,
        handler_id=order.handler_id,
        currency_id=order.currency_id,
        rate=order.rate,
        prices_include_tax=order.prices_include_tax,
        order=order,
        customer_id=order.customer_id,
        warehouse=warehouse,
        address=order.delivery_address,
    )
    DeliveryLine.objects.bulk_create(
        [
            DeliveryLine(
                delivery=delivery,
                order_line=line,
                product_id=line.product_id,
                unit=line.unit,
                factor=line.factor,
                quantity=quantity,
                position=position,
            )
            for position, (line, quantity) in enumerate(rows, 1)
        ]
    )
    delivery.recompute()
    return delivery


def _release_rest(order):
    lines = [line for line in order.lines.select_related("product") if line.reserved]
    stock.release(order, [(line.product, order.warehouse, line.reserved, line.pk) for line in lines])
    for line in lines:
        line.reserved = Decimal(0)
    write_columns(lines, ["reserved"])


def give_up(order, amount):
    """Goods of the order for `amount` will not come: the customer owes that much less, or has that much less on order."""
    if order.debt_arises == Company.ArisesAt.ORDER:
        rows = debts.charged(order)
        debts.lower_debts(order, rows, customer=order.debtor, amount=amount, kind=CustomerEntry.Kind.CHARGE, date=business_today())
    else:
        change_ordered(order, order.debtor, -amount)


@operation(
    _("Close"),
    on=Order,
    source=OPEN,
    target=Order.Progress.CLOSED,
    approval=(Approval.APPROVED,),
    asks=("reason",),
    icon="task_alt",
    is_step=False,
    confirm=_("What is still open will not be delivered; its stock is free again."),
)
def close_order(order, *, by, reason=""):
    """End an order that will not be delivered in full; where it was charged for all, what is not delivered is taken off or a credit."""
    if deliverable(order) != [(line, line.open_quantity) for line in order.lines.all() if line.open_quantity > 0]:
        raise Refusal(_t("A delivery is being prepared; dispatch or cancel it first."), code="delivery")
    give_up(order, order.gross - sum((line.delivered_gross for line in order.lines.all()), Decimal(0)))
    _release_rest(order)


def _open_quotes(order, *, by, reason=""):
    settle_quotes(quotes_of_order(order).values_list("pk", flat=True))


@operation(
    _("Void"),
    on=Order,
    field="approval",
    source=VOIDABLE,
    target=Approval.VOID,
    moves_first=False,
    needs=may_be_void,
    then=_open_quotes,
    icon="block",
    danger=True,
    is_step=False,
    asks=("reason",),
    confirm=_("The order has no effect any more: reserved stock is free, the figures are taken back."),
)
def void_order(order, *, by, reason=""):
    """Cancel an order; refused while goods were delivered or money was allocated. Its quotes may be ordered again."""
    if is_in_force(order, by=by, reason=reason):
        take_back_order(order)


@operation(
    _("Un-verify"),
    on=Order,
    field="approval",
    source=Approval.APPROVED,
    target=Approval.DRAFT,
    icon="lock_open",
    is_step=False,
    asks=("reason",),
)
def unverify_order(order, *, by, reason=""):
    """Take the approval back (反审核) where nothing followed: the order is a draft again and keeps its number."""
    take_back_order(order)


def take_back_order(order):
    """Reverse what approving the order posted, and that it was closed; refused while anything followed it."""
    if Delivery.of_order(order).exclude(progress=Delivery.Progress.CANCELLED).exists():
        raise Refusal(_t("This order has deliveries; cancel or reverse them first."), code="delivered")
    lines = list(order.lines.select_related("product"))
    if order.debt_arises == Company.ArisesAt.ORDER:
        debts.uncharge(order)
    elif order.progress != Order.Progress.CLOSED:
        change_ordered(order, order.debtor, -order.gross)
    _release_rest(order)
    figures.record(order, lines, sign=-1)
    order.progress, order.shipped_on = Order.Progress.NOT_DELIVERED, None
    order.save(update_fields=["progress", "shipped_on"])


ORDER_APPROVAL = declare_approval(Order, "order")
