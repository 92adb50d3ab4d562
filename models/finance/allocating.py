"""What is done with a customer's credit itself: it is allocated to what he owes, and released again."""

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from models.base.money import money
from models.base.operations import Refusal, operation
from models.finance import debts
from models.finance.models import Credit, Receivable

MOST_OFFERED = 100  # in one dialog; who has more left allocates again


def _offered_to_allocate(credit):
    """[(receivable, outstanding, proposed)] of what the credit may be used for; proposed is what is due first."""
    rows = list(debts.allocatable(credit).order_by("due_on", "pk")[:MOST_OFFERED])
    proposed = dict(debts.due_first(rows, credit.open))
    return [(row, row.outstanding, proposed.get(row)) for row in rows]


def _offered_to_release(credit):
    """[(receivable, allocated, proposed)] of what the credit is used for; all of it is proposed."""
    used = debts.allocated(credit)
    rows = Receivable.objects.filter(pk__in=used).order_by("due_on", "pk")
    return [(row, used[row.pk], used[row.pk]) for row in rows]


def _named(credit, amounts):
    """[(receivable, amount)] of {receivable id: amount}. Refused for one that is not there and for parts of the smallest coin."""
    rows = Receivable.objects.in_bulk(amounts)
    if len(rows) < len(amounts):
        raise Refusal(_t("One of these receivables is no longer there."), code="gone")
    for amount in amounts.values():
        if amount != money(amount, credit.currency.decimals):
            words = {"amount": amount.normalize(), "currency": credit.currency_id, "decimals": credit.currency.decimals}
            raise Refusal(_t("%(amount)s: %(currency)s has %(decimals)s decimals.") % words, code="decimals")
    return [(rows[key], amount) for key, amount in amounts.items()]


def _why_not_allocate(credit):
    if not credit.open:
        return _t("Nothing of this credit is left to allocate.")
    return "" if debts.allocatable(credit).exists() else _t("The customer owes nothing that this credit could be used for.")


@operation(_("Allocate"), on=Credit, needs=_why_not_allocate, allots=_offered_to_allocate, icon="call_split")
def allocate_credit(credit, *, by, amounts=None):
    """Use what is open of a credit: {receivable id: amount}, or without amounts for what is due first."""
    if amounts is None:
        done = debts.allocate_due_first(None, credit)
    else:
        done = debts.allocate(None, credit, _named(credit, amounts))
    if not done:
        raise Refusal(_t("Enter an amount for at least one receivable."), code="nothing")
    credit.refresh_from_db(fields=["used", "open"])


@operation(
    _("Release allocations"),
    on=Credit,
    needs=lambda credit: "" if credit.used else _t("Nothing of this credit is allocated."),
    allots=_offered_to_release,
    icon="undo",
    danger=True,
    is_step=False,
    asks=("reason",),
    confirm=_("The receivables are outstanding again and the credit is open as before."),
)
def release_credit(credit, *, by, amounts=None, reason=""):
    """Reverse allocations of a credit: {receivable id: amount}, or all of them."""
    before = credit.used
    if amounts is not None:
        _named(credit, amounts)
    debts.take_back_allocations(None, credit, amounts)
    credit.refresh_from_db(fields=["used", "open"])
    if credit.used == before:
        raise Refusal(_t("Enter an amount for at least one receivable."), code="nothing")
