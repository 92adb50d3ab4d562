"""What is done with quotes."""

from decimal import Decimal

from django.db.models import Max, Q
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from models.base.approvals import VOIDABLE, begin_route, declare_approval, is_in_force, may_be_void, require_sound
from models.base.documents import SUBMITTABLE, Approval, business_today
from models.base.operations import Refusal, lock, operation
from models.base.protocols import draw_number
from models.org.rates import rate_between
from models.sales.lines import copied
from models.sales.models import Order, OrderLine, Quote, QuoteLine
from models.sales.operations.picking import chosen
from models.sales.ordering import ORDERED, allowance_for, living_orders_of, orderable, versions_of_quote

CONVERTIBLE = (Quote.Progress.OPEN, Quote.Progress.SENT, Quote.Progress.ACCEPTED, Quote.Progress.PARTLY_ORDERED)


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
    require_sound(quote)
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
    if quote.valid_until and quote.valid_until < business_today():
        return _t("The quote ended on %(date)s; make a new version.") % {"date": quote.valid_until}
    other = versions_of_quote(quote).filter(progress__in=ORDERED).first()
    if other:
        return _t("Version %(version)s of this quote was already ordered.") % {"version": other.version}
    return ""


def orderable_together(quote):
    """Further approved quotes of the same customer, in force and with the same terms, that may become one order with this one."""
    same = {name: getattr(quote, name) for name in ("customer_id", "company_id", "currency_id", "prices_include_tax", "discount")}
    return (
        Quote.objects.filter(**same, approval=Approval.APPROVED, progress__in=CONVERTIBLE)
        .filter(Q(valid_until=None) | Q(valid_until__gte=business_today()))
        .exclude(pk__in=versions_of_quote(quote).values("pk"))
        .exclude(pk=quote.pk)
    )


def _gathered(quote, others):
    """The locked quotes that go into one order, the first before the others. Each is checked like the first."""
    found = lock(orderable_together(quote).filter(pk__in=[one.pk for one in others]))
    missing = {one.pk for one in others} - {one.pk for one in found}
    for other in others:
        if other.pk in missing:
            raise Refusal(_t("Quote %(number)s cannot go into this order.") % {"number": other.display_number}, code="together")
    for other in found:
        if problem := _may_convert(other):
            raise Refusal(f"{other.display_number}: {problem}", code="converted")
    offers = [one.first_version_id or one.pk for one in found]
    if len(set(offers)) < len(offers):
        raise Refusal(_t("Two of these quotes are versions of one offer; choose one of them."), code="versions")
    return [quote, *found]


@operation(
    _("Create order"),
    on=Quote,
    source=CONVERTIBLE,
    approval=(Approval.APPROVED,),
    needs=_may_convert,
    picks=orderable,
    gathers=orderable_together,
    icon="shopping_cart",
)
def order_quote(quote, *, by, quantities=None, others=()):
    """Make a draft order of what is still open of an approved quote: customer, lines, prices and terms are copied, the link kept.

    `quantities` {quote line id: quantity}: a part of it. `others` are further approved quotes of the customer; their lines go on the
    same order. Returns the Order.
    """
    sources = _gathered(quote, others)
    open_rows = [row for source in sources for row in orderable(source)]
    if not open_rows:
        raise Refusal(_t("Everything in this quote is already ordered."), code="converted")
    rows = chosen(open_rows, quantities)
    if not rows:
        raise Refusal(_t("Enter a quantity for at least one line."), code="empty")
    today = business_today()
    by_quote = {source.pk: [row for row in rows if row[0].quote_id == source.pk] for source in sources}
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
        date=today,
        currency_id=quote.currency_id,
        rate=rate_between(quote.currency_id, quote.company.currency_id, today) or quote.rate,
        prices_include_tax=quote.prices_include_tax,
        discount=quote.discount,
        allowance=sum((allowance_for(source, by_quote[source.pk]) for source in sources), Decimal(0)),
        quote=quote,
    )
    OrderLine.objects.bulk_create(
        [
            copied(
                line,
                OrderLine,
                order=order,
                quote_line=line,
                position=position,
                quantity=quantity,
                base_quantity=quantity * line.factor,
            )
            for position, (line, quantity) in enumerate(rows, 1)
        ]
    )
    order.recompute()
    quote.progress = Quote.objects.values_list("progress", flat=True).get(pk=quote.pk)
    return order


@operation(
    _("Close"),
    on=Quote,
    source=Quote.Progress.PARTLY_ORDERED,
    target=Quote.Progress.CLOSED,
    approval=(Approval.APPROVED,),
    asks=("reason",),
    icon="task_alt",
    is_step=False,
    confirm=_("What is not ordered yet cannot be ordered from this quote any more."),
)
def close_quote(quote, *, by, reason=""):
    """End a quote of which the customer wants no more."""


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
    new = Quote(**(fields | values))
    new.rate = rate_between(new.currency_id, new.company.currency_id, new.date) or new.rate
    new.save()
    QuoteLine.objects.bulk_create(
        [
            copied(line, QuoteLine, quote=new, position=line.position, quantity=line.quantity, base_quantity=line.base_quantity)
            for line in quote.lines.all()
        ]
    )
    new.recompute()
    return new


def _require_no_order(quote):
    if living_orders_of(quote).exists():
        raise Refusal(_t("This quote has already become an order."), code="converted")


@operation(
    _("Void"),
    on=Quote,
    field="approval",
    source=VOIDABLE,
    target=Approval.VOID,
    moves_first=False,
    needs=may_be_void,
    icon="block",
    danger=True,
    is_step=False,
    asks=("reason",),
)
def void_quote(quote, *, by, reason=""):
    """Cancel a quote; refused once something of it became an order."""
    if is_in_force(quote, by=by, reason=reason):
        _require_no_order(quote)


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
    _require_no_order(quote)
    quote.progress = Quote.Progress.OPEN
    quote.save(update_fields=["progress"])


QUOTE_APPROVAL = declare_approval(Quote, "quote")
