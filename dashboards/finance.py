"""Charts of what customers owe, as of today."""

from decimal import Decimal

from django.db.models import Count, Min, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dashboards.base import Chart, Tile, named
from models.base.documents import business_today
from models.base.money import money
from models.customers.models import Customer
from models.finance.models import Receivable
from models.finance.querysets import age_bounds, by_age

SHOWN = 10
OPEN = {"outstanding__gt": 0}


class ReceivablesByAge(Chart):
    """How long what is outstanding has been due."""

    title = gettext_lazy("Open receivables by age")
    model, target, needs = Receivable, Receivable, ("outstanding", "due_on")
    adds_up = ("outstanding",)
    series = (gettext_lazy("Outstanding"),)
    note = gettext_lazy("Days after the due date, today")
    empty = gettext_lazy("Nobody owes anything.")

    def rows(self, receivables):
        today = business_today()
        for key, label, total in by_age(receivables, today):
            yield label, [total], {**OPEN, **age_bounds(key, today)}


class TopDebtors(Chart):
    """Who owes most, and how much of it is late."""

    title = gettext_lazy("Who owes most")
    kind = "rank"
    model, target, needs = Receivable, Receivable, ("outstanding", "due_on", "customer")
    adds_up = ("outstanding", "outstanding")
    series = (gettext_lazy("Outstanding"), gettext_lazy("of which overdue"))
    tones = ("main", "bad")
    note = gettext_lazy("Settlement customers, today")
    empty = gettext_lazy("Nobody owes anything.")

    def rows(self, receivables):
        late = {"due_on__lt": business_today()}
        owed = receivables.filter(**OPEN).order_by().values_list("customer")
        sums = list(owed.annotate(total=Sum("base_outstanding")).order_by("-total", "customer")[:SHOWN])
        customers = named(Customer, [customer for customer, _sum in sums])
        overdue = dict(owed.filter(customer__in=customers, **late).annotate(total=Sum("base_outstanding")))
        for customer, total in sums:
            behind = {**OPEN, "customer": customer}
            yield customers[customer], [total, overdue.get(customer, Decimal(0))], [behind, {**behind, **late}]


class OpenReceivables(Tile):
    """Everything that is outstanding."""

    title = gettext_lazy("Open receivables")
    icon = "account_balance_wallet"
    model, target, needs = Receivable, Receivable, ("outstanding",)
    adds_up = ("outstanding",)

    def figure(self, receivables):
        found = receivables.filter(**OPEN).aggregate(total=Sum("base_outstanding"), count=Count("pk"))
        detail = ngettext("%(count)s receivable", "%(count)s receivables", found["count"]) % found
        return {"value": found["total"] or Decimal(0), "detail": detail, "filters": OPEN}


class OverdueReceivables(Tile):
    """What should have come in by now."""

    title = gettext_lazy("Overdue")
    icon = "schedule"
    model, target, needs = Receivable, Receivable, ("outstanding", "due_on")
    adds_up = ("outstanding",)

    def figure(self, receivables):
        today = business_today()
        late = {**OPEN, "due_on__lt": today}
        found = receivables.filter(**late).aggregate(total=Sum("base_outstanding"), count=Count("pk"), since=Min("due_on"))
        total = found["total"] or Decimal(0)
        if not total:
            return {"value": total, "detail": _("Nothing is late"), "filters": late, "tone": "good"}
        everything = receivables.filter(**OPEN).aggregate(total=Sum("base_outstanding"))["total"]
        words = {"percent": money(total * 100 / everything, 0), "days": (today - found["since"]).days}
        return {"value": total, "detail": _("%(percent)s %% of all, up to %(days)s days late") % words, "filters": late, "tone": "bad"}
