"""What is done with returns."""

from decimal import Decimal

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from models.base.approvals import VOIDABLE, begin_route, declare_approval, is_in_force, may_be_void
from models.base.bulk import write_columns
from models.base.documents import SUBMITTABLE, Approval, business_today
from models.base.operations import Refusal, lock, operation
from models.base.protocols import draw_number
from models.finance import debts
from models.finance.models import Receivable
from models.sales.models import DeliveryLine, Order, OrderLine, Return
from models.sales.operations.quotes import require_lines
from models.stock import operations as stock
from models.stock.models import Movement


def _check_quantities(rows, delivery_lines):
    for row in rows:
        source = delivery_lines[row.delivery_line_id]
        left = source.quantity - source.returned
        if row.quantity > left:
            raise Refusal(
                _t("Line %(position)s: %(left)s can still come back, %(quantity)s was entered.")
                % {"position": row.position, "left": left.normalize(), "quantity": row.quantity.normalize()},
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
    """Compute, check that no more comes back than was delivered, draw the number and begin the approval."""
    require_lines(document)
    rows = list(document.lines.all())
    _check_quantities(rows, {line.pk: line for line in DeliveryLine.objects.filter(delivery_id=document.delivery_id)})
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
    delivery = type(document.delivery).objects.select_for_update(of=("self",), no_key=True).get(pk=document.delivery_id)
    sources = {line.pk: line for line in lock(DeliveryLine.objects.filter(delivery=delivery))}
    rows = list(document.lines.select_related("product"))
    _check_quantities(rows, sources)
    order_lines = {line.pk: line for line in lock(OrderLine.objects.filter(delivery_lines__delivery=delivery))}
    _settle(document, rows, sources)
    for row in rows:
        source = sources[row.delivery_line_id]
        source.returned += row.quantity
        order_lines[source.order_line_id].returned += row.quantity
    write_columns(sources.values(), ["returned"])
    write_columns(order_lines.values(), ["returned"])
    document.received_on = date
    document.save(update_fields=["received_on"])
    orders = list(Order.objects.filter(lines__delivery_lines__delivery=delivery).distinct())
    charged = [delivery] if delivery.charged_gross else orders
    if document.gross and _was_charged(charged):
        debts.credit_return(document, customer=document.customer.debtor, amount=document.gross, charged=charged)
    costs = _costs(delivery)
    moves = [
        stock.Move(row.product, document.warehouse, row.quantity * row.factor, unit_cost=costs.get(row.product_id, row.product.cost))
        for row in rows
        if row.product.is_stocked
    ]
    stock.post(document, moves, kind=Movement.Kind.SALE_RETURN, date=date, customer=document.customer)


def _settle(document, rows, sources):
    """Returns approved side by side share one delivery line: what came back meanwhile may move a cent, so compute anew."""
    before = document.gross
    for row in rows:
        row.delivery_line = sources[row.delivery_line_id]
        row.return_document = document
        row.compute()
    if sum((row.gross for row in rows), Decimal(0)) != before:
        raise Refusal(_t("Another return of this delivery was taken in meanwhile; void this one and enter it again."), code="changed")


def _was_charged(documents):
    from django.contrib.contenttypes.models import ContentType

    return any(
        Receivable.objects.filter(source_type=ContentType.objects.get_for_model(document), source_id=document.pk).exists()
        for document in documents
    )


def _costs(delivery):
    """{product id: unit cost} at which the goods went out."""
    rows = Movement.objects.filter(source_type__model="delivery", source_id=delivery.pk, quantity__lt=0)
    return dict(rows.values_list("product_id", "unit_cost"))


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


RETURN_APPROVAL = declare_approval(Return, "return")
