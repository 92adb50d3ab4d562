"""Screens of customers, contacts and what is agreed with them."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from admin_config.base import RecordAdmin, RecordInline, badge, view
from admin_config.customer_page import CustomerPages
from admin_config.printing.statement import StatementPages
from models.base.documents import business_today
from models.customers.models import Address, Contact, Customer, Interaction, PaymentTerm, PaymentTermLine


class ContactInline(RecordInline):
    model = Contact
    fields = ["name", "job_title", "mobile", "phone", "email", "is_main"]
    tab = True


class AddressInline(RecordInline):
    model = Address
    fields = ["consignee", "phone", "country", "province", "city", "street", "postcode", "is_default"]
    tab = True


@admin.register(Customer)
class CustomerAdmin(StatementPages, CustomerPages, RecordAdmin):
    icon = "storefront"
    is_added_in_passing = True
    list_display = ["name", "code", "level", "city", "phone", "owner", badge("status"), "credit_limit"]
    list_filter = ["status", "level", "customer_type", "owner", "region"]
    lookups = ["customer_type__code", "level__code"]
    search_fields = ["code", "name", "short_name", "phone"]
    views = [view("pool", _("Without an owner"), owner=None)]
    inlines = [ContactInline, AddressInline]
    fieldsets = [
        (None, {"fields": ["code", "name", "short_name", "status", "customer_type", "level", "industry", "source"]}),
        (_("Reach"), {"fields": ["phone", "fax", "email", "website", "country", "province", "city", "street", "postcode"]}),
        (_("Terms"), {"fields": ["currency", "payment_term", "price_level", "credit_limit", "settlement_customer"]}),
        (_("Invoicing"), {"fields": ["invoice_title", "tax_number", "bank", "bank_account", "invoice_address", "invoice_phone"]}),
        (_("Remark"), {"fields": ["remark"]}),
    ]
    spreadsheet = ["code", "name", "short_name", "status", "customer_type", "level", "owner", "region", "phone", "city", "street"]


@admin.register(Contact)
class ContactAdmin(RecordAdmin):
    icon = "contacts"
    list_display = ["name", "customer", "job_title", "mobile", "phone", "email", "is_main", "owner"]
    list_filter = ["is_main", "has_left", "customer", "owner"]
    search_fields = ["name", "mobile", "phone", "email"]
    fieldsets = [
        (None, {"fields": ["customer", "name", "gender", "department_name", "job_title", "is_main", "has_left"]}),
        (_("Reach"), {"fields": ["mobile", "phone", "email", "instant_messenger"]}),
        (_("Personal"), {"fields": ["birthday", "preferences", "remark"]}),
    ]


@admin.register(Interaction)
class InteractionAdmin(RecordAdmin):
    icon = "forum"
    list_display = ["subject", "customer", "contact", "way", "at", "next_contact_on", "next_step", "owner"]
    list_filter = ["way", "customer", "owner", "at", "next_contact_on"]
    search_fields = ["subject", "customer"]
    views = [view("due", _("To contact"), lambda request: _due())]
    fieldsets = [
        (None, {"fields": ["customer", "contact", "at", "way", "subject", "content", "result"]}),
        (_("Next step"), {"fields": ["next_contact_on", "next_step"]}),
    ]


def _due():
    from django.db.models import Q

    return Q(next_contact_on__lte=business_today())


class PaymentTermLineInline(RecordInline):
    model = PaymentTermLine
    fields = ["position", "percent", "basis", "days"]


@admin.register(PaymentTerm)
class PaymentTermAdmin(RecordAdmin):
    icon = "event_repeat"
    is_small = True
    list_display = ["code", "name", "requires_prepayment", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["code", "name"]
    inlines = [PaymentTermLineInline]
