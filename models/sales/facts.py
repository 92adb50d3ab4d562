"""What approval conditions may ask about a quote, an order or a return. Each fact is worked out when it is first asked."""

from decimal import Decimal
from functools import cached_property

from models.base.money import money, round_half_up
from models.finance import credit
from models.stock.querysets import available

ALIKE = ("product_id", "unit", "factor", "quantity", "price", "discount", "tax_rate", "is_exempt", "is_gift")
ALIKE_TERMS = ("customer_id", "payment_term_id", "currency_id", "rate", "prices_include_tax", "discount", "allowance")


class DocumentFacts:
    """The facts of any document. `get(name)` answers by name; None where it cannot be known."""

    def __init__(self, document):
        self.document = document

    def get(self, name, default=None):
        """The value of a fact, or `default` for an unknown name."""
        return getattr(self, name, default)

    @cached_property
    def amount(self):
        """The total in the company's currency."""
        return self.document.base_gross

    @property
    def department(self):
        """The code of the department."""
        return self.document.department.code if self.document.department_id else ""

    @property
    def region(self):
        """The code of the sales region."""
        return self.document.region.code if self.document.region_id else ""

    @property
    def customer_type(self):
        """The code of the customer's type."""
        kind = self.document.customer.customer_type
        return kind.code if kind else ""

    @property
    def customer_level(self):
        """The code of the customer's level."""
        level = self.document.customer.level
        return level.code if level else ""


class OfferFacts(DocumentFacts):
    """What a quote gives away, what is earned, and how the customer stands."""

    @cached_property
    def lines(self):
        return list(self.document.lines.select_related("product"))

    @cached_property
    def whole_document_share(self):
        """What the document's own discount and allowance leave of each line, as a factor."""
        total = sum((line.amount for line in self.lines), Decimal(0))
        return (total * self.document.discount / 100 - self.document.allowance) / total if total else Decimal(1)

    @cached_property
    def lowest_discount(self):
        """The smallest percentage paid of any line that is no gift, all discounts included; not rounded to cents on the way."""
        paid = [line.price * line.discount / line.list_price for line in self.lines if line.list_price and not line.is_gift]
        return round_half_up(min(paid, default=Decimal(100)) * self.whole_document_share, 4)

    @cached_property
    def below_floor(self):
        """True if somebody gives more away than the owner may by himself."""
        person = self.document.owner or self.document.handler
        return self.lowest_discount < (person.discount_floor if person else Decimal(100))

    @cached_property
    def margin(self):
        """Profit in percent of the net amount; None where no cost is known."""
        cost = sum(((line.cost or line.product.cost) * line.base_quantity for line in self.lines), Decimal(0))
        net = money(self.document.net * self.document.rate, self.document.company.currency.decimals)
        return round_half_up((net - cost) * 100 / net, 4) if net and cost else None

    @cached_property
    def credit(self):
        """Where the settlement customer would stand with this document."""
        return credit.credit_status(self.document.settled_by, self.document.company_id, extra=self.amount)

    @property
    def credit_excess(self):
        """By how much the credit limit would be exceeded."""
        return self.credit.excess

    @property
    def credit_excess_percent(self):
        """The same in percent of the limit."""
        return round_half_up(self.credit.excess_percent, 4)

    @property
    def overdue(self):
        """What the customer should have paid already."""
        return self.credit.overdue

    @cached_property
    def terms_changed(self):
        """True if the payment term is not the customer's own."""
        return self.document.payment_term_id != self.document.customer.payment_term_id


class OrderFacts(OfferFacts):
    """The same of an order, and whether it is what was quoted."""

    @cached_property
    def unchanged_from_quote(self):
        """True if the order has the lines and terms of its quote, no more and no less."""
        order = self.document
        if not order.quote_id or any(getattr(order, name) != getattr(order.quote, name) for name in ALIKE_TERMS):
            return False
        return sorted(map(_essence, self.lines)) == sorted(map(_essence, order.quote.lines.all()))


def _essence(line):
    return tuple(getattr(line, name) for name in ALIKE)


class ReturnFacts(DocumentFacts):
    """What comes back, and after how long."""

    @cached_property
    def days(self):
        """Days since the goods were dispatched; None if they never were."""
        dispatched = self.document.delivery.dispatched_on
        return (self.document.date - dispatched).days if dispatched else None


def missing_goods(order):
    """[(product, needed, available)] in base units of what the order's warehouse cannot promise now. Two queries."""
    needed = {}
    for line in order.lines.select_related("product"):
        if line.product.is_stocked:
            needed[line.product] = needed.get(line.product, Decimal(0)) + line.open_quantity * line.factor - line.reserved
    left = available([product.pk for product in needed], order.warehouse_id, order.company_id) if needed else {}
    short = [(product, quantity, max(left.get(product.pk, Decimal(0)), Decimal(0))) for product, quantity in needed.items()]
    return [(product, quantity, there) for product, quantity, there in short if quantity > there]
