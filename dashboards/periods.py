"""The span of months a board looks at. Rollups are kept by month, so a period begins and ends with one."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from models.base.documents import business_today

LONGEST = 60  # months of an own period
CHOICES = {
    "month": gettext_lazy("This month"),
    "quarter": gettext_lazy("This quarter"),
    "year": gettext_lazy("This year"),
    "last_year": gettext_lazy("Last year"),
    "own": gettext_lazy("Custom period"),
}
DEFAULT = "year"


def shifted(month, months):
    """The first of the month that lies so many months later (or earlier)."""
    number = month.year * 12 + month.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def month_text(month):
    """“March 2026” as the reader writes it."""
    return formats.date_format(month, "YEAR_MONTH_FORMAT")


@dataclass(frozen=True)
class Period:
    """From the first month to the last, both included."""

    code: str
    first: date
    last: date

    @property
    def start(self):
        """The first day."""
        return self.first

    @property
    def end(self):
        """The last day."""
        return shifted(self.last, 1) - timedelta(days=1)

    @property
    def months(self):
        """Every month of it."""
        return [shifted(self.first, number) for number in range(self.length)]

    @property
    def length(self):
        """How many months."""
        return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1

    @property
    def is_running(self):
        """True while days of it are still to come."""
        return self.end >= business_today()

    @property
    def before(self):
        """The period of the same length that ended when this one began."""
        return Period(self.code, shifted(self.first, -self.length), shifted(self.first, -1))

    @property
    def label(self):
        """“March 2026” or “January 2026 – March 2026”."""
        if self.first == self.last:
            return month_text(self.first)
        if self.first.month == 1 and self.length == 12:
            return _("year %(year)s") % {"year": self.first.year}
        return f"{month_text(self.first)} – {month_text(self.last)}"

    def covers(self, field):
        """{lookup: day} for records whose date `field` falls into it."""
        return {f"{field}__gte": self.start, f"{field}__lte": self.end}


def period_of(code, first="", last="", today=None):
    """The period a board was asked for; what cannot be read gives the running year."""
    this = (today or business_today()).replace(day=1)
    january = this.replace(month=1)
    if code == "month":
        return Period(code, this, this)
    if code == "quarter":
        start = shifted(january, (this.month - 1) // 3 * 3)
        return Period(code, start, shifted(start, 2))
    if code == "last_year":
        return Period(code, shifted(january, -12), shifted(january, -1))
    if code == "own":
        ends = sorted(month for month in (_month(first), _month(last)) if month)
        if ends:
            return Period(code, max(ends[0], shifted(ends[-1], 1 - LONGEST)), ends[-1])
    return Period("year", january, shifted(january, 11))


def _month(text):
    try:
        found = date.fromisoformat(f"{text[:7]}-01")
    except ValueError:
        return None
    return found if 1990 <= found.year <= 2200 else None
