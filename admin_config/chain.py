"""What follows what: the keys of the documents before and after a document, each from its lines and from the ledgers."""

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q

from models.finance.models import Allocation, Credit, Receipt, Receivable, Refund
from models.sales.models import Delivery, DeliveryLine, Order, OrderLine, Quote, Return


def _kind(model):
    return ContentType.objects.get_for_model(model)


def versions_of_quote(quote):
    """The other versions of the same offer."""
    first = quote.first_version_id or quote.pk
    return Quote.objects.filter(Q(pk=first) | Q(first_version=first)).exclude(pk=quote.pk)


def opportunity_of(quote):
    return [quote.opportunity_id] if quote.opportunity_id else None


def orders_of_quote(quote):
    lines = OrderLine.objects.filter(quote_line__quote=quote).values("order")
    return Order.objects.filter(Q(quote=quote) | Q(pk__in=lines))


def quotes_of_order(order):
    lines = order.lines.exclude(quote_line=None).values("quote_line__quote")
    return Quote.objects.filter(Q(pk=order.quote_id) | Q(pk__in=lines))


def deliveries_of_order(order):
    return Delivery.of_order(order)


def returns_of_order(order):
    return Return.objects.filter(delivery__in=Delivery.of_order(order))


def receivables_of(document):
    """What the document itself charged, or what was charged because of it."""
    kind = _kind(type(document))
    return Receivable.objects.filter(Q(source_type=kind, source_id=document.pk) | Q(origin_type=kind, origin_id=document.pk))


def receipts_of(document):
    """The receipts allocated to what the document charged."""
    used = Allocation.objects.filter(receivable__in=receivables_of(document), source_type=_kind(Receipt))
    return Receipt.objects.filter(pk__in=used.values("source_id"))


def orders_of_delivery(delivery):
    lines = DeliveryLine.objects.filter(delivery=delivery).values("order_line__order")
    return Order.objects.filter(Q(pk=delivery.order_id) | Q(pk__in=lines))


def returns_of_delivery(delivery):
    return Return.objects.filter(delivery=delivery)


def delivery_of_return(document):
    return [document.delivery_id] if document.delivery_id else None


def orders_of_return(document):
    return orders_of_delivery(document.delivery) if document.delivery_id else None


def credits_of(document):
    """The customer's credits that the document opened."""
    return Credit.objects.filter(source_type=_kind(type(document)), source_id=document.pk)


def refunds_of(document):
    """The refunds paid out of the credits that the document opened."""
    used = Allocation.objects.filter(credit__in=credits_of(document), source_type=_kind(Refund))
    return Refund.objects.filter(pk__in=used.values("source_id"))


def receivables_of_credit(credit):
    """What the credit is used for, now or before it was released."""
    return Receivable.objects.filter(pk__in=credit.allocations.exclude(receivable=None).values("receivable"))


def receivables_of_receipt(receipt):
    """What the receipt pays: planned by its lines, then allocated."""
    planned = receipt.lines.values("receivable")
    used = Allocation.objects.filter(credit__in=credits_of(receipt)).exclude(receivable=None).values("receivable")
    return Receivable.objects.filter(Q(pk__in=planned) | Q(pk__in=used))


def source_of(model):
    """A finder of the documents of `model` behind a receivable or credit."""

    def find(record):
        kind = _kind(model)
        keys = [record.source_id] if record.source_type_id == kind.pk else []
        if getattr(record, "origin_type_id", None) == kind.pk:
            keys.append(record.origin_id)
        return keys or None

    return find


def receipts_of_receivable(receivable):
    used = Allocation.objects.filter(receivable=receivable, source_type=_kind(Receipt))
    return Receipt.objects.filter(pk__in=used.values("source_id"))


def returns_of_receivable(receivable):
    """The returns whose credit was used for the receivable."""
    used = Allocation.objects.filter(receivable=receivable, source_type=_kind(Return))
    return Return.objects.filter(pk__in=used.values("source_id"))
