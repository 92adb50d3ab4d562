"""DocumentAdmin: a numbered paper with lines, a state, its next step, and its neighbours; and the grid of its lines."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpResponseRedirect, JsonResponse
from django.urls import path
from django.utils.dateparse import parse_date
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from admin_config.approvals import ApprovalPages
from admin_config.changelist import view
from admin_config.columns import amount_text, value_html
from admin_config.linegrid.formset import LineForm, LineFormSet
from admin_config.linegrid.inline import LineGridAdmin, LineGridInline
from admin_config.merging import MergedRows, merge
from admin_config.printing.screens import PrintableAdmin
from admin_config.records import RecordAdmin
from admin_config.writing import TOKEN, write_once
from flows.buttons import waits_for
from models.base import policy
from models.base.documents import Approval, business_today
from models.base.fields import trimmed
from models.base.operations import Refusal, find_operation
from models.base.policy import WRITE
from models.base.protocols import default_company_id
from models.org.models import Assistance, Company
from models.org.rates import rate_between
from models.products.pricing import price_lines
from models.products.querysets import resolve_codes
from models.sales.copying import can_copy, copy_document
from models.sales.querysets import last_prices
from models.stock.querysets import available_to

DRAFTS = view("drafts", gettext_lazy("Drafts"), approval__in=[Approval.DRAFT, Approval.RETURNED, Approval.WITHDRAWN])
WAITING = view("waiting", gettext_lazy("In approval"), approval=Approval.PENDING)
APPROVED = view("approved", gettext_lazy("Approved"), approval=Approval.APPROVED)
SUBMIT = "_submit_for_approval"
EDIT = "edit"


class DocumentLineForm(LineForm):
    """A line merged with what others changed meanwhile."""

    base = None

    def clean(self):
        cleaned = super().clean()
        merge(self)
        return cleaned


class DocumentLineFormSet(MergedRows, LineFormSet):
    """The lines of a document."""


class DocumentLines(LineGridInline):
    """The grid of a document's lines; it can be edited as long as the document can."""

    form, formset, token_field = DocumentLineForm, DocumentLineFormSet, TOKEN
    resolve, available = resolve_codes, available_to
    verbose_name_plural = gettext_lazy("lines")
    when_approved = ()  # columns of what comes after the approval: shown from then on

    def get_fields(self, request, obj=None):
        names = super().get_fields(request, obj)
        if getattr(obj, "approval", "") == Approval.APPROVED:
            return names
        return [name for name in names if name not in self.when_approved]

    def may_edit(self, request, document=None):
        if getattr(document, "permitted", None) is not None:
            return document.permitted and not document.is_locked
        return super().may_edit(request, document)

    def get_formset(self, request, obj=None, **kwargs):
        formset = super().get_formset(request, obj, **kwargs)
        formset.opened = getattr(request, "opened_on", None)
        return formset


def lines(model, columns, **options):
    """The grid of a document's lines: `columns` from left to right; further options as attributes of LineGridInline."""
    names = {"model": model, "fields": list(columns)}
    if any(field.name == "price" for field in model._meta.fields):
        names |= {"pricing": price_lines, "last_prices": last_prices}
    return type(f"{model.__name__}Grid", (DocumentLines,), names | options)


class DocumentAdmin(ApprovalPages, PrintableAdmin, LineGridAdmin, RecordAdmin):
    """The screens of a document. Read-only while it is locked; what it may become next is its one filled button.

    `flow`: the route of its approval; with one it can be submitted from its form.
    """

    icon = "description"
    change_form_template = "backoffice/document.html"
    list_totals = ("gross",)
    views = (DRAFTS, WAITING, APPROVED)
    flow = None
    header_facts = ("customer",)
    search_fields = ("number", "external_number", "customer")

    # -- what may be written -----------------------------------------------------------------------------------------------

    def has_change_permission(self, request, obj=None):
        """A locked document is read; asked for by the address, what stays open on it can be edited."""
        if obj is not None and getattr(obj, "is_locked", False) and EDIT not in request.GET:
            return False
        return super().has_change_permission(request, obj)

    def get_readonly_fields(self, request, obj=None):
        readonly = super().get_readonly_fields(request, obj)
        if obj is None or not obj.is_locked:
            return readonly
        locked = [name for name in self.placed_fields(request, obj) if name not in self.open_fields()]
        return [*readonly, *(name for name in locked if name not in readonly)]

    def open_fields(self):
        """The fields that may change while a document is locked: whose it is, notes, addresses."""
        return {field.name for field in self.opts.concrete_fields if field.editable and field.attname not in self.model.LOCKED}

    def has_delete_permission(self, request, obj=None):
        """What has a number is voided, never deleted."""
        if obj is not None and isinstance(obj, self.model) and (obj.number or obj.is_locked):
            return False
        return super().has_delete_permission(request, obj)

    def get_deleted_objects(self, objs, request):
        """Lines go with their document, though nobody deletes them in their own list."""
        deleted, counts, needed, protected = super().get_deleted_objects(objs, request)
        own = {self.opts.get_field(name).related_model._meta.verbose_name for name in self.model.LINES}
        return deleted, counts, needed - own, protected

    def get_actions(self, request):
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def save_related(self, request, form, formsets, change):
        """After the lines are stored the sums are; then, where asked for, the document is submitted."""
        super().save_related(request, form, formsets, change)
        document = form.instance
        document.recompute()
        if SUBMIT in request.POST:
            operation = self.submit_operation
            if operation is None:
                raise Refusal(_("This cannot be submitted."))
            operation(document, by=request.user)

    # -- what the page shows -----------------------------------------------------------------------------------------------

    @property
    def submit_operation(self):
        """submit_quote, submit_order …; None where there is no approval."""
        return find_operation(self.model, f"submit_{self.model.DOCUMENT_CODE}")

    def submits(self, request, obj):
        operation = self.submit_operation if self.flow is not None else None
        if (
            operation is None
            or (obj is not None and obj.is_locked)
            or not policy.may(request.user, operation.right, obj if obj is not None else self.model)
        ):
            return []
        return [(SUBMIT, _("Save and submit"))]

    def buttons(self, request, obj):
        """While notes are edited only saving is asked; submitting is part of saving as long as the document can be edited."""
        if obj.is_locked and self.has_change_permission(request, obj):
            return []
        found = super().buttons(request, obj)
        if self.has_change_permission(request, obj) and self.submit_operation is not None:
            found = [one for one in found if one.operation is not self.submit_operation]
        return found

    def links(self, request, obj):
        """[(label, icon, address, is posted)]: editing what a lock leaves open, copying."""
        found = []
        is_editable = self.has_change_permission(request, obj)
        if obj.is_locked and not is_editable and policy.may(request.user, "change", obj):
            found.append((_("Edit notes and owner"), "edit_note", f"?{EDIT}=1", False))
        if can_copy(self.model) and policy.may(request.user, "add", self.model):
            found.append((_("Copy"), "content_copy", self.link("copy", obj.pk), True))
        return found + self.print_links(request, obj)

    def further_tabs(self, request, obj):
        """An approval that is over has a tab; one that is open stands beside the document."""
        approval = self.approval_of(request, obj)
        own = [{"key": "approval", "label": _("Approval"), "errors": 0}] if approval is not None and not approval.is_open else []
        return own + super().further_tabs(request, obj)

    def facts(self, request, obj):
        shown = []
        for name in self.header_facts:
            if name in self.field_names() and self.sees(request, name):
                shown.append((capfirst(self.opts.get_field(name).verbose_name), value_html(self.opts.get_field(name), obj)))
        if self.sees(request, "gross"):
            shown.append((_("Total"), f"{obj.currency_id} {amount_text(obj.gross, obj.currency)}"))
        return shown

    def badges(self, request, obj):
        """Approval always; progress once the document is in force."""
        shown = super().badges(request, obj)
        has_progress = "progress" in self.field_names() and self.sees(request, "progress")
        if not getattr(obj, "HAS_APPROVAL", True):
            return shown[-1:]
        return shown if not has_progress or obj.approval == Approval.APPROVED else shown[:1]

    def general_label(self, formsets):
        return _("Lines") if formsets else _("Overview")

    # -- what a customer brings along ------------------------------------------------------------------------------------------

    def defaults_of(self, customer):
        """{field: value} that a new document takes from its customer; a record for a key."""
        contact = customer.contacts.filter(is_main=True, has_left=False).first()
        return {"currency": customer.currency, "payment_term": customer.payment_term, "contact": contact}

    def choices_for(self, request, customer):
        """{field: texts} that are offered beside a text for a customer."""
        return {}

    def defaults_link(self, obj):
        return self.link("defaults") if obj is None and "customer" in self.field_names() else ""

    def rates_link(self, obj):
        """Where the script asks for the day's exchange rate."""
        return self.link("defaults") if obj is None or not obj.is_locked else ""

    def rate_of(self, request, currency, date=None):
        """The stored rate of a currency on a day as text, "" where none is; None where the person's company cannot be known."""
        company = Company.objects.filter(pk=default_company_id(request.user)).first()
        if company is None or not currency:
            return None
        rate = rate_between(currency, company.currency_id, date or business_today())
        return "" if rate is None else trimmed(rate)

    def defaults_view(self, request):
        """GET ?customer=, or ?currency=&date= → {field: {key, text}} as JSON. The script fills what is still empty."""
        if not self.has_add_permission(request) and not self.has_change_permission(request):
            raise PermissionDenied
        key, found, customer = request.GET.get("customer", ""), {}, None
        if "customer" in self.field_names() and key.isdecimal():
            target = self.opts.get_field("customer").related_model
            customer = policy.scope(request.user, target).filter(pk=key).first()
            found = {**self.defaults_of(customer), **self.whose(request, customer)} if customer is not None else {}
        currency = request.GET.get("currency") or getattr(found.get("currency"), "pk", "")
        rate = self.rate_of(request, currency, parse_date(request.GET.get("date", "")[:10]) if request.GET.get("date") else None)
        if rate is not None:
            found["rate"] = rate
        shown = {name: value for name, value in found.items() if name in self.field_names() and self.sees(request, name, WRITE)}
        choices = self.choices_for(request, customer) if customer is not None else {}
        return JsonResponse({name: _key_and_text(value) | _choices(choices.get(name)) for name, value in shown.items()})

    def assisted(self, request):
        """The employees the person enters documents for, asked once a request."""
        if "_assisted" not in request.__dict__:
            employee = request.user.employee_id or 0
            request._assisted = set(Assistance.objects.filter(assistant=employee).values_list("salesperson_id", flat=True))
        return request._assisted

    def whose(self, request, customer):
        """What an assistant enters for a salesperson's customer is the salesperson's: {field: record}; nothing for others."""
        if customer.owner_id not in self.assisted(request):
            return {}
        owner = customer.owner
        return {"owner": owner, "handler": owner, "department": owner.department, "region": owner.region}

    def get_changeform_initial_data(self, request):
        initial = super().get_changeform_initial_data(request)
        company = Company.objects.filter(pk=initial.get("company")).first()
        if company is not None and "prices_include_tax" in self.field_names():
            initial.setdefault("prices_include_tax", company.prices_include_tax)
        if "customer" in self.field_names() and self.assisted(request):
            for name in ("owner", "handler", "department", "region"):  # they come with the customer
                initial.pop(name, None)
        key = str(initial.get("customer", ""))
        if key.isdecimal() and "customer" in self.field_names():
            target = self.opts.get_field("customer").related_model
            customer = policy.scope(request.user, target).filter(pk=key).first()
            found = {**self.defaults_of(customer), **self.whose(request, customer)} if customer is not None else {}
            if rate := self.rate_of(request, getattr(found.get("currency"), "pk", "")):
                found["rate"] = rate
            for name, value in found.items():
                if name in self.field_names() and value not in (None, ""):
                    initial.setdefault(name, getattr(value, "pk", value))
        return initial

    # -- after saving --------------------------------------------------------------------------------------------------------

    def response_post_save_add(self, request, obj):
        """A saved document stays on the screen: its next step is there."""
        return HttpResponseRedirect(self.link("change", obj.pk))

    response_post_save_change = response_post_save_add

    def saved_words(self, request, obj):
        """A submitted document says whom it waits for."""
        if SUBMIT not in request.POST:
            return super().saved_words(request, obj)
        names = waits_for(obj)
        if names:
            words = _("%(record)s: submitted. Next: %(names)s.") % {"record": obj, "names": ", ".join(names)}
        else:
            words = _("%(record)s: submitted and approved; no rule asks anybody.") % {"record": obj}
        return " ".join([words, *(f"{remark}." for remark in self.flow.instance.remarks(obj, request.user))])

    # -- copying -----------------------------------------------------------------------------------------------------------

    def get_urls(self):
        name, screen = f"{self.opts.app_label}_{self.opts.model_name}", self.admin_site.admin_view
        own = [
            path("defaults/", screen(self.defaults_view), name=f"{name}_defaults"),
            path("<path:object_id>/copy/", screen(self.copy_view), name=f"{name}_copy"),
        ]
        return own + super().get_urls()

    def copy_view(self, request, object_id):
        """POST: a draft like this one."""
        obj = self.found(request, object_id)
        decision = policy.may(request.user, "add", self.model)
        if request.method != "POST" or not can_copy(self.model) or not decision:
            raise PermissionDenied(decision.why)

        def work():
            new = copy_document(obj)
            messages.success(request, _("This is a copy of %(record)s.") % {"record": obj})
            return HttpResponseRedirect(self.link("change", new.pk))

        return write_once(request, f"{self.opts.label_lower}:{obj.pk}:copy", work, kind="form", reason="copy")


def _key_and_text(value):
    if isinstance(value, Model):
        return {"key": str(value.pk), "text": str(value)}
    return {"key": "" if value is None else str(value), "text": ""}


def _choices(texts):
    return {} if texts is None else {"choices": texts}
