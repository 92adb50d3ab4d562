"""What a document is: numbered at submit, approved by a route, locked while pending and after approval."""

from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from models.base.bulk import write_columns
from models.base.fields import AmountField, PercentField, RateField, trimmed
from models.base.money import line_amounts, money, spread, taxed
from models.base.protocols import exchange_rate
from models.base.records import Record

_played_day = ContextVar("played_day", default=None)


def business_today():
    """The date in the company's time zone, or the day that `on_business_day` plays."""
    return _played_day.get() or timezone.localdate()


@contextmanager
def on_business_day(date):
    """Do what happens inside as on that business day: what is dated, due or overdue follows it. Moments stay real."""
    token = _played_day.set(date)
    try:
        yield date
    finally:
        _played_day.reset(token)


class Approval(models.TextChoices):
    """Where a document stands with those who decide."""

    DRAFT = "draft", _("Draft")
    PENDING = "pending", _("In approval")
    RETURNED = "returned", _("Returned for changes")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    VOID = "void", pgettext_lazy("state", "Void")


LOCKING = (Approval.PENDING, Approval.APPROVED, Approval.REJECTED, Approval.VOID)
EDITABLE = (Approval.DRAFT, Approval.RETURNED, Approval.WITHDRAWN)
SUBMITTABLE = (Approval.DRAFT, Approval.RETURNED, Approval.WITHDRAWN)

# Columns that nobody may change while the document is locked; kept by database triggers as well.
COMMERCIAL = ("number", "date", "company_id", "currency_id", "rate", "prices_include_tax", "discount", "allowance", "net", "tax", "gross")


class Document(Record):
    """A numbered paper of the business. `approval` says who agreed, `progress` (in subclasses) what was done since.

    Amounts are in `currency`; `rate` turns them into the company's currency. `discount` is the percentage paid of the whole
    document, `allowance` an amount taken off after it (优惠, 抹零); both are spread over the lines at submit and on saving.
    """

    Approval = Approval
    DOCUMENT_CODE = ""
    LINES = ("lines",)  # the names of its rows, which end with it
    LOCKED = COMMERCIAL
    LABEL_FIELDS = ("number",)
    HAS_APPROVAL = True
    TYPED_AMOUNTS = ("allowance",)

    number = models.CharField(_("number"), max_length=40, blank=True, editable=False)
    external_number = models.CharField(_("external number"), max_length=60, blank=True)
    date = models.DateField(_("date"), default=business_today)
    approval = models.CharField(_("approval"), max_length=10, choices=Approval.choices, default=Approval.DRAFT, editable=False)
    handler = models.ForeignKey("org.Employee", models.PROTECT, null=True, blank=True, verbose_name=_("handler"), related_name="+")
    currency = models.ForeignKey("org.Currency", models.PROTECT, verbose_name=_("currency"), related_name="+", default="CNY")
    rate = RateField(_("exchange rate"), default=Decimal(1))
    prices_include_tax = models.BooleanField(_("prices include tax"), default=True)
    discount = PercentField(_("document discount (% paid)"), default=Decimal(100))
    allowance = AmountField(_("allowance"), default=Decimal(0))
    net = AmountField(_("net"), default=Decimal(0), editable=False)
    tax = AmountField(_("tax"), default=Decimal(0), editable=False)
    gross = AmountField(_("total"), default=Decimal(0), editable=False)
    remark = models.TextField(_("remark"), blank=True)
    is_opening = models.BooleanField(_("opening"), default=False, editable=False)
    print_count = models.PositiveIntegerField(_("times printed"), default=0, editable=False)

    class Meta:
        abstract = True
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["company", "number"], condition=~Q(number=""), name="%(app_label)s_%(class)s_number"),
            models.CheckConstraint(condition=Q(discount__gte=0), name="%(app_label)s_%(class)s_discount"),
            models.CheckConstraint(condition=Q(allowance__gte=0), name="%(app_label)s_%(class)s_allowance"),
        ]
        indexes = [
            models.Index(fields=["owner", "-id"], name="%(app_label).8s_%(class).10s_own"),
            models.Index(fields=["approval", "-id"], name="%(app_label).8s_%(class).10s_app"),
            models.Index(fields=["date", "id"], name="%(app_label).8s_%(class).10s_dat"),
        ]

    @property
    def is_locked(self):
        """True while the commercial columns and lines may not change."""
        return self.approval in LOCKING

    @property
    def display_number(self):
        """The number; “Draft 123” before one is drawn; the external number of what came in approved and never drew one."""
        if self.number or self.approval in EDITABLE:
            return self.number or gettext("Draft %(key)s") % {"key": self.pk or ""}
        return self.external_number or f"{self._meta.verbose_name} {self.pk}"

    def title(self):
        return self.display_number

    def clean(self):
        super().clean()
        if self.is_locked:
            return
        problems = self.amount_problems()
        if self.discount is not None and not 0 < self.discount <= 1000:
            problems["discount"] = _("Give the percentage paid, more than 0.")
        if self.rate is not None and self.rate <= 0:
            problems["rate"] = _("The exchange rate must be more than 0.")
        if problems:
            raise ValidationError(problems)
        self.fill_rate()

    def amount_problems(self):
        """{field: sentence} of what was typed as money and is none: below 0, or finer than the currency."""
        problems = {}
        for name in self.TYPED_AMOUNTS:
            amount = getattr(self, name)
            if amount is None:
                continue
            if name == "allowance" and amount < 0:
                problems[name] = gettext("This cannot be negative.")
            elif name != "allowance" and amount <= 0:
                problems[name] = gettext("The amount must be more than 0.")
            elif self.currency_id and money(amount, self.decimals) != amount:
                words = {"currency": self.currency_id, "decimals": self.decimals}
                problems[name] = gettext("Amounts in %(currency)s have %(decimals)s decimals.") % words
        return problems

    def allowance_problem(self, lines):
        """Why the allowance cannot be spread over `lines` whose amounts are computed, or "": it is more than they come to."""
        total = money(sum((line.amount for line in lines), Decimal(0)) * self.discount / 100, self.decimals)
        if not lines or self.allowance <= total:
            return ""
        words = {"allowance": trimmed(self.allowance, self.decimals), "total": trimmed(total, self.decimals)}
        return gettext("The allowance of %(allowance)s is more than the lines come to: %(total)s.") % words

    @property
    def decimals(self):
        """Decimals of the document's currency."""
        return self.currency.decimals

    @property
    def is_foreign(self):
        """True where the document is not in its company's currency."""
        return bool(self.company_id) and self.currency_id != self.company.currency_id

    def fill_rate(self):
        """Take the stored rate of the document's date where its currency is foreign and no rate was typed; 1 in the company's own.

        True if that changed the rate. Nothing is saved.
        """
        before = self.rate
        if not self.company_id or not self.currency_id:
            return False
        if not self.is_foreign:
            self.rate = Decimal(1)
        elif self.rate in (None, 1):
            self.rate = exchange_rate(self.currency_id, self.date) or Decimal(1)
        return self.rate != before

    def rate_problem(self):
        """Why the document cannot be turned into the company's currency, or ""."""
        if self.is_foreign and self.rate == 1 and exchange_rate(self.currency_id, self.date) is None:
            words = {"currency": self.currency_id, "date": date_format(self.date, "SHORT_DATE_FORMAT")}
            return gettext("There is no exchange rate for %(currency)s on %(date)s: enter one here or in the list of rates.") % words
        return ""

    def compute(self, lines):
        """Set the amounts of `lines` and the totals of the document from quantities, prices, discounts and tax rates.

        The whole-document discount and the allowance are spread over the lines by their amounts, the remainder on the largest.
        Nothing is saved.
        """
        places = self.decimals
        for line in lines:
            first = line_amounts(line.quantity, line.price, line.discount, line.tax_borne, self.prices_include_tax, line.is_gift, places)
            line.amount = first.amount
        total = sum((line.amount for line in lines), Decimal(0))
        final = money(total * self.discount / 100, places) - self.allowance
        shares = spread(final - total, [line.amount for line in lines], places) if final != total else [Decimal(0)] * len(lines)
        for line, share in zip(lines, shares, strict=True):
            parts = taxed(line.amount + share, line.tax_borne, self.prices_include_tax, places)
            line.net, line.tax, line.gross = parts.net, parts.tax, parts.gross
        self.net, self.tax, self.gross = (sum((getattr(line, name) for line in lines), Decimal(0)) for name in ("net", "tax", "gross"))

    def recompute(self):
        """Compute again from the stored lines and store what changed. A draft only; does nothing on a locked document.

        Raises ValidationError where the allowance is more than the lines come to.
        """
        if self.is_locked:
            return
        lines = list(self.lines.all())
        before = [(line.amount, line.net, line.tax, line.gross) for line in lines]
        self.compute(lines)
        if problem := self.allowance_problem(lines):
            raise ValidationError({"allowance": problem})
        changed = [line for line, old in zip(lines, before, strict=True) if old != (line.amount, line.net, line.tax, line.gross)]
        if changed:
            write_columns(changed, ["amount", "net", "tax", "gross"])
        self.save(update_fields=["net", "tax", "gross"])

    @property
    def base_gross(self):
        """The total in the company's currency."""
        return money(self.gross * self.rate, self.company.currency.decimals)
