"""Questions about many debts: ageing and the statement of account."""

from decimal import Decimal

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from models.finance.models import CustomerEntry

# (key, label, first day late, last day late); the bounds are days after the due date.
AGES = (
    ("not_due", _("Not due"), None, 0),
    ("1_30", _("1–30 days late"), 1, 30),
    ("31_60", _("31–60 days late"), 31, 60),
    ("61_90", _("61–90 days late"), 61, 90),
    ("over_90", _("More than 90 days late"), 91, None),
)


def age_bounds(key, today):
    """{lookup: date} of receivables whose lateness falls into an age."""
    from datetime import timedelta

    _key, _label, first, last = next(age for age in AGES if age[0] == key)
    bounds = {}
    if last is not None:
        bounds["due_on__gte"] = today - timedelta(days=last)
    if first is not None:
        bounds["due_on__lte"] = today - timedelta(days=first)
    return bounds


def by_age(receivables, today):
    """[(key, label, outstanding in base currency)] of a scoped queryset of receivables."""
    open_rows = receivables.filter(outstanding__gt=0).order_by()
    return [
        (key, label, open_rows.filter(**age_bounds(key, today)).aggregate(total=Sum("base_outstanding"))["total"] or Decimal(0))
        for key, label, _first, _last in AGES
    ]


def statement(customer, company_id, start, end, currency="CNY"):
    """(opening balance, [(entry, running balance)], closing balance) of the current account from `start` to `end`, both included."""
    rows = CustomerEntry.objects.filter(customer=customer, company_id=company_id, currency=currency)
    opening = rows.filter(date__lt=start).aggregate(total=Sum("amount"))["total"] or Decimal(0)
    running, lines = opening, []
    for entry in rows.filter(date__gte=start, date__lte=end).order_by("date", "id"):
        running += entry.amount
        lines.append((entry, running))
    return opening, lines, running
