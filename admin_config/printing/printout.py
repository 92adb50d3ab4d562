"""A document cut into pages: what the template of every layout is given."""

from dataclasses import dataclass, field
from decimal import Decimal
from inspect import isfunction

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from admin_config.columns import amount_text
from admin_config.printing.layouts import MADE_OUT, facts_of
from admin_config.printing.papers import lines_needed
from models.base import policy
from models.base.capitals import LARGEST, in_capitals
from models.base.documents import Approval
from models.base.fields import places_of
from models.base.money import HUNDRED, line_amounts, price_from_amount, round_half_up
from models.finance.models import Receipt
from models.sales.models import Delivery
from models.sales.shares import share_of

CELL = 1.6  # white space above and below the text of a cell, together
CELL_SIDES = 2.2  # and left and right of it
HEAD = {"a4": 21, "slip": 13}  # name of the company and title
HEAD_AGAIN = {"a4": 10, "slip": 13}  # the same on the pages that follow
FOOT = 6
CLOSING = {"a4": 34, "slip": 15}  # signatures


@dataclass
class Page:
    """One sheet."""

    number: int
    rows: list
    subtotal: str = ""
    is_first: bool = False
    is_last: bool = False


@dataclass
class Printout:
    """Everything a template writes. Texts only, made for the reader's language and rights."""

    layout: object
    document: object
    user: object
    columns: list = field(default_factory=list)
    pages: list = field(default_factory=list)
    facts: list = field(default_factory=list)
    totals: list = field(default_factory=list)
    total: str = ""
    capitals: str = ""

    @property
    def paper(self):
        return self.layout.paper

    @property
    def seller(self):
        """The company whose paper it is."""
        return self.document.company

    @property
    def fact_width(self):
        """The room of one fact."""
        return self.paper.inner_width / self.paper.facts_per_row - 4

    @property
    def fact_rows(self):
        """[[(label, text, span)]]: as many facts in a row as the paper takes, a long one over several places."""
        rows, row, free = [], [], 0
        for label, text in self.facts:
            span = min(lines_needed(f"{label}: {text}", self.fact_width, self.paper.points), self.paper.facts_per_row)
            if span > free:
                row, free = [], self.paper.facts_per_row
                rows.append(row)
            row.append((label, text, span))
            free -= span
        return rows

    @property
    def mark(self):
        """What tells a paper that binds nobody from one that does; "" where it is in force."""
        document = self.document
        if not document.HAS_APPROVAL:
            return document.get_progress_display() if document.progress == Delivery.Progress.CANCELLED else ""
        return "" if document.approval == Approval.APPROVED else document.get_approval_display()

    @property
    def print_number(self):
        """The how-manieth print this is, if it is printed now; None where nobody counts."""
        return None if self.document.print_count is None else self.document.print_count + 1

    @property
    def printed_at(self):
        return timezone.localtime()

    @property
    def sum_span(self):
        """How many columns stand before the sums."""
        return max(1, len(self.columns) - 1)

    @property
    def signatures(self):
        """[(label, name)]: who made the document out is known."""
        maker = self.document.created_by
        return [(label, maker.title() if maker and label == MADE_OUT else "") for label in self.layout.signatures]

    @property
    def terms(self):
        """The small print under the lines."""
        terms = self.layout.terms
        return terms(self.document, self.user) if isfunction(terms) else terms

    @property
    def remark(self):
        if not self.document.remark:
            return ""
        return self.document.remark if policy.may_see(self.user, type(self.document), "remark") else ""


def printout(layout, document, user):
    """The pages of a document in a layout, as this person may see it."""
    made = Printout(layout, document, user, facts=facts_of(layout, document, user))
    lines = _lines(document)
    wanted = layout.columns_for(user)
    made.columns = [one for one in wanted if one.says_something(lines)]
    shows_sums = layout.has_amounts and any(column.is_sum for column in made.columns)
    if shows_sums and (layout.line_model or policy.may_see(user, type(document), "gross")):
        _add_totals(made, document, lines)
    _cut(made, lines, shows_sums and layout.has_subtotals and bool(made.total))
    return made


def _lines(document):
    """The lines with what the columns show: `number`, `shown_price`, `shown_amount`, and the decimals of both."""
    if hasattr(document, "printed_lines"):
        return document.printed_lines
    keys = {Delivery: ["product", "order_line__order"], Receipt: ["receivable"]}.get(type(document), ["product"])
    lines = list(document.lines.select_related(*keys).order_by("position", "pk"))
    places = document.decimals
    for number, line in enumerate(lines, 1):
        line.number, line.places = number, places
        if isinstance(document, Delivery):
            line.shown_amount = _worth(document, line, places)
            line.shown_price, line.discount = _price_of(line, places)
        else:
            line.shown_amount, line.shown_price = line.amount, getattr(line, "price", None)
    price_places = places_of((line.shown_price for line in lines), 2)
    for line in lines:
        line.price_places = price_places
    return lines


def _price_of(line, places):
    """(price, percentage paid) of a delivery line: the order's where they give the amount, else what a unit costs in the end."""
    source = line.order_line
    if line_amounts(line.quantity, source.price, source.discount, Decimal(0), True, source.is_gift, places).amount == line.shown_amount:
        return source.price, source.discount
    return round_half_up(price_from_amount(line.shown_amount, line.quantity, HUNDRED), 4), HUNDRED


def _worth(delivery, line, places):
    """What a delivery line is charged; before the dispatch, what it would be charged now."""
    if delivery.dispatched_on:
        return line.gross
    source = line.order_line
    return share_of(source.gross, source.quantity, source.delivered, line.quantity, places, counted=source.delivered_gross)


def _add_totals(made, document, lines):
    """The sums under the lines, from their own total to what is to be paid, and that in capitals."""

    def text(amount):
        return amount_text(amount, document.currency)

    of_lines = sum((line.shown_amount for line in lines), Decimal(0))
    if hasattr(document, "printed_totals"):
        final = document.printed_total
        made.totals += document.printed_totals(text)
    elif isinstance(document, Delivery):
        final = of_lines
    elif isinstance(document, Receipt):
        final = document.amount
        if final != of_lines:
            made.totals += [(_("Sum of the lines"), text(of_lines)), (_("Advance"), text(final - of_lines))]
    else:
        final = document.gross
        basis = document.gross if document.prices_include_tax else document.net
        if basis != of_lines:
            made.totals += [(_("Sum of the lines"), text(of_lines)), (_("Discount and allowance"), text(basis - of_lines))]
        if not document.prices_include_tax:
            made.totals += [(_("Net"), text(document.net)), (_("Tax"), text(document.tax))]
        else:
            made.totals.append((_("Tax included"), text(document.tax)))
    made.total = f"{document.currency.symbol or document.currency_id} {text(final)}"
    if document.currency_id == "CNY" and abs(final) < LARGEST:
        is_traditional = (get_language() or "").lower().startswith("zh-hant")
        made.capitals = ("人民幣" if is_traditional else "人民币") + in_capitals(final, traditional=is_traditional)


def _cut(made, lines, has_subtotals):
    """Fill page after page; the closing block keeps at least the last line company."""
    paper = made.paper
    rows = [([(column.text(line), column) for column in made.columns], line) for line in lines]
    heights = [_row_height(made, cells) for cells, _line in rows]
    head = paper.line + CELL
    subtotal = paper.line + CELL if has_subtotals else 0
    first = paper.inner_height - HEAD[paper.code] - _facts_height(made) - head - FOOT - subtotal
    following = paper.inner_height - HEAD_AGAIN[paper.code] - (_facts_height(made) if paper.is_slip else 0) - head - FOOT - subtotal
    closing = _closing_height(made) - subtotal
    pages, page, room = [], [], first
    for row, height in zip(rows, heights, strict=True):
        if page and height > room:
            pages.append(page)
            page, room = [], following
        page.append((row, height))
        room -= height
    if page and closing > room:
        kept = [page.pop()] if len(page) > 1 else []
        pages.append(page)
        page = kept
    pages.append(page)
    for number, rows_of_page in enumerate(pages, 1):
        amount = sum((line.shown_amount for (_cells, line), _height in rows_of_page), Decimal(0))
        made.pages.append(
            Page(
                number,
                [cells for (cells, _line), _height in rows_of_page],
                subtotal=amount_text(amount, made.document.currency) if has_subtotals and len(pages) > 1 and rows_of_page else "",
                is_first=number == 1,
                is_last=number == len(pages),
            )
        )


def _row_height(made, cells):
    fixed = sum(column.width for _text, column in cells)
    free = made.paper.inner_width - fixed
    most = max(lines_needed(text, (column.width or free) - CELL_SIDES, made.paper.points) for text, column in cells)
    return most * made.paper.line + CELL


def _facts_height(made):
    def lines(label, text, span):
        return lines_needed(f"{label}: {text}", made.fact_width * span, made.paper.points)

    return sum(max(lines(*fact) for fact in row) * made.paper.line + 0.8 for row in made.fact_rows) + 3


def _closing_height(made):
    line = made.paper.line + CELL
    height = CLOSING[made.paper.code] + (len(made.totals) + 1) * line * bool(made.total)
    for text in (made.remark, made.terms):
        if text:
            height += lines_needed(text, made.paper.inner_width, made.paper.points) * made.paper.line + CELL
    return height
