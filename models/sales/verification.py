"""Sales: lines count what deliveries, returns and reservations say; totals, ledgers and rollups agree with the documents."""

from collections import defaultdict
from decimal import Decimal

from django.contrib.contenttypes.models import ContentType
from django.db.models import Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from models.base.documents import Approval
from models.base.fields import AmountField, QuantityField
from models.base.money import money
from models.base.verification import Finding, check, differing, document_of, row_of, said
from models.finance.models import CustomerBalance, CustomerEntry
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


@check(gettext_lazy("goods that came back = their share of the value that went out"))
def goods_come_back_at_their_value():
    """A reversed delivery left no value behind; what was returned of a delivery came in at its share of the value that went out."""
    sides = defaultdict(lambda: [Decimal(0)] * 4)  # quantity and value that went out, quantity and value that came back
    kind = ContentType.objects.get_for_model(Delivery)
    rows = Movement.objects.filter(source_type=kind).order_by().values_list("source_id", "product", "quantity", "value")
    for delivery, product, quantity, value in rows.iterator():
        _add(sides[delivery, product], 0 if quantity < 0 else 2, quantity, value)
    of_return = dict(Return.objects.values_list("pk", "delivery"))
    kind = ContentType.objects.get_for_model(Return)
    rows = Movement.objects.filter(source_type=kind).order_by().values_list("source_id", "product", "quantity", "value")
    for document, product, quantity, value in rows.iterator():
        _add(sides[of_return[document], product], 2, quantity, value)
    reversed_returns = set(Return.objects.filter(progress=Return.Progress.REVERSED).values_list("delivery", flat=True))
    wrong = {}
    for (delivery, product), (out, value, back, value_back) in sides.items():
        share = money(-value * back / -out) if out else value_back
        if value_back != share and delivery not in reversed_returns:  # out again goes no more than lies there
            wrong[delivery, product] = value_back, share
    documents = Delivery.objects.in_bulk({delivery for delivery, _product in wrong})
    for (delivery, product), (value_back, share) in wrong.items():
        sentence = _("Product %(product)s came back at %(stored)s, %(true)s went out for it.") % {
            "product": product,
            "stored": said(value_back),
            "true": said(share),
        }
        yield Finding(document_of(documents[delivery]), f"products.product {product}", sentence)


def _add(sums, place, quantity, value):
    sums[place] += quantity
    sums[place + 1] += value


@check(gettext_lazy("progress of orders = their deliveries"))
def progress_is_what_was_delivered():
    """An approved order is as far as its lines say, or closed with nothing reserved; one without approval has got nowhere."""
    of_order = OrderLine.objects.filter(order=OuterRef("pk"))
    rows = Order.objects.annotate(
        some=Exists(of_order.filter(delivered__gt=0)),
        more=Exists(of_order.filter(delivered__lt=F("quantity"))),
        promised=Exists(of_order.exclude(reserved=0)),
    )
    progress = Order.Progress
    approved, closed = Q(approval=Approval.APPROVED), Q(progress=progress.CLOSED)
    right = (
        (approved & closed & Q(promised=False))
        | (approved & Q(progress=progress.DELIVERED, some=True, more=False))
        | (approved & Q(progress=progress.PARTLY_DELIVERED, some=True, more=True))
        | (approved & Q(progress=progress.NOT_DELIVERED, some=False))
        | (~approved & Q(progress=progress.NOT_DELIVERED, some=False, promised=False))
    )
    for row in rows.exclude(right).order_by("pk"):
        sentence = _("It is “%(approval)s” and “%(progress)s”, which its lines do not say.") % {
            "approval": row.get_approval_display(),
            "progress": row.get_progress_display(),
        }
        yield Finding(document_of(row), row_of(row), sentence)


def _per(rows, *keys, name="gross"):
    """{keys: sum} of lines."""
    found = rows.order_by().values_list(*keys).annotate(total=Sum(name))
    return {tuple(key) if len(key) > 1 else key[0]: total for *key, total in found.iterator()}


@check(gettext_lazy("current account = orders, deliveries and returns"))
def debts_are_booked():
    """Every settlement customer is charged once for what he owes for: an order, or a delivery less its returns, where the debt arises.

    Deliveries are compared together with their returns: what came back before the customer owed for it is in neither.
    """
    gone = DeliveryLine.objects.filter(delivery__progress__in=GONE)
    back = ReturnLine.objects.filter(return_document__progress=Return.Progress.RECEIVED)
    at = Company.ArisesAt
    not_yet = Q(order_line__order__debt_arises=at.SIGNED) & ~Q(delivery__progress=Delivery.Progress.SIGNED)
    not_yet_back = Q(delivery_line__order_line__order__debt_arises=at.SIGNED) & ~Q(
        delivery_line__delivery__progress=Delivery.Progress.SIGNED
    )
    true = defaultdict(Decimal)
    delivered = _per(gone, "order_line__order")
    charged_whole = Order.objects.filter(approval=Approval.APPROVED, debt_arises=at.ORDER)
    for key, debtor, progress, gross in charged_whole.values_list("pk", "debtor", "progress", "gross").iterator():
        closed = progress == Order.Progress.CLOSED
        true[Order, key, debtor] += delivered.get(key, Decimal(0)) if closed else gross
    by_delivery = gone.exclude(not_yet).exclude(order_line__order__debt_arises=at.ORDER)
    for (key, debtor), amount in _per(by_delivery, "delivery", "order_line__order__debtor").items():
        true[Delivery, key, debtor] += amount
    for (key, debtor), amount in _per(
        back.exclude(not_yet_back), "delivery_line__delivery", "delivery_line__order_line__order__debtor"
    ).items():
        true[Delivery, key, debtor] -= amount
    of_return = dict(Return.objects.values_list("pk", "delivery"))
    for model in (Order, Delivery, Return):
        entries = CustomerEntry.objects.filter(source_type=ContentType.objects.get_for_model(model))
        for (key, debtor), amount in _per(entries, "source_id", "customer", name="amount").items():
            true[(Delivery, of_return[key], debtor) if model is Return else (model, key, debtor)] -= amount
    wrong = {key: amount for key, amount in true.items() if amount}
    for (model, key, debtor), amount in wrong.items():
        document = model.objects.get(pk=key)
        sentence = _("%(amount)s more would have to be in the current account of customer %(customer)s.") % {
            "amount": said(amount),
            "customer": debtor,
        }
        yield Finding(document_of(document), row_of(document), sentence)


@check(gettext_lazy("ordered, not charged = approved orders − deliveries"))
def ordered_amounts_are_right():
    """What customers have ordered and are not charged for, in base currency: what is to be delivered of open orders, and what is
    delivered, not signed and not come back where the debt arises with the signature.
    """
    at = Company.ArisesAt
    gone = DeliveryLine.objects.filter(delivery__progress__in=GONE)
    delivered = _per(gone, "order_line__order")
    unsigned = _per(
        gone.filter(order_line__order__debt_arises=at.SIGNED, delivery__progress=Delivery.Progress.DISPATCHED), "order_line__order"
    )
    back = _per(
        ReturnLine.objects.filter(
            return_document__progress=Return.Progress.RECEIVED, delivery_line__delivery__progress=Delivery.Progress.DISPATCHED
        ),
        "delivery_line__order_line__order",
    )
    true = defaultdict(Decimal)
    tolerance = defaultdict(Decimal)  # in another currency each posting was rounded by itself
    orders = Order.objects.filter(approval=Approval.APPROVED).exclude(debt_arises=at.ORDER)
    columns = ("pk", "company_id", "debtor_id", "debt_arises", "progress", "gross", "rate", "company__currency__decimals")
    for key, company, debtor, arises, progress, gross, rate, decimals in orders.values_list(*columns).iterator():
        left = Decimal(0) if progress == Order.Progress.CLOSED else gross - delivered.get(key, Decimal(0))
        if arises == at.SIGNED:
            left += unsigned.get(key, Decimal(0)) - back.get(key, Decimal(0))
        true[company, debtor] += money(left * rate, decimals)
        tolerance[company, debtor] += Decimal(0) if rate == 1 else Decimal("0.05")
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
