"""Sales: lines count what deliveries, returns and reservations say; totals, ledgers and rollups agree with the documents."""

from collections import defaultdict
from decimal import Decimal

from django.contrib.contenttypes.models import ContentType
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from models.base.documents import Approval
from models.base.fields import AmountField, QuantityField
from models.base.money import money
from models.base.verification import Finding, check, differing, document_of, row_of, said
from models.finance.models import CustomerBalance
from models.org.models import Company
from models.sales import folding
from models.sales.models import Delivery, DeliveryLine, Order, OrderLine, Quote, QuoteLine, Return, ReturnLine
from models.sales.ordering import ORDERED, progress_by_orders
from models.stock.models import Movement, Reservation

GONE = (Delivery.Progress.DISPATCHED, Delivery.Progress.SIGNED)


def _sum_of(rows, key, name, field):
    sums = rows.filter(**{key: OuterRef("pk")}).order_by().values(key).annotate(total=Sum(name)).values("total")
    return Coalesce(Subquery(sums, output_field=field), field.value(Decimal(0)))


def _tell(rows, pairs, document):
    """A finding for each column of each row that is not as it should be."""
    for row in differing(rows, pairs).order_by("pk"):
        for column, true in pairs:
            if getattr(row, column) != getattr(row, true):
                sentence = _("%(column)s is %(stored)s, its rows add up to %(true)s.") % {
                    "column": column,
                    "stored": said(getattr(row, column)),
                    "true": said(getattr(row, true)),
                }
                yield Finding(document_of(document(row)), row_of(row), sentence)


@check(gettext_lazy("order lines = deliveries, returns, reservations"))
def order_lines_are_counted():
    """What an order line says was delivered, returned and reserved is what delivery lines, return lines and reservations say."""
    delivered = DeliveryLine.objects.filter(delivery__progress__in=GONE)
    returned = ReturnLine.objects.filter(return_document__progress=Return.Progress.RECEIVED)
    kinds = [ContentType.objects.get_for_model(model) for model in (Order, Delivery)]
    rows = OrderLine.objects.select_related("order").annotate(
        true_delivered=_sum_of(delivered, "order_line", "quantity", QuantityField()),
        true_delivered_gross=_sum_of(delivered, "order_line", "gross", AmountField()),
        true_returned=_sum_of(returned, "delivery_line__order_line", "quantity", QuantityField()),
        true_reserved=_sum_of(Reservation.objects.filter(source_type__in=kinds), "line_id", "quantity", QuantityField()),
    )
    pairs = [(name, f"true_{name}") for name in ("delivered", "delivered_gross", "returned", "reserved")]
    yield from _tell(rows, pairs, lambda row: row.order)


@check(gettext_lazy("delivery lines = returns"))
def delivery_lines_are_counted():
    """What a delivery line says came back is what the returns taken in say."""
    returned = ReturnLine.objects.filter(return_document__progress=Return.Progress.RECEIVED)
    rows = DeliveryLine.objects.select_related("delivery").annotate(true=_sum_of(returned, "delivery_line", "quantity", QuantityField()))
    yield from _tell(rows, [("returned", "true")], lambda row: row.delivery)


@check(gettext_lazy("document totals = lines"))
def totals_are_sums():
    """Net, tax and total of a document are the sums of its lines."""
    for model, lines, key in (
        (Quote, QuoteLine, "quote"),
        (Order, OrderLine, "order"),
        (Delivery, DeliveryLine, "delivery"),
        (Return, ReturnLine, "return_document"),
    ):
        names = ("net", "tax", "gross")
        rows = model.objects.annotate(**{f"true_{name}": _sum_of(lines.objects.all(), key, name, AmountField()) for name in names})
        yield from _tell(rows, [(name, f"true_{name}") for name in names], lambda row: row)
        for row in model.objects.exclude(gross=F("net") + F("tax")).order_by("pk"):
            sentence = _("Net %(net)s and tax %(tax)s are not %(gross)s.") % {name: said(getattr(row, name)) for name in names}
            yield Finding(document_of(row), row_of(row), sentence)


@check(gettext_lazy("quotes = their orders"))
def quotes_are_counted():
    """A quote says “ordered” or “partly ordered” just where its orders say so."""
    ordered = OrderLine.objects.exclude(order__approval=Approval.VOID).exclude(quote_line=None).values("quote_line__quote")
    for quote in Quote.objects.filter(Q(progress__in=ORDERED) | Q(pk__in=ordered)).order_by("pk"):
        true = progress_by_orders(quote)
        if true != quote.progress:
            words = {"stored": quote.get_progress_display(), "true": Quote.Progress(true).label}
            yield Finding(document_of(quote), row_of(quote), _("It is “%(stored)s”, its orders say “%(true)s”.") % words)


@check(gettext_lazy("deliveries and returns = stock movements"))
def goods_are_booked():
    """The goods of a delivery that is out, and of a return that is in, were moved, product by product; those of others were not."""
    is_out, is_in = Q(delivery__progress__in=GONE), Q(return_document__progress=Return.Progress.RECEIVED)
    for model, lines, key, moved, sign in (
        (Delivery, DeliveryLine, "delivery", is_out, -1),
        (Return, ReturnLine, "return_document", is_in, 1),
    ):
        wanted = defaultdict(Decimal)
        for document, product, quantity, factor in lines.objects.filter(moved, product__kind="goods").values_list(
            f"{key}_id", "product_id", "quantity", "factor"
        ):
            wanted[document, product] += sign * quantity * factor
        kind = ContentType.objects.get_for_model(model)
        sums = Movement.objects.filter(source_type=kind).order_by().values_list("source_id", "product_id").annotate(total=Sum("quantity"))
        for document, product, total in sums:
            wanted[document, product] -= total
        wrong = {pair: left for pair, left in wanted.items() if left}
        documents = model.objects.in_bulk({document for document, _product in wrong})
        for (document, product), left in wrong.items():
            sentence = _("Product %(product)s: %(left)s in base units was not moved.") % {"product": product, "left": said(left)}
            yield Finding(document_of(documents[document]), f"products.product {product}", sentence)


@check(gettext_lazy("ordered, not charged = approved orders − deliveries"))
def ordered_amounts_are_right():
    """What customers have ordered and are not charged for is what is open of their approved orders, in base currency."""
    true = defaultdict(Decimal)
    charged = Q(order_line__order=OuterRef("pk"), delivery__progress__in=GONE) & ~Q(delivery__charged_gross=0)
    of_deliveries = DeliveryLine.objects.filter(charged).order_by().values("order_line__order").annotate(total=Sum("gross")).values("total")
    zero = AmountField().value(Decimal(0))
    open_orders = (
        Order.objects.filter(approval=Approval.APPROVED)
        .exclude(progress=Order.Progress.CLOSED)
        .exclude(company__debt_arises=Company.ArisesAt.ORDER)
        .annotate(charged=Coalesce(Subquery(of_deliveries, output_field=AmountField()), zero))
    )
    columns = ("company_id", "customer_id", "customer__settlement_customer_id", "gross", "charged", "rate", "company__currency__decimals")
    tolerance = defaultdict(Decimal)  # in another currency each posting was rounded by itself
    for company, customer, debtor, gross, of_it, rate, decimals in open_orders.values_list(*columns).iterator():
        true[company, debtor or customer] += money((gross - of_it) * rate, decimals)
        tolerance[company, debtor or customer] += Decimal(0) if rate == 1 else Decimal("0.05")
    for balance in CustomerBalance.objects.select_related("customer").order_by("pk").iterator():
        key = balance.company_id, balance.customer_id
        if abs(balance.ordered - true[key]) > tolerance[key]:
            sentence = _("%(stored)s counts as ordered, the open orders come to %(true)s.") % {
                "stored": said(balance.ordered),
                "true": said(true[key]),
            }
            yield Finding(balance.customer.code, row_of(balance), sentence)


@check(gettext_lazy("sales figures = approved orders"))
def figures_are_the_orders():
    """The rollups of every month are the sums of its approved orders."""
    for month in folding.months():
        for group, column, stored, true in folding.differences(month):
            sentence = _("%(column)s is %(stored)s, the approved orders add up to %(true)s.") % {
                "column": column,
                "stored": said(Decimal(stored)),
                "true": said(Decimal(true)),
            }
            yield Finding(f"{month:%Y-%m}", f"sales.salesfigure {group[0]} {group[2]}", sentence)
