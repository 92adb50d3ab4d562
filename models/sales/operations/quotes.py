"""What is done with quotes."""

from django.db.models import Max
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from models.base.approvals import begin_route, declare_approval
from models.base.documents import SUBMITTABLE, Approval, business_today
from models.base.operations import Refusal, lock, operation
from models.base.protocols import draw_number
from models.sales.lines import copied
from models.sales.models import Order, OrderLine, Quote, QuoteLine


def require_lines(document):
    """Refuse a document without lines: nobody could decide on it."""
    if not document.lines.exists():
        raise Refusal(_t("Enter at least one line first."), code="empty")


@operation(
    _("Submit for approval"),
    on=Quote,
    field="approval",
    source=SUBMITTABLE,
    target=Approval.PENDING,
    moves_first=False,
    then=begin_route,
    icon="send",
)
def submit_quote(quote, *, by):
    """Compute, draw the number and begin the approval."""
    require_lines(quote)
    quote.recompute()
    quote.number = quote.number or draw_number(quote)
    quote.save(update_fields=["number"])


@operation(_("Approve"), on=Quote, field="approval", source=Approval.PENDING, target=Approval.APPROVED, route_only=True, icon="check")
def approve_quote(quote, *, by):
    """The quote may go out."""


@operation(
    _("Mark as sent"),
    on=Quote,
    source=Quote.Progress.OPEN,
    target=Quote.Progress.SENT,
    approval=(Approval.APPROVED,),
    icon="outgoing_mail",
    is_step=False,
)
def send_quote(quote, *, by):
    """Note that the customer has it."""


def _may_convert(quote):
    if quote.orders.exclude(approval=Approval.VOID).exists():
        return _("This quote has already become an order.")
    if quote.valid_until and quote.valid_until < business_today():
        return _("The quote ended on %(date)s; make a new version.") % {"date": quote.valid_until}
    return ""


def orderable_together(quote):
    """Further approved quotes of the same customer, with the same terms, that may become one order with this one."""
    same = {name: getattr(quote, name) for name in ("customer_id", "company_id", "currency_id", "prices_include_tax", "discount", "rate")}
    states = (Quote.Progress.OPEN, Quote.Progress.SENT, Quote.Progress.ACCEPTED)
    return Quote.objects.filter(**same, approval=Approval.APPROVED, progress__in=states).exclude(pk=quote.pk)


@operation(
    _("Create order"),
    on=Quote,
    source=(Quote.Progress.OPEN, Quote.Progress.SENT, Quote.Progress.ACCEPTED),
    target=Quote.Progress.CONVERTED,
    approval=(Approval.APPROVED,),
    needs=_may_convert,
    gathers=orderable_together,
    icon="shopping_cart",
)
def order_quote(quote, *, by, others=()):
    """Make a draft order of an approved quote: customer, lines, prices and terms are copied, the link kept. Returns the Order.

    `others` are further approved quotes of the customer; their lines go on the same order, each quote is then ordered.
    """
    other = (
        Quote.objects.filter(first_version_id=quote.first_version_id or quote.pk, progress=Quote.Progress.CONVERTED)
        .exclude(pk=quote.pk)
        .first()
    )
    if other:
        raise Refusal(_t("Version %(version)s of this quote was already ordered.") % {"version": other.version}, code="converted")
    address = quote.customer.addresses.first()
    order = Order.objects.create(
        company_id=quote.company_id,
        owner_id=quote.owner_id,
        department_id=quote.department_id,
        region_id=quote.region_id,
        handler_id=quote.handler_id,
        customer_id=quote.customer_id,
        contact_id=quote.contact_id,
        payment_term_id=quote.payment_term_id,
        warehouse_id=quote.warehouse_id,
        delivery_terms=quote.delivery_terms,
        delivery_address=address.title() if address else "",
        currency_id=quote.currency_id,
        rate=quote.rate,
        prices_include_tax=quote.prices_include_tax,
        discount=quote.discount,
        allowance=quote.allowance,
        quote=quote,
    )
    sources = [quote, *lock(orderable_together(quote).filter(pk__in=[one.pk for one in others]))]
    for other in sources[1:]:
        order.allowance += other.allowance
        other.progress = Quote.Progress.CONVERTED
        other.save(update_fields=["progress"])
    lines = [line for source in sources for line in source.lines.all()]
    OrderLine.objects.bulk_create(
        [
            copied(
                line, OrderLine, order=order, quote_line=line, position=position, quantity=line.quantity, base_quantity=line.base_quantity
            )
            for position, line in enumerate(lines, 1)
        ]
    )
    if others:
        order.save(update_fields=["allowance"])
    order.recompute()
    return order


@operation(
    _("Refused by the customer"),
    on=Quote,
    source=(Quote.Progress.OPEN, Quote.Progress.SENT),
    target=Quote.Progress.REFUSED,
    approval=(Approval.APPROVED,),
    icon="thumb_down",
    is_step=False,
    asks=("reason",),
)
def refuse_quote(quote, *, by, reason=""):
    """Note that the customer does not want it."""
    if reason:
        quote.remark = f"{quote.remark}\n{reason}".strip()
        quote.save(update_fields=["remark"])


@operation(_("New version"), on=Quote, approval=(Approval.APPROVED, Approval.REJECTED, Approval.VOID), icon="content_copy", is_step=False)
def revise_quote(quote, *, by):
    """Copy the quote as the next version of the same offer, as a draft. Returns it."""
    first_id = quote.first_version_id or quote.pk
    latest = Quote.objects.filter(first_version_id=first_id).aggregate(last=Max("version"))["last"] or 1
    return copy_quote(quote, version=latest + 1, first_version_id=first_id)


def copy_quote(quote, **values):
    """An unsubmitted copy of a quote with its lines."""
    skipped = {
        "id",
        "number",
        "approval",
        "progress",
        "date",
        "is_opening",
        "print_count",
        "created_at",
        "created_by",
        "changed_at",
        "changed_by",
    }
    fields = {f.attname: getattr(quote, f.attname) for f in Quote._meta.concrete_fields if f.name not in skipped}
    fields |= {"external_number": "", "valid_until": None, "version": 1, "first_version_id": None}
    new = Quote.objects.create(**(fields | values))
    QuoteLine.objects.bulk_create(
        [
            copied(line, QuoteLine, quote=new, position=line.position, quantity=line.quantity, base_quantity=line.base_quantity)
            for line in quote.lines.all()
        ]
    )
    new.recompute()
    return new


@operation(
    _("Void"),
    on=Quote,
    field="approval",
    source=Approval.APPROVED,
    target=Approval.VOID,
    icon="block",
    danger=True,
    is_step=False,
    asks=("reason",),
)
def void_quote(quote, *, by, reason=""):
    """Cancel an approved quote; refused once it became an order."""
    if quote.orders.exclude(approval=Approval.VOID).exists():
        raise Refusal(_t("This quote has already become an order."), code="converted")


@operation(
    _("Un-verify"),
    on=Quote,
    field="approval",
    source=Approval.APPROVED,
    target=Approval.DRAFT,
    icon="lock_open",
    is_step=False,
    asks=("reason",),
)
def unverify_quote(quote, *, by, reason=""):
    """Take the approval back (反审核) where nothing followed: the quote is a draft again and keeps its number."""
    if quote.orders.exclude(approval=Approval.VOID).exists():
        raise Refusal(_t("This quote has already become an order."), code="converted")
    quote.progress = Quote.Progress.OPEN
    quote.save(update_fields=["progress"])


QUOTE_APPROVAL = declare_approval(Quote, "quote")
