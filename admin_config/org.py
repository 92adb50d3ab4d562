"""Screens of the organisation: who works here and what each may do."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from admin_config.base import RecordAdmin, RecordInline, badge, view
from admin_config.choices import fields_of_records, record_types, verbs
from admin_config.forms import SettledForm
from admin_config.users import UserForm
from models.base import policy
from models.org.models import (
    Assistance,
    Company,
    Currency,
    Department,
    Employee,
    ExchangeRate,
    FieldLimit,
    Position,
    Region,
    Role,
    RoleGrant,
    RoleHolder,
    User,
)


@admin.register(Company)
class CompanyAdmin(RecordAdmin):
    icon = "apartment"
    is_small = True
    list_display = ["code", "name", "short_name", "parent", "currency", "debt_arises", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["code", "name", "short_name"]
    fieldsets = [
        (None, {"fields": ["code", "name", "short_name", "parent", "currency", "prices_include_tax", "debt_arises", "is_active"]}),
        (_("Invoicing"), {"fields": ["tax_number", "address", "phone", "bank", "bank_account"]}),
    ]


@admin.register(Currency)
class CurrencyAdmin(RecordAdmin):
    icon = "currency_yuan"
    is_small = True
    list_display = ["code", "name", "symbol", "decimals", "is_active"]
    search_fields = ["code", "name"]


@admin.register(ExchangeRate)
class ExchangeRateAdmin(RecordAdmin):
    icon = "currency_exchange"
    list_display = ["currency", "valid_from", "rate"]
    list_filter = ["currency", "valid_from"]
    search_fields = ["currency__code"]


@admin.register(Department)
class DepartmentAdmin(RecordAdmin):
    icon = "account_tree"
    is_small = True
    list_display = ["code", "name", "parent", "manager", "company", "is_active"]
    list_filter = ["company", "is_active"]
    search_fields = ["code", "name"]


@admin.register(Region)
class RegionAdmin(RecordAdmin):
    icon = "map"
    is_small = True
    list_display = ["code", "name", "parent", "manager", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["code", "name"]


@admin.register(Position)
class PositionAdmin(RecordAdmin):
    icon = "badge"
    is_small = True
    list_display = ["code", "name", "discount_floor", "is_active"]
    search_fields = ["code", "name"]


@admin.register(Employee)
class EmployeeAdmin(RecordAdmin):
    icon = "person"
    list_display = ["code", "name", "department", "position", "region", "superior", "phone", badge("status")]
    list_filter = ["status", "department", "region", "position"]
    search_fields = ["code", "name", "phone", "email"]
    views = [view("working", _("Employed"), status__in=["trial", "employed"])]
    fieldsets = [
        (None, {"fields": ["code", "name", "status", "phone", "email", "hired_on", "left_on"]}),
        (_("Place"), {"fields": ["company", "department", "region", "position", "superior"]}),
    ]


@admin.register(Assistance)
class AssistanceAdmin(RecordAdmin):
    icon = "handshake"
    list_display = ["assistant", "salesperson"]
    list_filter = ["assistant", "salesperson"]
    search_fields = ["assistant__name", "salesperson__name"]


@admin.register(User)
class UserAdmin(RecordAdmin):
    icon = "key"
    form = UserForm
    list_display = ["username", "employee", "language", "is_active", "is_superuser"]
    list_filter = ["is_active", "is_superuser"]
    search_fields = ["username", "employee__name"]
    fieldsets = [(None, {"fields": ["username", "employee", "language", "is_active", "is_superuser", "new_password"]})]

    def picked_from(self, rows, request):
        return super().picked_from(rows, request).select_related("employee")

    def picked_about(self, obj, request):
        return obj.username if policy.may_see(request.user, User, "username") else ""


class GrantForm(SettledForm):
    settled = ("record_type", "verb", "field")


class GrantInline(RecordInline):
    model = RoleGrant
    form = GrantForm
    fields = ["record_type", "verb", "scope"]
    tab = True
    choices_of = {"record_type": record_types, "verb": verbs}


class FieldLimitInline(RecordInline):
    model = FieldLimit
    form = GrantForm
    fields = ["record_type", "field", "level"]
    tab = True
    choices_of = {"record_type": record_types, "field": fields_of_records}


class HolderInline(RecordInline):
    model = RoleHolder
    fields = ["employee"]
    tab = True


@admin.register(Role)
class RoleAdmin(RecordAdmin):
    icon = "admin_panel_settings"
    is_small = True
    list_display = ["code", "name", "is_active"]
    search_fields = ["code", "name"]
    inlines = [GrantInline, FieldLimitInline, HolderInline]
