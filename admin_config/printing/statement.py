"""The statement of account of a customer: what was owed before, every entry of the period, what is owed now."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.dateparse import parse_date
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from admin_config.columns import amount_text
from admin_config.printing.columns import POSITION, PrintColumn, date_text
from admin_config.printing.images import images_of
from admin_config.printing.layouts import Layout
from admin_config.printing.papers import A4, SLIP
from admin_config.printing.pdf import pdf_of, why_not
from admin_config.printing.printout import printout
from admin_config.printing.screens import count_print
from models.base import policy
from models.base.documents import business_today
from models.base.operations import Refusal
from models.customers.models import Customer
from models.finance.models import CustomerEntry
from models.finance.querysets import statement


@dataclass
class Line:
    """An entry with what is owed after it."""

    number: str
    date: date
    document: str
    kind: str
    amount: object
    balance: object
    places: int

    @property
    def shown_amount(self):
        return self.amount


class Statement:
    """A customer's current account over a period, with what a printout asks of a document."""

    HAS_APPROVAL = False
    progress = remark = ""
    created_by = None

    def __init__(self, customer, start, end):
        self.customer, self.start, self.end = customer, start, end
        self.company, self.currency, self.currency_id = customer.company, customer.currency, customer.currency_id
        self.print_count = customer.print_count
        self.decimals = customer.currency.decimals
        self.opening, entries, self.closing = statement(customer, customer.company_id, start, end, customer.currency_id)
        before = Line("", start, "", _t("Balance before"), Decimal(0), self.opening, self.decimals)
        self.printed_lines = [before] + [
            Line(str(number), entry.date, entry.source_number, entry.get_kind_display(), entry.amount, balance, self.decimals)
            for number, (entry, balance) in enumerate(entries, 1)
        ]

    @property
    def display_number(self):
        return f"{self.customer.code} {self.start:%Y-%m-%d} – {self.end:%Y-%m-%d}"

    def printed_totals(self, text):
        """[(label, text)] above the total."""
        charged = sum((line.amount for line in self.printed_lines if line.amount > 0), Decimal(0))
        settled = -sum((line.amount for line in self.printed_lines if line.amount < 0), Decimal(0))
        return [(_t("Charged"), text(charged)), (_t("Settled"), text(settled))]

    @property
    def printed_total(self):
        return self.closing


def _debit(line):
    return amount_text(line.amount, decimals=line.places) if line.amount > 0 else ""


def _credit(line):
    return amount_text(-line.amount, decimals=line.places) if line.amount < 0 else ""


COLUMNS = (
    POSITION,
    PrintColumn(_("Date"), 26, lambda line: date_text(line.date), ("date",)),
    PrintColumn(_("Source document"), 0, lambda line: line.document, ("source_number",)),
    PrintColumn(_("Kind"), 24, lambda line: line.kind, ("kind",)),
    PrintColumn(_("Charged"), 28, _debit, ("amount",), is_number=True),
    PrintColumn(_("Settled"), 28, _credit, ("amount",), is_number=True),
    PrintColumn(_("Balance"), 30, lambda line: amount_text(line.balance, decimals=line.places), ("amount",), is_number=True, is_sum=True),
)


def _customer(account):
    return capfirst(Customer._meta.verbose_name), f"{account.customer.code}  {account.customer}"


def _period(account):
    return _t("Period"), f"{date_text(account.start)} – {date_text(account.end)}"


def _currency(account):
    return _t("Currency"), account.currency_id


_customer.reads = _period.reads = _currency.reads = ("customer",)
TITLE = _("Statement of account")
SIGNATURES = (_("For us, date, seal"), _("The balance is confirmed, date, seal"))
TERMS = _("Please tell us within seven days where your books differ.")
LAYOUTS = tuple(
    Layout(
        paper.code,
        CustomerEntry,
        TITLE,
        paper,
        (_customer, _period, _currency),
        COLUMNS,
        SIGNATURES,
        terms=TERMS,
        line_model=CustomerEntry,
        has_subtotals=False,
    )
    for paper in (A4, SLIP)
)


def period_of(request):
    """The days asked for; else this month up to today."""
    today = business_today()
    found = []
    for name, default in (("from", today.replace(day=1)), ("to", today)):
        try:
            found.append(parse_date(request.GET.get(name, "")) or default)
        except ValueError:
            found.append(default)
    return min(found), max(found)


class StatementPages:
    """Mixin of the customer's screen: its statement, for whoever may print the customer and see all of his entries."""

    def get_urls(self):
        name, view = f"{self.opts.app_label}_{self.opts.model_name}", self.admin_site.admin_view
        own = [
            path("<path:object_id>/statement/<slug:layout>/", view(self.statement_view), name=f"{name}_statement"),
            path("<path:object_id>/statement/<slug:layout>/count/", view(self.statement_count_view), name=f"{name}_statement_count"),
        ]
        return [*own, *super().get_urls()]

    def links(self, request, obj):
        """The statement stands among the quieter things to do."""
        found = super().links(request, obj)
        if policy.may(request.user, "print", obj) and policy.may(request.user, "view", CustomerEntry):
            found = [*found, (_t("Statement of account"), "request_quote", self.link("statement", obj.pk, LAYOUTS[0].code), False)]
        return found

    def statement_view(self, request, object_id, layout):
        """GET: the page; POST: the PDF."""
        if request.method not in ("GET", "POST"):
            return HttpResponseNotAllowed(["GET", "POST"])
        customer = self.found(request, object_id, "print")
        layout = next((one for one in LAYOUTS if one.code == layout), LAYOUTS[0])
        if problem := self._problem(request.user, customer):
            return TemplateResponse(request, "printing/refused.html", {"problem": problem, "back_link": self.link("change", customer.pk)})
        account = Statement(customer, *period_of(request))
        made = printout(layout, account, request.user)
        images = images_of(customer.company)
        if request.method == "POST":
            return self._pdf(request, made, images)
        query = urlencode({"from": account.start.isoformat(), "to": account.end.isoformat()})
        context = {
            "printout": made,
            "images": images,
            "layouts": [(one, f"{self.link('statement', customer.pk, one.code)}?{query}") for one in LAYOUTS],
            "pdf_problem": why_not(len(account.printed_lines)),
            "pdf_link": f"{self.link('statement', customer.pk, layout.code)}?{query}",
            "count_link": self.link("statement_count", customer.pk, layout.code),
            "period": (account.start.isoformat(), account.end.isoformat()),
            "back_link": self.link("change", customer.pk) if policy.may(request.user, "view", customer) else "",
        }
        return TemplateResponse(request, "printing/page.html", context)

    def statement_count_view(self, request, object_id, layout):
        """POST: the browser is about to print."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        customer = self.found(request, object_id, "print")
        if self._problem(request.user, customer):
            raise PermissionDenied
        return JsonResponse({"printed": count_print(request, customer)})

    @staticmethod
    def _problem(user, customer):
        """A statement with entries left out would state a wrong balance."""
        decision = policy.may(user, "view", CustomerEntry)
        if not decision:
            return decision.why
        own = CustomerEntry.objects.filter(customer=customer)
        if own.filter(policy.condition(user, CustomerEntry)).count() != own.count():
            return _t("You may not see every entry of this customer, so the balance would be wrong. Ask somebody in finance to print it.")
        return ""

    def _pdf(self, request, made, images):
        html = render_to_string("printing/sheets.html", {"printout": made, "images": images, "is_pdf": True})
        try:
            content = pdf_of(html, len(made.document.printed_lines))
        except Refusal as refusal:
            return HttpResponse(str(refusal), status=409, content_type="text/plain; charset=utf-8")
        count_print(request, made.document.customer)
        response = HttpResponse(content, content_type="application/pdf")
        response["Content-Disposition"] = 'inline; filename="statement.pdf"'
        return response
