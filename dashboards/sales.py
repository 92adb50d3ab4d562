"""Charts of selling, from the rollups of approved orders and from the open opportunities."""

from decimal import Decimal

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboards import periods
from dashboards.base import Chart, Tile, named
from models.base.documents import Approval
from models.base.money import money
from models.customers.models import Customer
from models.org.models import Employee
from models.products.models import Product
from models.sales import figures
from models.sales.models import Opportunity, Order, OrderLine, SalesFigure, Stage

SHOWN = 10
APPROVED = {"approval": Approval.APPROVED.value}


class SalesChart(Chart):
    """What every chart of the rollups shares: approved orders, tax included, by the month of their date."""

    model, target, needs = SalesFigure, Order, ("gross", "date", "approval")
    adds_up = ("gross",)
    has_period = True
    series = (gettext_lazy("Sales"),)
    empty = gettext_lazy("No approved orders in this period.")

    @property
    def of_period(self):
        """The figures of the months chosen."""
        return self.queryset.filter(**self.selection.period.covers("month"))

    def orders(self, period, **filters):
        """The filter of the orders behind a bar."""
        return {**APPROVED, **period.covers("date"), **filters}

    def get_note(self):
        return _("Approved orders, tax included, %(period)s") % {"period": self.selection.period.label}


class SalesByMonth(SalesChart):
    """Twelve months up to the period's last, or all of a longer period, beside the same months a year before."""

    title = gettext_lazy("Sales by month")
    tones = ("main", "muted")
    adds_up = ("gross", "gross")

    def get_series(self):
        return [_("Sales"), _("A year before")]

    @property
    def span(self):
        period = self.selection.period
        return period if period.length >= 12 else periods.Period("own", periods.shifted(period.last, -11), period.last)

    def rows(self, figures_seen):
        earlier = periods.Period("own", periods.shifted(self.span.first, -12), self.span.last)
        sums = dict(figures.by_month(figures_seen.filter(**earlier.covers("month"))))
        for month in self.span.months:
            both = [month, periods.shifted(month, -12)]
            filters = [self.orders(periods.Period("own", one, one)) for one in both]
            yield f"{month:%Y-%m}", [sums.get(one, Decimal(0)) for one in both], filters

    def get_note(self):
        return _("Approved orders, tax included, %(period)s") % {"period": self.span.label}


class SalesByOwner(SalesChart):
    """Who sold how much."""

    title = gettext_lazy("Sales by salesperson")
    kind = "rank"
    needs = (*SalesChart.needs, "owner")

    def rows(self, _figures):
        sums = list(figures.by_owner(self.of_period))
        people = named(Employee, [owner for owner, _sum in sums])
        for owner, total in sums[:SHOWN]:
            filters = {"owner": owner} if owner else {"owner__isnull": True}
            yield people.get(owner) or _("Nobody"), [total], self.orders(self.selection.period, **filters)


class TopCustomers(SalesChart):
    """Who bought most."""

    title = gettext_lazy("Top customers")
    kind = "rank"
    needs = (*SalesChart.needs, "customer")

    def rows(self, _figures):
        sums = list(figures.by_customer(self.of_period)[:SHOWN])
        customers = named(Customer, [customer for customer, _sum in sums])
        for customer, total in sums:
            yield customers[customer], [total], self.orders(self.selection.period, customer=customer)


class TopProducts(SalesChart):
    """What was bought most; behind a bar are the order lines."""

    title = gettext_lazy("Top products")
    kind = "rank"
    target, needs = OrderLine, ("gross", "product", "order__date", "order__approval")
    scope_path = "order__"

    def rows(self, _figures):
        sums = list(figures.by_product(self.of_period, of_all_owners=self.selection.is_of_all_owners)[:SHOWN])
        products = named(Product, [product for product, _sum in sums])
        for product, total in sums:
            behind = {f"order__{name}": value for name, value in self.orders(self.selection.period).items()}
            yield products[product], [total], {**behind, "product": product}


class Funnel(Chart):
    """Open opportunities by stage: what they are worth, and what is to be expected of it."""

    title = gettext_lazy("Sales funnel")
    kind = "funnel"
    model, target, needs = Opportunity, Opportunity, ("amount", "stage", "probability")
    adds_up = ("amount", None)
    series = (gettext_lazy("Amount"), gettext_lazy("Weighted by success rate"))
    note = gettext_lazy("Open opportunities today")
    empty = gettext_lazy("No open opportunities.")

    def rows(self, opportunities):
        sums = {}
        chances = opportunities.filter(stage__outcome=Stage.Outcome.OPEN).order_by()
        for stage, probability, amount in chances.values_list("stage", "probability").annotate(total=Sum("amount")):
            before = sums.get(stage, (0, 0))
            sums[stage] = (before[0] + amount, before[1] + money(amount * probability / 100))
        for stage in Stage.objects.filter(outcome=Stage.Outcome.OPEN).order_by("position", "pk"):
            if stage.is_active or stage.pk in sums:
                yield stage, sums.get(stage.pk, (0, 0)), {"stage": stage.pk}


class SalesOfPeriod(Tile):
    """How much was sold in the period, and how that compares with the one before."""

    title = gettext_lazy("Sales")
    icon = "trending_up"
    has_period = True
    model, target, needs = SalesFigure, Order, SalesChart.needs
    adds_up = ("gross",)

    def figure(self, seen):
        period = self.selection.period
        now = figures.total(seen.filter(**period.covers("month")))
        before = figures.total(seen.filter(**period.before.covers("month")))
        detail, tone = compared(now, before, period)
        filters = {**APPROVED, **period.covers("date")}
        return {"value": now, "title": f"{self.title} · {period.label}", "detail": detail, "tone": tone, "filters": filters}


def compared(now, before, period):
    """(words, tone) on a figure beside the one of the period before. A running period is not judged."""
    words = {"period": period.before.label}
    if not before:
        return _("Nothing in %(period)s") % words, ""
    if now > 3 * before > 0:
        return _("more than three times %(period)s") % words, "" if period.is_running else "good"
    if period.is_running:
        return _("%(percent)s %% of %(period)s so far") % {**words, "percent": money(now * 100 / before, 0)}, ""
    change = money((now - before) * 100 / before, 1)
    sign, tone = ("+", "good") if change > 0 else ("−", "bad") if change < 0 else ("±", "")
    return _("%(change)s %% against %(period)s") % {**words, "change": f"{sign}{abs(change)}"}, tone
