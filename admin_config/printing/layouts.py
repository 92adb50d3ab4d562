"""The built-in layouts: per document the papers it prints on, what stands in its head, its columns and who signs.

Adding one is adding a row here. Facts are names of fields, or functions document → (label, text) for what is no field.
"""

from dataclasses import dataclass

from django.utils.text import capfirst
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from admin_config.printing import columns as c
from admin_config.printing.papers import A4, SLIP, Paper
from models.base import policy
from models.finance.models import Receipt
from models.sales.models import Delivery, Order, Quote


@dataclass(frozen=True)
class Layout:
    """How a document is printed. `code` is unique per model; without amounts neither prices nor sums are printed."""

    code: str
    model: type
    title: str
    paper: Paper
    facts: tuple
    columns: tuple
    signatures: tuple
    has_amounts: bool = True
    terms: object = ""  # the small print, or a function (document, user) that answers it
    line_model: type | None = None  # where the lines are no rows of the document
    has_subtotals: bool = True

    @property
    def label(self):
        """The name of the choice."""
        return str(self.paper.label) if self.has_amounts else _t("%(paper)s, without prices") % {"paper": self.paper.label}

    def columns_for(self, user):
        """The columns the person may read."""
        model = self.line_model or self.model._meta.get_field("lines").related_model
        return [column for column in self.columns if column.may_see(user, model)]


def contact(document):
    """The person at the customer, with a number to call."""
    person = document.contact
    if person is None:
        return _t("Contact"), ""
    return _t("Contact"), "  ".join(part for part in (str(person), person.mobile or person.phone) if part)


contact.reads = ("contact", "contact__mobile", "contact__phone")


def orders(delivery):
    """The numbers of the orders a delivery fulfils."""
    found = {line.order_line.order_id: line.order_line.order for line in delivery.lines.select_related("order_line__order")}
    return capfirst(Order._meta.verbose_name), ", ".join(order.display_number for order in found.values())


orders.reads = ("order",)


def received(receipt):
    """What came in."""
    from admin_config.columns import amount_text

    return _t("Amount received"), f"{receipt.currency.symbol or receipt.currency_id} {amount_text(receipt.amount, receipt.currency)}"


received.reads = ("amount", "currency")


def validity(quote, user):
    """How long a quote holds, and what makes it binding. A date is only named where one is printed."""
    words = [_t("Prices and quantities become binding with our written confirmation.")]
    if quote.valid_until and policy.may_see(user, Quote, "valid_until"):
        words.insert(0, _t("This quotation is valid until the date above."))
    return "\n".join(words)


QUOTE_FACTS = ("customer", "number", contact, "date", "payment_term", "valid_until", "delivery_terms", "handler")
ORDER_FACTS = (
    *("customer", "number", contact, "date", "customer_number", "wanted_on"),
    *("delivery_address", "payment_term", "delivery_terms", "handler"),
)
DELIVERY_FACTS = ("customer", "number", "date", orders, "warehouse", "handler", "address", "carrier", "waybill")
RECEIPT_FACTS = ("customer", "number", "payer", "date", "method", "account", "bill_number", received)

OFFERED = (c.POSITION, c.CODE, c.NAME, c.UNIT, c.QUANTITY, c.PRICE, c.DISCOUNT, c.TAX_RATE, c.AMOUNT)
OFFERED_NARROW = (c.POSITION, c.CODE, c.NAME, c.UNIT, c.QUANTITY, c.PRICE, c.DISCOUNT, c.AMOUNT)
DELIVERED = (c.POSITION, c.CODE, c.NAME, c.UNIT, c.QUANTITY, c.DELIVERED_PRICE, c.DELIVERED_DISCOUNT, c.DELIVERED_AMOUNT)
GOODS = (c.POSITION, c.CODE, c.NAME, c.ORDER, c.UNIT, c.QUANTITY)
PAID = (c.POSITION, c.DEBT, c.DEBT_ORDER, c.DUE, c.ALLOCATED)

SELLER_BUYER = (_("For us, date, seal"), _("For the customer, date, seal"))
MADE_OUT = _("Made out by")
HANDED_OVER = (MADE_OUT, _("Warehouse"), _("Driver"), _("Received in good order, date"))
MONEY = (MADE_OUT, _("Accountant"), _("Cashier"), _("Payer"))

LAYOUTS = (
    Layout("a4", Quote, _("Quotation"), A4, QUOTE_FACTS, OFFERED, SELLER_BUYER, terms=validity),
    Layout("slip", Quote, _("Quotation"), SLIP, QUOTE_FACTS, OFFERED_NARROW, SELLER_BUYER),
    Layout("a4", Order, _("Sales order"), A4, ORDER_FACTS, OFFERED, SELLER_BUYER),
    Layout("slip", Order, _("Sales order"), SLIP, ORDER_FACTS, OFFERED_NARROW, SELLER_BUYER),
    Layout("slip", Delivery, _("Delivery slip"), SLIP, DELIVERY_FACTS, DELIVERED, HANDED_OVER),
    Layout("slip-goods", Delivery, _("Delivery slip"), SLIP, DELIVERY_FACTS, GOODS, HANDED_OVER, has_amounts=False),
    Layout("a4", Delivery, _("Delivery slip"), A4, DELIVERY_FACTS, DELIVERED, HANDED_OVER),
    Layout("a4-goods", Delivery, _("Delivery slip"), A4, DELIVERY_FACTS, GOODS, HANDED_OVER, has_amounts=False),
    Layout("slip", Receipt, pgettext_lazy("print", "Receipt"), SLIP, RECEIPT_FACTS, PAID, MONEY),
    Layout("a4", Receipt, pgettext_lazy("print", "Receipt"), A4, RECEIPT_FACTS, PAID, MONEY),
)


def layouts_of(model):
    """The layouts of a record type, the usual one first."""
    return [layout for layout in LAYOUTS if layout.model is model]


def facts_of(layout, document, user):
    """[(label, text)] of what the person may read and what says anything."""
    found = []
    for fact in layout.facts:
        reads = getattr(fact, "reads", (fact,))
        if all(policy.is_readable_path(user, layout.model, path) for path in reads):
            label, text = fact(document) if callable(fact) else _field(document, fact)
            if text:
                found.append((label, text))
    return found


def _field(document, name):
    field = document._meta.get_field(name)
    if name == "number":
        return capfirst(field.verbose_name), document.display_number
    value = getattr(document, name)
    if hasattr(value, "isoformat"):
        value = c.date_text(value)
    return capfirst(field.verbose_name), "" if value is None else str(value)
