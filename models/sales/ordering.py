"""How far quotes have become orders: by the lines of orders that name a quote's line, so that nothing is ordered twice.

No quantity is stored with the quote: orders are drafts at first, whose lines are typed over, deleted, or gone with their draft. Only
`progress` is kept, by `settle_quotes`, wherever order lines come, change or go.
"""

from decimal import Decimal

from django.db.models import Q, Sum
from django.db.models.signals import post_delete, pre_delete
from django.dispatch import receiver

from models.base.documents import Approval
from models.base.fields import QuantityField
from models.base.money import money, round_half_up
from models.base.operations import lock
from models.sales.orders import Order, OrderLine
from models.sales.quotes import Quote

ORDERED = (Quote.Progress.PARTLY_ORDERED, Quote.Progress.CONVERTED)


def orders_of_quote(quote):
    """The orders made of a quote, alone or with others."""
    lines = OrderLine.objects.filter(quote_line__quote=quote).values("order")
    return Order.objects.filter(Q(quote=quote) | Q(pk__in=lines))


def living_orders_of(quote):
    """The orders of a quote that are not void."""
    return orders_of_quote(quote).exclude(approval=Approval.VOID)


def quotes_of_order(order):
    """The quotes an order was made of."""
    lines = order.lines.exclude(quote_line=None).values("quote_line__quote")
    return Quote.objects.filter(Q(pk=order.quote_id) | Q(pk__in=lines))


def versions_of_quote(quote):
    """The other versions of the same offer."""
    first = quote.first_version_id or quote.pk
    return Quote.objects.filter(Q(pk=first) | Q(first_version=first)).exclude(pk=quote.pk)


def ordered_quantities(quote):
    """{line id: quantity in its unit} of what stands in orders that are not void, drafts included."""
    rows = OrderLine.objects.filter(quote_line__quote=quote).exclude(order__approval=Approval.VOID).order_by()
    sums = rows.values_list("quote_line", "quote_line__factor").annotate(total=Sum("base_quantity"))
    return {key: round_half_up(total / factor, QuantityField.PLACES) for key, factor, total in sums}


def orderable(quote):
    """[(line, quantity)] of what no order holds yet, in line units."""
    ordered = ordered_quantities(quote)
    rows = [(line, line.quantity - ordered.get(line.pk, Decimal(0))) for line in quote.lines.select_related("product")]
    return [(line, quantity) for line, quantity in rows if quantity > 0]


def allowance_for(quote, rows):
    """The share of the quote's allowance that goes with `rows` [(line, quantity)]; the shares of all orders add up to the whole."""
    lines = list(quote.lines.all())
    total = sum((line.amount for line in lines), Decimal(0))
    if not quote.allowance or not total:
        return Decimal(0)
    ordered, taken = ordered_quantities(quote), {line.pk: quantity for line, quantity in rows}

    def up_to(quantities):
        parts = (line.amount * min(quantities.get(line.pk, Decimal(0)), line.quantity) / line.quantity for line in lines)
        return money(quote.allowance * sum(parts, Decimal(0)) / total, quote.decimals)

    return up_to({line.pk: ordered.get(line.pk, Decimal(0)) + taken.get(line.pk, Decimal(0)) for line in lines}) - up_to(ordered)


def settle_quotes(keys):
    """Store how far the quotes of these keys are ordered. One whose orders are all gone may be ordered again; a closed one stays closed."""
    for quote in lock(Quote.objects.filter(pk__in=list(keys))):
        progress = progress_by_orders(quote)
        if progress != quote.progress:
            quote.progress = progress
            quote.save(update_fields=["progress"])


def progress_by_orders(quote):
    """What the orders of a quote make of its progress."""
    if quote.progress == Quote.Progress.CLOSED:
        return quote.progress
    if not ordered_quantities(quote):
        return Quote.Progress.ACCEPTED if quote.progress in ORDERED else quote.progress
    return Quote.Progress.PARTLY_ORDERED if orderable(quote) else Quote.Progress.CONVERTED


@receiver(pre_delete, sender=Order)
def _remember_quotes(instance, **_named):
    """However a draft is deleted, its quotes are known before its lines are gone …"""
    instance.quotes_to_settle = set(quotes_of_order(instance).values_list("pk", flat=True))


@receiver(post_delete, sender=Order)
def _release_quotes(instance, **_named):
    """… and open again afterwards."""
    settle_quotes(instance.quotes_to_settle)


@receiver(post_delete, sender=OrderLine)
def _release_quote(instance, origin=None, **_named):
    """A line taken out of a draft opens its quantity again; with a whole draft that is done once for all lines."""
    if instance.quote_line_id is not None and not _is_with_its_order(origin):
        settle_quotes([instance.quote_line.quote_id])


def _is_with_its_order(origin):
    return (getattr(origin, "model", None) or type(origin)) is Order
