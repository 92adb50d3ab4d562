"""Receipts and refunds: submitted, approved, posted, allocated, reversed."""

from decimal import Decimal

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from models.base.approvals import begin_route, declare_approval
from models.base.documents import SUBMITTABLE, Approval
from models.base.operations import Refusal, lock, operation
from models.base.protocols import draw_number
from models.finance.debts import allocate, allocate_due_first, give_credit, pay_back, take_back_allocations, take_back_refund
from models.finance.models import CashEntry, Credit, CustomerEntry, Receipt, Receivable, Refund
from models.finance.posting import dimensions, enter, in_base, locked_balance


def _cash(document, amount):
    CashEntry.objects.create(
        account_id=document.account_id,
        customer_id=document.customer_id,
        currency_id=document.currency_id,
        amount=amount,
        base_amount=in_base(document, amount),
        **dimensions(document),
    )


def _credit_of(document):
    """The credit a receipt opened."""
    from django.contrib.contenttypes.models import ContentType

    return Credit.objects.filter(source_type=ContentType.objects.get_for_model(document), source_id=document.pk).first()


@operation(
    _("Submit for approval"),
    on=Receipt,
    field="approval",
    source=SUBMITTABLE,
    target=Approval.PENDING,
    moves_first=False,
    then=begin_route,
    icon="send",
)
def submit_receipt(receipt, *, by):
    """Draw the number and begin the approval. The lines must not give more than the receipt has, nor more than is outstanding."""
    total = Decimal(0)
    for line in receipt.lines.select_related("receivable"):
        total += line.amount
        if line.receivable.customer_id != receipt.customer_id:
            raise Refusal(_t("%(number)s is owed by another customer.") % {"number": line.receivable.title()}, code="customer")
        if line.amount > line.receivable.outstanding:
            raise Refusal(
                _t("%(number)s: %(open)s is outstanding, %(amount)s was to be allocated.")
                % {"number": line.receivable.title(), "open": f"{line.receivable.outstanding:,.2f}", "amount": f"{line.amount:,.2f}"},
                code="over_allocation",
            )
    if total > receipt.amount:
        raise Refusal(
            _t("The lines allocate %(total)s, the receipt has %(amount)s.")
            % {"total": f"{total:,.2f}", "amount": f"{receipt.amount:,.2f}"},
            code="over_allocation",
        )
    receipt.number = receipt.number or draw_number(receipt)
    receipt.save(update_fields=["number"])


@operation(_("Approve"), on=Receipt, field="approval", source=Approval.PENDING, target=Approval.APPROVED, route_only=True, icon="check")
def approve_receipt(receipt, *, by):
    """The money is ours: cash and current account are written, the lines are allocated, the rest stays as an advance.

    A line whose receivable was paid meanwhile is cut to what is outstanding; nothing is lost, it stays in the advance.
    """
    _cash(receipt, receipt.amount)
    credit = give_credit(receipt, customer=receipt.customer, amount=receipt.amount, kind=CustomerEntry.Kind.RECEIPT)
    lines = list(receipt.lines.select_related("receivable"))
    fresh = {row.pk: row for row in lock(Receivable.objects.filter(pk__in=[line.receivable_id for line in lines]))}
    allocate(receipt, credit, [(fresh[line.receivable_id], min(line.amount, fresh[line.receivable_id].outstanding)) for line in lines])


@operation(
    _("Allocate the rest"),
    on=Receipt,
    field="approval",
    source=Approval.APPROVED,
    icon="call_split",
    needs=lambda receipt: "" if (credit := _credit_of(receipt)) and credit.open else _("Nothing of this receipt is left to allocate."),
)
def allocate_receipt(receipt, *, by, amounts=None):
    """Use what is left of a receipt: [(receivable, amount)], or without a list for what is due first."""
    credit = _credit_of(receipt)
    if amounts is not None:
        allocate(receipt, credit, amounts)
    elif not allocate_due_first(receipt, credit):
        raise Refusal(
            _t("%(customer)s owes nothing at present; the money stays as an advance.") % {"customer": receipt.customer.title()},
            code="nothing",
        )


@operation(
    _("Void"),
    on=Receipt,
    field="approval",
    source=Approval.APPROVED,
    target=Approval.VOID,
    icon="block",
    danger=True,
    is_step=False,
    asks=("reason",),
    confirm=_("The money is taken out of the account again and the receivables are outstanding as before."),
)
def void_receipt(receipt, *, by, reason=""):
    """Reverse the receipt (红冲): allocations, current account and cash are written back."""
    locked_balance(receipt.company_id, receipt.customer_id)
    credit = _credit_of(receipt)
    if credit.refunded:
        raise Refusal(_t("Part of this receipt was refunded; void the refund first."), code="refunded")
    credit = take_back_allocations(receipt, credit)
    credit.reversed, credit.open = credit.open, Decimal(0)
    credit.save(update_fields=["reversed", "open"])
    enter(receipt, receipt.customer, CustomerEntry.Kind.RECEIPT, receipt.amount)
    _cash(receipt, -receipt.amount)


RECEIPT_APPROVAL = declare_approval(Receipt, "receipt")


@operation(
    _("Submit for approval"),
    on=Refund,
    field="approval",
    source=SUBMITTABLE,
    target=Approval.PENDING,
    moves_first=False,
    then=begin_route,
    icon="send",
)
def submit_refund(refund, *, by):
    """Draw the number and begin the approval. No more than the customer has with us."""
    _fitting_credits(refund)
    refund.number = refund.number or draw_number(refund)
    refund.save(update_fields=["number"])


def _fitting_credits(refund):
    """[(credit, part)] that pay the refund. Raises Refusal where they do not suffice."""
    locked_balance(refund.company_id, refund.customer_id)
    credits = Credit.objects.filter(
        customer_id=refund.customer_id, company_id=refund.company_id, currency_id=refund.currency_id, open__gt=0
    )
    if refund.credit_id:
        credits = credits.filter(pk=refund.credit_id)
    parts, left = [], refund.amount
    for credit in lock(credits):
        part = min(left, credit.open)
        if part:
            parts.append((credit, part))
            left -= part
    if left:
        raise Refusal(
            _t("%(customer)s has only %(open)s with us, %(amount)s was to be refunded.")
            % {"customer": refund.customer.title(), "open": f"{refund.amount - left:,.2f}", "amount": f"{refund.amount:,.2f}"},
            code="over_refund",
        )
    return parts


@operation(_("Approve"), on=Refund, field="approval", source=Approval.PENDING, target=Approval.APPROVED, route_only=True, icon="check")
def approve_refund(refund, *, by):
    """The money leaves the account and the customer's credit."""
    pay_back(refund, _fitting_credits(refund))
    enter(refund, refund.customer, CustomerEntry.Kind.REFUND, refund.amount)
    _cash(refund, -refund.amount)


@operation(
    _("Void"),
    on=Refund,
    field="approval",
    source=Approval.APPROVED,
    target=Approval.VOID,
    icon="block",
    danger=True,
    is_step=False,
    asks=("reason",),
    confirm=_("The money counts as still with us and is open for the customer again."),
)
def void_refund(refund, *, by, reason=""):
    """Reverse the refund: the customer has the money with us again."""
    take_back_refund(refund)
    enter(refund, refund.customer, CustomerEntry.Kind.REFUND, -refund.amount)
    _cash(refund, refund.amount)


REFUND_APPROVAL = declare_approval(Refund, "refund")
