"""The columns of printed lines. A column whose fields the person may not read is not printed."""

from dataclasses import dataclass

from django.utils import formats
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_config.columns import amount_text, quantity_text
from models.base import policy


def date_text(date):
    """A day as the reader writes it."""
    return formats.date_format(date, "DATE_FORMAT") if date else ""


@dataclass(frozen=True)
class PrintColumn:
    """A heading, how wide (0: takes what is left), what stands there, and which fields of the line it shows."""

    heading: str
    width: float
    text: object
    reads: tuple = ()
    is_number: bool = False
    is_optional: bool = False  # left out where no line has anything to say
    is_where_different: bool = False  # left out where every line says the same
    is_sum: bool = False  # page subtotals stand under it

    def says_something(self, lines):
        """False if the column would tell the reader nothing."""
        if not self.is_optional and not self.is_where_different:
            return True
        texts = {self.text(line) for line in lines}
        return len(texts) > 1 if self.is_where_different else bool(texts - {""})

    def may_see(self, user, model):
        """True if the person may read everything the column shows."""
        return all(policy.is_readable_path(user, model, path) for path in self.reads)


def _name(line):
    product = line.product
    parts = [line.description if getattr(line, "description", "") else product.title(), product.specification]
    name = "  ".join(part for part in parts if part)
    if getattr(line, "is_gift", False):
        name = f"{name} ({gettext('gift')})"
    return f"{name}\n{line.remark}" if line.remark else name


def _price(line):
    return quantity_text(line.shown_price, least=line.price_places, most=6)


def _discount(line):
    return "" if line.discount == 100 else quantity_text(line.discount)


def _tax_rate(line):
    return gettext("exempt") if line.is_exempt else quantity_text(line.tax_rate)


def _amount(line):
    return amount_text(line.shown_amount, decimals=line.places)


def _order(line):
    return line.order_line.order.display_number


POSITION = PrintColumn(_("No."), 9, lambda line: str(line.number))
CODE = PrintColumn(_("Code"), 21, lambda line: line.product.code, ("product",))
NAME = PrintColumn(_("Name and specification"), 0, _name, ("product",))
UNIT = PrintColumn(_("Unit"), 12, lambda line: line.unit, ("unit",))
QUANTITY = PrintColumn(_("Quantity"), 19, lambda line: quantity_text(line.quantity), ("quantity",), is_number=True)
PRICE = PrintColumn(_("Price"), 22, _price, ("price",), is_number=True)
DISCOUNT = PrintColumn(_("% paid"), 14, _discount, ("discount",), is_number=True, is_optional=True)
TAX_RATE = PrintColumn(_("Tax %"), 13, _tax_rate, ("tax_rate", "is_exempt"), is_number=True)
AMOUNT = PrintColumn(_("Amount"), 27, _amount, ("amount",), is_number=True, is_sum=True)
ORDER = PrintColumn(_("Order"), 33, _order, ("order_line",), is_where_different=True)
DELIVERED_PRICE = PrintColumn(_("Price"), 22, _price, ("order_line__price", "gross"), is_number=True)
DELIVERED_DISCOUNT = PrintColumn(_("% paid"), 14, _discount, ("order_line__discount", "gross"), is_number=True, is_optional=True)
DELIVERED_AMOUNT = PrintColumn(_("Amount"), 27, _amount, ("gross",), is_number=True, is_sum=True)
DEBT = PrintColumn(_("Receivable"), 48, lambda line: line.receivable.title(), ("receivable",))
DEBT_ORDER = PrintColumn(_("Order"), 0, lambda line: line.receivable.origin_number, ("receivable",))
DUE = PrintColumn(_("Due on"), 30, lambda line: date_text(line.receivable.due_on), ("receivable",))
ALLOCATED = PrintColumn(_("Amount"), 34, _amount, ("amount",), is_number=True, is_sum=True)
