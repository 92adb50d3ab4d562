"""Screens of who owes what, what came in, and what it was used for."""

from decimal import Decimal

from django.contrib import admin
from django.db.models import Q
from django.http import JsonResponse
from django.urls import path
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from admin_config import chain
from admin_config.base import (
    THIS,
    DocumentAdmin,
    LedgerAdmin,
    RecordAdmin,
    RecordInline,
    badge,
    computed,
    due,
    money,
    neighbour,
    number,
    reads,
    view,
)
from admin_config.columns import amount_text, moment_text
from admin_config.forms import PolicyForm
from flows.payment import PaymentApproval
from models.base import policy
from models.base.documents import business_today
from models.finance.models import (
    Allocation,
    CashAccount,
    CashEntry,
    Credit,
    CreditOverride,
    CustomerEntry,
    OpeningReceivable,
    Receipt,
    ReceiptLine,
    Receivable,
    Refund,
)
from models.sales.models import Delivery, Order, Return

MOST_OPEN = 100


@admin.register(CashAccount)
class CashAccountAdmin(RecordAdmin):
    icon = "account_balance"
    is_small = True
    list_display = ["code", "name", "kind", "bank", "account_number", "currency", "is_active"]
    list_filter = ["kind", "is_active"]
    search_fields = ["code", "name"]


@admin.register(Receivable)
class ReceivableAdmin(RecordAdmin):
    """Posted by deliveries and orders; only due date and remark are typed."""

    icon = "request_quote"
    list_display = [
        computed(_("number"), lambda record: record.title(), reads=["source_number", "instalment"], css="nowrap", order="source_number"),
        "customer",
        "origin_number",
        due("due_on", while_open="outstanding"),
        "owner",
        money("amount"),
        money("received", zero=False),
        money("returned", zero=False),
        money("outstanding", zero=False),
    ]
    neighbours = [
        neighbour(Order, chain.source_of(Order)),
        neighbour(Delivery, chain.source_of(Delivery)),
        THIS,
        neighbour(Receipt, chain.receipts_of_receivable),
        neighbour(Return, chain.returns_of_receivable),
    ]
    list_filter = ["customer", "owner", "due_on", "date"]
    lookups = ["outstanding__gt", "due_on__gte", "due_on__lte", "due_on__lt", "currency"]
    list_totals = ["amount", "received", "returned", "outstanding"]
    search_fields = ["source_number", "origin_number", "customer"]
    views = [
        view("open", pgettext_lazy("receivable", "Open"), outstanding__gt=0),
        view("overdue", _("Overdue"), lambda request: Q(outstanding__gt=0, due_on__lt=business_today())),
    ]
    fieldsets = [
        (None, {"fields": ["customer", "source_number", "origin_number", "instalment", "date", "due_on", "remark"]}),
        (_("Amounts"), {"fields": ["currency", "rate", "amount", "received", "returned", "outstanding", "base_outstanding", "is_opening"]}),
    ]
    readonly_fields = [
        "customer",
        "source_number",
        "origin_number",
        "instalment",
        "date",
        "currency",
        "rate",
        "amount",
        "received",
        "returned",
        "outstanding",
        "base_outstanding",
        "is_opening",
    ]

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def picked_from(self, rows, request):
        return super().picked_from(rows, request).filter(outstanding__gt=0)

    def picked_about(self, obj, request):
        return f"{amount_text(obj.outstanding)} · {moment_text(obj.due_on)}"


@admin.register(Credit)
class CreditAdmin(LedgerAdmin):
    icon = "savings"
    list_display = [
        "source_number",
        "customer",
        "date",
        money("amount"),
        money("used", zero=False),
        money("refunded", zero=False),
        money("open", zero=False),
    ]
    list_filter = ["customer", "owner", "date"]
    lookups = ["open__gt"]
    list_totals = ["amount", "open"]
    search_fields = ["source_number", "customer"]
    views = [view("open", pgettext_lazy("credit", "Open"), open__gt=0)]
    neighbours = [
        neighbour(Receipt, chain.source_of(Receipt)),
        neighbour(Return, chain.source_of(Return)),
        THIS,
        neighbour(Receivable, chain.receivables_of_credit, amount="outstanding"),
    ]

    def picked_from(self, rows, request):
        return super().picked_from(rows, request).filter(open__gt=0)

    def picked_about(self, obj, request):
        return amount_text(obj.open)


@admin.register(CreditOverride)
class CreditOverrideAdmin(LedgerAdmin):
    icon = "shield_person"
    list_display = ["source_number", "customer", "granted_by", "excess", "overdue", "reason", "created_at"]
    list_filter = ["customer", "granted_by"]
    search_fields = ["source_number", "customer", "reason"]


class MoneyLedgerAdmin(LedgerAdmin):
    list_totals = ["amount"]
    search_fields = ["source_number", "customer"]


@admin.register(CustomerEntry)
class CustomerEntryAdmin(MoneyLedgerAdmin):
    icon = "menu_book"
    list_display = ["source_number", "date", "kind", "customer", money("amount"), "owner"]
    list_filter = ["kind", "customer", "owner", "date"]


@admin.register(CashEntry)
class CashEntryAdmin(MoneyLedgerAdmin):
    icon = "payments"
    list_display = ["source_number", "date", "account", "customer", money("amount")]
    list_filter = ["account", "customer", "date"]


@admin.register(Allocation)
class AllocationAdmin(MoneyLedgerAdmin):
    icon = "call_split"
    list_display = ["source_number", "date", "customer", "credit", "receivable", money("amount")]
    list_filter = ["customer", "date"]


class ReceiptLineForm(PolicyForm):
    """An open receivable that gets nothing is no line."""

    def has_changed(self):
        if self.is_bound and self.instance._state.adding and not str(self.data.get(self.add_prefix("amount")) or "").strip():
            return False
        return super().has_changed()


class ReceiptLineInline(RecordInline):
    model = ReceiptLine
    form = ReceiptLineForm
    fields = ["receivable", "due_on", "outstanding", "amount"]
    readonly_fields = ["due_on", "outstanding"]
    within = {"receivable": "customer"}

    def sum_of(self, receipt, lines):
        """How much of a receipt its rows use: in words, and the patterns for the script that keeps them true while one types."""
        patterns = {
            "allocated": gettext("Allocated {allocated} of {amount}"),
            "advance": gettext("advance {rest}"),
            "over": gettext("{rest} too much"),
        }
        currency, amount = receipt.currency if receipt.pk else None, receipt.amount or Decimal(0)
        allocated = sum((line.amount or 0 for line in lines), Decimal(0))
        rest = amount - allocated
        words = [patterns["allocated"], *([patterns["advance" if rest > 0 else "over"]] if rest else [])]
        amounts = {"allocated": allocated, "amount": amount, "rest": abs(rest)}
        shown = {name: amount_text(value, currency) for name, value in amounts.items()}
        return {"words": " · ".join(words).format(**shown), "patterns": patterns}

    @admin.display(description=_("Due on"))
    @reads("receivable__due_on")
    def due_on(self, line):
        return moment_text(line.receivable.due_on)

    @admin.display(description=_("Outstanding"))
    @reads("receivable__outstanding")
    def outstanding(self, line):
        return amount_text(line.receivable.outstanding, line.receivable.currency)


class MoneyDocumentAdmin(DocumentAdmin):
    flow = PaymentApproval
    exclude = ["discount", "allowance", "prices_include_tax"]
    list_display = [number(), "customer", "date", "account", "method", "owner", badge("approval"), money("gross")]
    list_filter = ["approval", "customer", "account", "owner", "date"]

    def defaults_of(self, customer):
        """The first account in the customer's currency; money comes from the customer himself unless it is written otherwise."""
        account = CashAccount.objects.filter(company=customer.company_id, currency=customer.currency_id, is_active=True).first()
        return {"currency": customer.currency, "account": account, "payer": customer.name}


@admin.register(Receipt)
class ReceiptAdmin(MoneyDocumentAdmin):
    icon = "price_check"
    change_form_template = "backoffice/receipt.html"
    inlines = [ReceiptLineInline]
    neighbours = [THIS, neighbour(Receivable, chain.receivables_of_receipt, amount="outstanding"), neighbour(Refund, chain.refunds_of)]
    fieldsets = [
        (None, {"fields": ["customer", "date", "amount", "account", "method", "bill_number", "payer"]}),
        (_("Terms"), {"fields": ["currency", "rate", "external_number", "handler", "remark"], "classes": ["tab"]}),
    ]

    def get_urls(self):
        return [path("open/", self.admin_site.admin_view(self.open_view), name="finance_receipt_open"), *super().get_urls()]

    def open_view(self, request):
        """GET ?customer=&currency= → the open receivables the person may see, due first, as JSON."""
        customer, currency = request.GET.get("customer", ""), request.GET.get("currency", "CNY")[:3]
        rows = policy.scope(request.user, Receivable).filter(outstanding__gt=0, currency=currency)
        rows = rows.filter(customer=customer) if customer.isdecimal() else rows.none()
        found = [
            {"key": row.pk, "text": str(row), "due_on": moment_text(row.due_on), "outstanding": amount_text(row.outstanding, row.currency)}
            for row in rows.select_related("customer", "currency").order_by("due_on", "pk")[:MOST_OPEN]
        ]
        return JsonResponse({"receivables": found})


@admin.register(Refund)
class RefundAdmin(MoneyDocumentAdmin):
    icon = "undo"
    fieldsets = [
        (None, {"fields": ["customer", "date", "amount", "account", "method", "credit", "voucher_number"]}),
        (_("Terms"), {"fields": ["currency", "rate", "external_number", "handler", "remark"], "classes": ["tab"]}),
    ]


@admin.register(OpeningReceivable)
class OpeningReceivableAdmin(DocumentAdmin):
    exclude = ["discount", "allowance", "prices_include_tax"]
    icon = "start"
    list_display = [number(), "customer", "date", "due_on", badge("progress"), money("gross")]
    list_filter = ["progress", "customer", "date"]
    views = ()
    fieldsets = [(None, {"fields": ["customer", "date", "due_on", "amount", "external_number", "handler", "remark", "currency", "rate"]})]
