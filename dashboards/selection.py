"""What a board was asked to show: a period, and whose records."""

from dataclasses import dataclass, field

from django.db.models import Q
from django.utils.translation import gettext as _

from dashboards import periods
from models.base import policy
from models.org.models import Company
from models.sales.models import Order


@dataclass(frozen=True)
class Scope:
    """A part of what the person may see. `filters` narrow rollups and ledgers, `link` says the same to a list."""

    code: str
    label: str
    filters: dict = field(default_factory=dict)
    link: dict = field(default_factory=dict)
    currency: str = "CNY"

    def attributes(self):
        """The columns it asks for."""
        return {name.removesuffix("__in") for name in self.filters}


def scopes_of(user, companies):
    """The scopes a person can choose from, the widest first. Amounts of companies with different currencies are never added."""
    currencies = {one.currency_id for one in companies}
    limits = policy.limits(user, Order)
    sees_companies = limits is not None and limits <= {"region_id"}
    home = home_currency(user, companies)
    found = []
    if len(currencies) > 1:
        for currency in sorted(currencies, key=lambda code: (code != home, code)):
            keys = [one.pk for one in companies if one.currency_id == currency]
            label = _("All I may see in %(currency)s") % {"currency": currency}
            found.append(Scope(f"all-{currency}", label, {"company_id__in": keys}, {"company__in": ",".join(map(str, keys))}, currency))
    else:
        found.append(Scope("all", _("All I may see"), currency=home))
    me, whole = user.employee_id, found[0]
    if me and policy.condition(user, Order) != Q(owner_id__in=frozenset([me])):
        found.append(Scope("mine", _("Only mine"), whole.filters | {"owner_id": me}, whole.link | {"owner": me}, whole.currency))
    if sees_companies and len(companies) > 1:
        for one in companies:
            found.append(Scope(f"company-{one.pk}", one.title(), {"company_id": one.pk}, {"company": one.pk}, one.currency_id))
    return found


def home_currency(user, companies):
    """The currency of the person's own company, else of the first."""
    own = user.employee.company_id if user.employee_id else None
    return next((one.currency_id for one in companies if one.pk == own), companies[0].currency_id if companies else "CNY")


class Selection:
    """The choices behind one answer."""

    def __init__(self, user, period, scope=""):
        self.user, self.period = user, period
        self.scopes = scopes_of(user, list(Company.objects.filter(is_active=True).order_by("code")))
        self.scope = next((one for one in self.scopes if one.code == scope), self.scopes[0])

    @classmethod
    def of(cls, request):
        """Read from the address; what cannot be read is the default."""
        asked = request.GET
        period = periods.period_of(asked.get("period", periods.DEFAULT), asked.get("from", ""), asked.get("to", ""))
        return cls(request.user, period, asked.get("scope", ""))

    @property
    def is_of_all_owners(self):
        """True if neither the person's rights nor the scope leave out an owner's records."""
        limits = policy.limits(self.user, Order)
        return limits is not None and limits | self.scope.attributes() <= {"company_id"}

    @property
    def query(self):
        """The choices as parameters of an address; defaults are left out."""
        words = {} if self.period.code == periods.DEFAULT else {"period": self.period.code}
        if self.period.code == "own":
            words |= {"from": f"{self.period.first:%Y-%m}", "to": f"{self.period.last:%Y-%m}"}
        return words if self.scope is self.scopes[0] else {**words, "scope": self.scope.code}
