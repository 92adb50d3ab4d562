"""What is done with opening stock: posted by hand, or brought in whole from a file."""

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from models.base.documents import Approval
from models.base.inserting import give_keys, insert_rows
from models.base.operations import Refusal, operation
from models.base.protocols import draw_number
from models.stock import operations as stock
from models.stock.history import StockBook
from models.stock.models import Movement
from models.stock.opening import OpeningStock


def _moves(document, lines, sign=1):
    return [stock.Move(line.product, document.warehouse, sign * line.quantity, unit_cost=line.unit_cost) for line in lines]


@operation(
    _("Post"),
    on=OpeningStock,
    source=OpeningStock.Progress.DRAFT,
    target=OpeningStock.Progress.POSTED,
    moves_first=False,
    icon="check",
    confirm=_("The goods are in stock at this cost."),
)
def post_opening_stock(document, *, by):
    """Draw the number and put the goods into the warehouse."""
    document.recompute()
    lines = list(document.lines.select_related("product"))
    if not lines:
        raise Refusal(_t("Enter at least one line first."), code="empty")
    document.number = document.number or draw_number(document)
    document.is_opening = True
    stock.post(document, _moves(document, lines), kind=Movement.Kind.OPENING)
    document.approval = Approval.APPROVED
    document.save(update_fields=["number", "approval", "is_opening"])


@operation(
    _("Reverse"),
    on=OpeningStock,
    source=OpeningStock.Progress.POSTED,
    target=OpeningStock.Progress.REVERSED,
    icon="undo",
    danger=True,
    is_step=False,
    asks=("reason",),
    confirm=_("The goods are taken out of stock again."),
)
def reverse_opening_stock(document, *, by, reason=""):
    """Take the goods out again at the cost they came in with; refused where they are gone."""
    stock.post(document, _moves(document, document.lines.select_related("product"), -1), kind=Movement.Kind.OPENING)
    document.approval = Approval.VOID
    document.save(update_fields=["approval"])


def bring_in_opening_stock(entries, *, writes, options=None):
    """Store and post the unsaved `entries` [(document, lines)]; returns {index: why not}. Without `writes` only that."""
    refused = {index: _t("Enter at least one line first.") for index, (_document, lines) in enumerate(entries) if not lines}
    good = [entry for index, entry in enumerate(entries) if index not in refused]
    if not writes:
        return refused
    for document, lines in good:
        document.compute(lines)
        document.is_opening = True
        document.approval, document.progress = Approval.APPROVED, OpeningStock.Progress.POSTED
    book = StockBook({(line.product, document.warehouse) for document, lines in good for line in lines}, writes=True)
    give_keys([document for document, _lines in good])
    insert_rows([document for document, _lines in good])
    for document, lines in good:
        for line in lines:
            line.opening_stock_id = document.pk
        book.enter(document, book.post(_moves(document, lines)), kind=Movement.Kind.OPENING, date=document.date)
    insert_rows([line for _document, lines in good for line in lines])
    book.store()
    return refused
