"""What is done with opening receivables, and receipts of the past: posted by hand, or brought in whole from a file."""

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from models.base.approvals import require_sound
from models.base.documents import Approval
from models.base.inserting import give_keys, insert_rows
from models.base.operations import operation
from models.base.protocols import draw_number
from models.finance import debts
from models.finance.history import Accounts, Settling
from models.finance.opening import OpeningReceivable


@operation(
    _("Post"),
    on=OpeningReceivable,
    source=OpeningReceivable.Progress.DRAFT,
    target=OpeningReceivable.Progress.POSTED,
    moves_first=False,
    icon="check",
    confirm=_("The customer owes this amount."),
)
def post_opening_receivable(document, *, by):
    """Draw the number and charge the settlement customer."""
    require_sound(document)
    document.number = document.number or draw_number(document)
    document.is_opening = True
    instalments = [(document.amount, document.due_on or document.date)]
    debts.charge(document, customer=document.customer.debtor, instalments=instalments, date=document.date)
    document.approval = Approval.APPROVED
    document.save(update_fields=["number", "approval", "is_opening"])


@operation(
    _("Reverse"),
    on=OpeningReceivable,
    source=OpeningReceivable.Progress.POSTED,
    target=OpeningReceivable.Progress.REVERSED,
    icon="undo",
    danger=True,
    is_step=False,
    asks=("reason",),
    confirm=_("The customer does not owe this amount any more."),
)
def reverse_opening_receivable(document, *, by, reason=""):
    """Take the charge back; refused once money was allocated to it."""
    debts.uncharge(document)
    document.approval = Approval.VOID
    document.save(update_fields=["approval"])


def _opened(documents):
    """Mark the documents as effective, load what postings ask of them, and give them keys."""
    prefetch_related_objects(documents, "company__currency", "customer__settlement_customer")
    for document in documents:
        document.is_opening, document.approval = True, Approval.APPROVED
        document.net = document.gross = document.amount
    give_keys(documents)


def bring_in_opening_receivables(entries, *, writes, options=None):
    """Store and charge the unsaved `entries` [(document, lines)]; {index: why one was refused}: a foreign one without a rate."""
    problems = {index: document.rate_problem() for index, (document, _lines) in enumerate(entries)}
    refused = {index: problem for index, problem in problems.items() if problem}
    documents = [document for index, (document, _lines) in enumerate(entries) if index not in refused]
    if writes and documents:
        _opened(documents)
        accounts = Accounts()
        for document in documents:
            document.progress = OpeningReceivable.Progress.POSTED
            accounts.charge(document, document.customer.debtor, [(document.amount, document.due_on or document.date)], date=document.date)
        insert_rows(documents)
        accounts.store()
    return refused


def bring_in_receipts(entries, *, writes, options=None):
    """Store and post the unsaved receipts `entries` [(receipt, lines)], the oldest first. Lines allocate as on an approved receipt.

    options["allocate"] = "oldest": what is left of each is used for what its customer owes, due first. Else it stays an advance.
    """
    entries = list(enumerate(entries))
    refused = {}
    for index, (receipt, lines) in entries:
        if sum(line.amount for line in lines) > receipt.amount:
            refused[index] = _t("The lines allocate more than the receipt has.")
        elif any(line.receivable.customer_id != receipt.customer_id for line in lines):
            refused[index] = _t("A line names what another customer owes.")
        elif problem := receipt.rate_problem():
            refused[index] = problem
    good = [entry for index, entry in entries if index not in refused]
    if not writes or not good:
        return refused
    good.sort(key=lambda entry: entry[0].date)
    receipts = [receipt for receipt, _lines in good]
    _opened(receipts)
    insert_rows(receipts)
    accounts = Accounts()
    credits = {receipt.pk: accounts.receive(receipt) for receipt in receipts}
    settling = Settling({receipt.customer_id for receipt in receipts})
    for receipt, lines in good:
        for line in lines:
            line.receipt_id = receipt.pk
            settling.use_for(receipt, credits[receipt.pk], line.receivable_id, line.amount)
        if (options or {}).get("allocate") == "oldest":
            settling.use(receipt, credits[receipt.pk])
    insert_rows([line for _receipt, lines in good for line in lines])
    accounts.store()
    settling.store()
    return refused
