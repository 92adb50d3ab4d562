"""The one credit check, asked when an order is approved and again when goods are dispatched."""

from dataclasses import dataclass, field
from decimal import Decimal

from django.contrib.contenttypes.models import ContentType
from django.db.models import Max, Min, Sum
from django.utils.translation import gettext as _

from models.base.documents import business_today
from models.base.operations import Refusal
from models.finance.models import Credit, CreditOverride, CustomerBalance, Receivable
from models.finance.posting import locked_balance


@dataclass
class CreditStatus:
    """Where a customer stands, in base currency. `excess`: what goes beyond the limit; `problems`: sentences, empty if all is well."""

    limit: Decimal | None
    owed: Decimal
    ordered: Decimal
    extra: Decimal
    overdue: Decimal
    overdue_days: int
    advance: Decimal
    problems: list = field(default_factory=list)

    @property
    def exposure(self):
        """What the customer would owe, ordered goods included."""
        return self.owed + self.ordered + self.extra

    @property
    def excess(self):
        """By how much the exposure goes beyond the limit; 0 without a limit."""
        return Decimal(0) if self.limit is None else max(Decimal(0), self.exposure - self.limit)

    @property
    def excess_percent(self):
        """The excess in percent of the limit; 100 where the limit is 0."""
        if not self.excess:
            return Decimal(0)
        return self.excess * 100 / self.limit if self.limit else Decimal(100)

    @property
    def available(self):
        """What may still be bought on credit, or None without a limit."""
        return None if self.limit is None else self.limit - self.owed - self.ordered


def credit_status(customer, company_id, *, extra=Decimal(0), today=None):
    """Where the settlement customer stands with a company. `extra`: what the document in hand would add, in base currency."""
    today = today or business_today()
    balance = CustomerBalance.objects.filter(company_id=company_id, customer=customer).first() or CustomerBalance()
    late = Receivable.objects.filter(customer=customer, company_id=company_id, outstanding__gt=0, due_on__lt=today).aggregate(
        amount=Sum("base_outstanding"), since=Min("due_on"), last=Max("due_on")
    )
    advance = Credit.objects.filter(customer=customer, company_id=company_id, open__gt=0).aggregate(amount=Sum("open"))["amount"]
    status = CreditStatus(
        limit=customer.credit_limit,
        owed=balance.balance,
        ordered=balance.ordered,
        extra=extra,
        overdue=late["amount"] or Decimal(0),
        overdue_days=(today - late["since"]).days if late["since"] else 0,
        advance=advance or Decimal(0),
    )
    if status.excess:
        status.problems.append(
            _("%(customer)s would owe %(exposure)s, the credit limit is %(limit)s: %(excess)s too much.")
            % {"customer": customer.title(), "exposure": _f(status.exposure), "limit": _f(status.limit), "excess": _f(status.excess)}
        )
    if status.overdue:
        status.problems.append(
            _("%(customer)s is overdue with %(amount)s, up to %(days)s days.")
            % {"customer": customer.title(), "amount": _f(status.overdue), "days": status.overdue_days}
        )
    return status


def _f(amount):
    return f"{amount:,.2f}"


def check_credit(source, customer, *, extra=Decimal(0), today=None):
    """Raise Refusal where the customer is beyond his limit or overdue, unless somebody with the right let this document pass.

    Locks the customer's balance first, so that two documents cannot both take the last of the limit. An override covers an
    excess up to the one it was given for. Returns the CreditStatus.
    """
    locked_balance(source.company_id, customer.pk)
    status = credit_status(customer, source.company_id, extra=extra, today=today)
    if status.problems and not is_overridden(source, status):
        raise Refusal(
            " ".join(status.problems), code="credit", help=_("Collect what is owed, or ask somebody who may override the credit check.")
        )
    return status


def is_overridden(source, status):
    """True if somebody let this document pass with at least this excess and this overdue debt."""
    overrides = CreditOverride.objects.filter(source_type=ContentType.objects.get_for_model(source), source_id=source.pk)
    return any(one.excess >= status.excess and one.overdue >= status.overdue for one in overrides)


def record_override(source, customer, status, *, by, reason, needs_reason=True):
    """Write down who let a document pass beyond the credit rules, and why. Where an approval decided, the figures may be reason enough."""
    if needs_reason and not reason.strip():
        raise Refusal(_("Give the reason for the override."), code="reason")
    return CreditOverride.objects.create(
        source_type=ContentType.objects.get_for_model(source),
        source_id=source.pk,
        source_number=source.number,
        customer=customer,
        granted_by_id=by.employee_id,
        excess=status.excess,
        overdue=status.overdue,
        reason=reason.strip(),
    )
