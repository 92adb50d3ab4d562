"""Screens of selling: opportunity, quote, order, delivery, return."""

from django.contrib import admin
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from admin_config import chain
from admin_config.addresses import AddressChoice
from admin_config.base import THIS, DocumentAdmin, LedgerAdmin, RecordAdmin, badge, lines, money, neighbour, number, text, view
from admin_config.columns import NOTHING, amount_text, moment_text
from admin_config.lowcode import LabelledFields
from admin_config.rights import reads
from flows.order import OrderApproval
from flows.quote import QuoteApproval
from flows.returns import ReturnApproval
from models.base import policy
from models.finance.models import Credit, Receipt, Receivable, Refund
from models.sales.models import Delivery, DeliveryLine, Opportunity, Order, OrderLine, Quote, QuoteLine, Return, ReturnLine, Stage
from models.sales.ordering import orders_of_quote, quotes_of_order, versions_of_quote

SOLD = ["product", "unit", "quantity", "price", "discount", "tax_rate", "is_exempt", "amount", "is_gift", "remark"]
TERMS = ["payment_term", "warehouse", "delivery_terms", "currency", "rate", "prices_include_tax", "discount", "allowance"]


@admin.register(Stage)
class StageAdmin(LabelledFields, RecordAdmin):
    icon = "stairs"
    is_small = True
    list_display = ["code", "position", "probability", badge("outcome"), "is_active"]
    search_fields = ["code"]


@admin.register(Opportunity)
class OpportunityAdmin(RecordAdmin):
    icon = "lightbulb"
    list_display = ["name", "customer", "stage", "probability", money("amount", currency=None), "expected_on", "next_step", "owner"]
    list_filter = ["stage", "customer", "owner", "source", "expected_on"]
    lookups = ["stage__outcome"]
    list_totals = ["amount"]
    search_fields = ["name", "customer"]
    views = [
        view("open", _("Open"), stage__outcome="open"),
        view("won", _("Won"), stage__outcome="won"),
        view("lost", pgettext_lazy("opportunity", "Lost"), stage__outcome="lost"),
    ]
    fieldsets = [
        (None, {"fields": ["name", "customer", "contact", "stage", "amount", "expected_on", "source", "next_step", "need", "lost_reason"]}),
        (_("Progress"), {"fields": ["probability", "stage_since", "closed_on"]}),
    ]
    readonly_fields = ["stage_since", "closed_on"]


@admin.register(Quote)
class QuoteAdmin(DocumentAdmin):
    icon = "request_quote"
    flow = QuoteApproval
    list_display = [number(), "customer", "date", "valid_until", "owner", badge("approval"), badge("progress"), money("gross")]
    list_filter = ["approval", "progress", "customer", "owner", "date"]
    neighbours = [
        neighbour(Opportunity, chain.opportunity_of, amount="amount"),
        neighbour(Quote, versions_of_quote),
        THIS,
        neighbour(Order, orders_of_quote),
    ]
    inlines = [lines(QuoteLine, SOLD)]
    fieldsets = [
        (None, {"fields": ["customer", "contact", "date", "valid_until", "opportunity"]}),
        (_("Terms"), {"fields": [*TERMS, "external_number", "handler", "remark"], "classes": ["tab"]}),
    ]


def _instalment(one):
    words = {"due_on": moment_text(one.due_on), "amount": amount_text(one.amount)}
    if not one.is_charged:
        return gettext("%(due_on)s: %(amount)s, planned") % words
    if not one.open:
        return gettext("%(due_on)s: %(amount)s, paid") % words
    words |= {"paid": amount_text(one.paid), "open": amount_text(one.open)}
    return gettext("%(due_on)s: %(amount)s, of it %(paid)s paid and %(open)s open") % words


@admin.register(Order)
class OrderAdmin(AddressChoice, DocumentAdmin):
    icon = "shopping_cart"
    flow = OrderApproval
    list_display = [number(), "customer", "date", "wanted_on", "owner", badge("approval"), badge("progress"), money("gross")]
    list_filter = ["approval", "progress", "customer", "owner", "warehouse", "date"]
    neighbours = [
        neighbour(Quote, quotes_of_order),
        THIS,
        neighbour(Delivery, chain.deliveries_of_order),
        neighbour(Receivable, chain.receivables_of, amount="outstanding"),
        neighbour(Receipt, chain.receipts_of),
        neighbour(Return, chain.returns_of_order),
    ]
    inlines = [lines(OrderLine, [*SOLD[:3], "delivered", *SOLD[3:]], readonly_fields=["delivered"], when_approved=["delivered"])]
    fieldsets = [
        (None, {"fields": ["customer", "contact", "date", "wanted_on", "customer_number", "delivery_address"]}),
        (_("Terms"), {"fields": [*TERMS, "external_number", "handler", "remark", "plan"], "classes": ["tab"]}),
    ]
    readonly_fields = ["plan"]

    @admin.display(description=_("Collection plan"))
    @reads("gross", "payment_term")
    def plan(self, order):
        """When the money is to come and how much has, a line for each instalment."""
        return "\n".join(map(_instalment, order.collection_plan())) if order.pk else NOTHING

    def sees(self, request, name, *least):
        """The plan is for those who may see debts, too."""
        return super().sees(request, name, *least) and (name != "plan" or bool(policy.may(request.user, "view", Receivable)))

    def defaults_of(self, customer):
        """Where the customer has his goods sent, too."""
        address = customer.addresses.first()
        return super().defaults_of(customer) | {"delivery_address": address.title() if address else ""}


@admin.register(OrderLine)
class OrderLineAdmin(LedgerAdmin):
    icon = "format_list_numbered"
    list_display = [
        text("order__number", _("order")),
        "product",
        text("order__customer", _("customer")),
        "quantity",
        "unit",
        "price",
        "delivered",
        money("gross", currency=None),
    ]
    list_filter = ["product", "order__customer", "order__owner", "order__date", "order__approval"]
    lookups = ["order__company"]
    list_totals = ["gross"]
    search_fields = ["order__number", "product"]
    fieldsets = [
        (None, {"fields": ["order", "product", "quantity", "unit", "price", "discount"]}),
        (_("Amount"), {"fields": ["tax_rate", "is_exempt", "amount", "net", "tax", "gross"]}),
    ]


@admin.register(Delivery)
class DeliveryAdmin(AddressChoice, DocumentAdmin):
    icon = "local_shipping"
    address_field = "address"
    list_display = [
        number(),
        "customer",
        text("order__number", _("order")),
        "warehouse",
        "date",
        "owner",
        badge("progress"),
        money("gross"),
    ]
    list_filter = ["progress", "customer", "warehouse", "owner", "date"]
    neighbours = [
        neighbour(Order, chain.orders_of_delivery),
        THIS,
        neighbour(Receivable, chain.receivables_of, amount="outstanding"),
        neighbour(Receipt, chain.receipts_of),
        neighbour(Return, chain.returns_of_delivery),
    ]
    inlines = [lines(DeliveryLine, ["product", "unit", "quantity", "remark"], may_add_rows=False, readonly_fields=["product", "unit"])]
    views = [
        view("prepared", _("Being prepared"), progress__in=["draft", "picked"]),
        view("dispatched", _("Dispatched"), progress="dispatched"),
    ]
    fieldsets = [
        (None, {"fields": ["customer", "order", "warehouse", "date", "address", "carrier", "waybill"]}),
        (
            _("Terms"),
            {
                "fields": ["currency", "rate", "prices_include_tax", "discount", "allowance", "external_number", "handler", "remark"],
                "classes": ["tab"],
            },
        ),
    ]
    readonly_fields = ["customer", "order", "currency", "rate", "prices_include_tax", "discount", "allowance"]

    def has_add_permission(self, request):
        """Made by the order, which knows what is open."""
        return False


@admin.register(Return)
class ReturnAdmin(DocumentAdmin):
    icon = "assignment_return"
    flow = ReturnApproval
    list_display = [
        number(),
        "customer",
        text("delivery__number", _("delivery")),
        "reason",
        "date",
        badge("approval"),
        badge("progress"),
        money("gross"),
    ]
    list_filter = ["approval", "progress", "customer", "reason", "owner", "date"]
    neighbours = [
        neighbour(Order, chain.orders_of_return),
        neighbour(Delivery, chain.delivery_of_return),
        THIS,
        neighbour(Credit, chain.credits_of, amount="open"),
        neighbour(Refund, chain.refunds_of),
    ]
    inlines = [
        lines(
            ReturnLine, ["product", "unit", "quantity", "gross", "remark"], may_add_rows=False, readonly_fields=["product", "unit", "gross"]
        )
    ]
    fieldsets = [
        (None, {"fields": ["customer", "delivery", "warehouse", "date", "reason", "handling"]}),
        (
            _("Terms"),
            {
                "fields": ["currency", "rate", "prices_include_tax", "discount", "allowance", "external_number", "handler", "remark"],
                "classes": ["tab"],
            },
        ),
    ]
    readonly_fields = ["customer", "delivery", "currency", "rate", "prices_include_tax", "discount", "allowance"]

    def has_add_permission(self, request):
        """Made by the delivery, which knows what can come back."""
        return False
