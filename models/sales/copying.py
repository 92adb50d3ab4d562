"""A new draft like an old document: same customer, terms and lines; number, dates and state of its own."""

from models.base.documents import business_today
from models.org.rates import rate_between
from models.sales.lines import copied
from models.sales.models import Order, OrderLine, Quote, QuoteLine

LINES = {Quote: (QuoteLine, "quote"), Order: (OrderLine, "order")}
TAKEN = ("customer_id", "contact_id", "payment_term_id", "warehouse_id", "delivery_terms", "currency_id", "prices_include_tax")
TAKEN_OF_DOCUMENT = ("company_id", "owner_id", "department_id", "region_id", "handler_id", "discount", "allowance", "remark")


def can_copy(model):
    """True for the documents that a copy makes sense of."""
    return model in LINES


def copy_document(document):
    """An unsubmitted copy of a quote or an order, dated today, without the links to what came before it. Returns it."""
    model = type(document)
    line_model, key = LINES[model]
    values = {name: getattr(document, name) for name in (*TAKEN, *TAKEN_OF_DOCUMENT)}
    if model is Order:
        values |= {"delivery_address": document.delivery_address}
    new = model(date=business_today(), **values)
    new.rate = rate_between(new.currency_id, new.company.currency_id, new.date) or document.rate
    new.save()
    line_model.objects.bulk_create(
        [
            copied(line, line_model, position=line.position, quantity=line.quantity, base_quantity=line.base_quantity, **{key: new})
            for line in document.lines.all()
        ]
    )
    new.recompute()
    return new
