"""RecordAdmin, LedgerAdmin and the inlines of a record: Django's admin with the policy at every door and the product's pages."""

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import connection, models
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from admin_config.changelist import MINE, CappedPaginator, RecordChangeList
from admin_config.checks import RecordAdminChecks
from admin_config.columns import column_for
from admin_config.files import FilesPages
from admin_config.filters import filter_for, is_lookup, listed_filter
from admin_config.forms import (
    DateInput,
    KeyPicker,
    ListedChoice,
    MomentField,
    MomentInput,
    NumberInput,
    PolicyForm,
    SharedChoices,
    SmallSelect,
)
from admin_config.history import HistoryPages
from admin_config.merging import BASE, MergedRows, bases, opened_on, signed
from admin_config.operations_ui import OperationPages
from admin_config.pages import RecordPages
from admin_config.rights import Rights
from admin_config.saved_views import SavedViews
from admin_config.searching import searched
from admin_config.spreadsheets.admin import SpreadsheetAdmin
from admin_config.writing import Writing
from models.base import policy, words
from models.base.fields import ExactDecimalField
from models.base.records import Record

OWNERSHIP = ("owner", "department", "region", "company")
NARROWING = ("customer",)
NEVER_SHOWN = ("extra", *sorted(words.TECHNICAL))

FORM_FIELDS = {
    ExactDecimalField: {"widget": NumberInput},
    models.DateField: {"widget": DateInput},
    models.DateTimeField: {"form_class": MomentField, "widget": MomentInput},
}


def loaded(path, field):
    """The path that loads a key with what its text needs: a log-in is called like its employee."""
    return f"{path}__employee" if field is not None and field.is_relation and field.related_model is get_user_model() else path


class Fields(Rights):
    """How fields become inputs, on screens and in inlines alike."""

    formfield_overrides = FORM_FIELDS
    form = PolicyForm
    small_keys = ()
    within = {}
    choices_of = {}  # {name of a text: function that lists its choices}, e.g. {"record_type": record_types}

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if "widget" not in kwargs and not self.is_small_key(db_field):
            kwargs["widget"] = KeyPicker(db_field, within=self.within_of(db_field))
        elif "widget" not in kwargs:
            kwargs["widget"] = SmallSelect()
            kwargs["empty_label"] = "" if db_field.blank else "–"
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def within_of(self, db_field):
        """The name of the field that narrows the search for a key: contacts are those of the customer chosen beside them."""
        if db_field.name in self.within:
            return self.within[db_field.name]
        own, theirs = self.model._meta, db_field.related_model._meta
        for name in NARROWING:
            if name == db_field.name:
                continue
            pair = [next((one for one in options.fields if one.name == name), None) for options in (own, theirs)]
            if all(pair) and pair[0].related_model is pair[1].related_model:
                return name
        return ""

    def is_small_key(self, db_field):
        """True where the targets are few enough for a plain list, or have no screen to search on."""
        screen = self.admin_site._registry.get(db_field.related_model)
        return screen is None or getattr(screen, "is_small", False) or db_field.name in self.small_keys

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        """Beside a key stands at most one link: to add what it points at, where that is done in passing."""
        if db_field.name in self.choices_of:
            return ListedChoice(self.choices_of[db_field.name], label=db_field.verbose_name, help_text=db_field.help_text)
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            may_add = field.widget.can_add_related
            field.widget = field.widget.widget
            screen = self.admin_site._registry.get(db_field.related_model)
            if may_add and isinstance(field.widget, KeyPicker) and getattr(screen, "is_added_in_passing", False):
                field.widget.add_link = f"{screen.link('add')}?_popup=1"
        return field

    def placed_fields(self, request, obj=None):
        """Every name that has a place on the form."""
        return flatten_fieldsets(self.get_fieldsets(request, obj))


class PolicyFormSet(MergedRows, forms.models.BaseInlineFormSet):
    """Rows of a record."""


class RowsInline(Fields):
    """What the inlines of a record share: the record's rights hold for its rows."""

    template = "backoffice/rows.html"
    formset = PolicyFormSet
    extra = 0
    show_change_link = False

    def _owner_may(self, request, verb, obj):
        if verb == "change" and getattr(obj, "permitted", None) is not None:
            return obj.permitted and not getattr(obj, "is_locked", False)
        subject = obj if obj is not None and obj.pk else self.parent_model
        return bool(policy.may(request.user, verb, subject)) and not getattr(obj, "is_locked", False)

    def has_view_permission(self, request, obj=None):
        subject = obj if obj is not None and obj.pk else self.parent_model
        return bool(policy.may(request.user, "view", subject)) or self.has_change_permission(request, obj)

    def has_change_permission(self, request, obj=None):
        if obj is None or obj.pk is None:
            return self._owner_may(request, "add", None) or self._owner_may(request, "change", None)
        return self._owner_may(request, "change", obj)

    has_add_permission = has_delete_permission = has_change_permission

    def get_queryset(self, request):
        keys = [field.name for field in self.model._meta.fields if field.is_relation and field.name in self.inline_names()]
        return policy.scope(request.user, self.model).select_related(*keys).order_by(*self.opts.ordering or ["pk"])

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        """A plain list of choices is read once for all rows."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if isinstance(getattr(field, "widget", None), SmallSelect):
            field.iterator, field.kept = SharedChoices, {}
            field.widget.choices = field.choices
        return field

    def inline_names(self):
        """The declared names of the columns."""
        return [name for name in self.fields or () if isinstance(name, str)]

    def get_fields(self, request, obj=None):
        return self.show(request, list(self.fields))

    def get_fieldsets(self, request, obj=None):
        return [(None, {"fields": self.get_fields(request, obj)})]

    def get_formset(self, request, obj=None, **kwargs):
        form = type("RowForm", (self.form,), {"request": request, "is_inline": True})
        formset = super().get_formset(request, obj, **{"form": form, **kwargs})
        formset.opened = getattr(request, "opened_on", None)
        return formset


class RecordInline(RowsInline, TabularInline):
    """Rows of a record as a table."""

    @property
    def media(self):
        return forms.Media()


class RecordAdmin(SavedViews, FilesPages, HistoryPages, SpreadsheetAdmin, OperationPages, RecordPages, Fields, Writing, ModelAdmin):
    """The screens of a record type.

    list_display, list_filter, fieldsets, inlines … as in Django. Added: `views` (tabs of the list), `list_totals` (fields added up
    under the list), `lookups` (further lookups that links may use), `icon`, `is_small` (chosen from a plain list elsewhere),
    `is_added_in_passing` (may be added from beside a key), `neighbours` (records shown beside this one), `operations` (the buttons,
    all that are declared unless named), `spreadsheet` (columns). `admin_config.checks` refuses wrong declarations at start.
    """

    icon = "database"
    is_small = False
    is_added_in_passing = False
    views = ()
    list_totals = ()
    lookups = ()
    neighbours = ()
    spreadsheet = ()
    empty_hint = ""
    list_per_page = 25
    list_max_show_all = 25
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator
    checks_class = RecordAdminChecks
    change_list_template = "backoffice/list.html"
    change_form_template = "backoffice/form.html"
    delete_confirmation_template = "backoffice/delete.html"
    delete_selected_confirmation_template = "backoffice/delete_selected.html"
    save_on_top = False
    list_fullwidth = True
    list_filter_sheet = False
    warn_unsaved_form = True
    actions_on_top = True
    actions_on_bottom = False

    @property
    def media(self):
        """Nothing: our scripts come with every page, and Django's need jQuery."""
        return forms.Media()

    def __init__(self, model, admin_site):
        super().__init__(model, admin_site)
        self.list_display = [column_for(model, name) for name in self.list_display]

    # -- the list ----------------------------------------------------------------------------------------------------------

    def get_changelist(self, request, **kwargs):
        return RecordChangeList

    def get_list_display(self, request):
        return self.show(request, self.list_display)

    def get_list_display_links(self, request, list_display):
        return list(list_display)[:1]

    def get_sortable_by(self, request):
        return [name for name in self.get_list_display(request) if not callable(name) or getattr(name, "admin_order_field", None)]

    def get_list_select_related(self, request):
        """The keys that the columns show."""
        paths = set(self.list_select_related or ())
        for name in self.get_list_display(request):
            for path in self.read_by(name) or ():
                hops = path.split("__")
                keys = hops if self._is_key(path) else hops[:-1]
                if keys:
                    paths.add(loaded("__".join(keys), self._field_at(path)))
        return sorted(paths)

    def _field_at(self, path):
        """The field at the end of a path; None where it is no field."""
        model = self.model
        for hop in path.split("__"):
            try:
                field = model._meta.get_field(hop)
            except FieldDoesNotExist:
                return None
            model = field.related_model
        return field

    def _is_key(self, path):
        field = self._field_at(path)
        return field is not None and field.is_relation and field.concrete

    def get_list_filter(self, request):
        declared = [one if isinstance(one, tuple) else (one, self.filter_of(one)) for one in self.list_filter]
        return [(name, kind) for name, kind in declared if policy.is_readable_path(request.user, self.model, name)]

    def filter_of(self, name):
        """The kind of filter for a field."""
        return listed_filter(self.choices_of[name]) if name in self.choices_of else filter_for(self.model, name)

    @property
    def filtered_names(self):
        """The fields that the list can be filtered by."""
        return [one[0] if isinstance(one, tuple) else one for one in self.list_filter]

    def get_views(self, request):
        """The tabs of the list."""
        has_owner = any(field.name == "owner" for field in self.model._meta.fields)
        return [*([MINE] if has_owner and request.user.employee_id else []), *self.views]

    def lookup_allowed(self, lookup, value, request=None):
        """Only what the list declares, only what the person may read, nothing that can be made to run for ever."""
        if lookup in self.lookups:
            return True
        shown = {path for name in self.list_display for path in self.read_by(name) or ()}
        known = shown.union(self.filtered_names, self.lookups, OWNERSHIP)
        is_declared = any(lookup == name or lookup.startswith(f"{name}__") for name in known)
        return is_declared and is_lookup(self.model, lookup) and policy.is_readable_path(request.user, self.model, lookup)

    def get_search_fields(self, request):
        """What is searched, for the placeholder and for Django's question whether anything is."""
        return self.search_fields or ["pk"]

    def get_search_results(self, request, queryset, search_term):
        return searched(queryset, search_term, request.user, self.search_fields), False

    def picked_from(self, rows, request):
        """The records offered behind a key; `within` in the address names what they must belong to."""
        for name in NARROWING:
            key = request.GET.get(name, "")
            if key.isdecimal() and name in self.field_names():
                rows = rows.filter(**{name: int(key)})
        return rows

    def picked_about(self, obj, request):
        """Beside the name of an offered record: what tells namesakes apart."""
        return getattr(obj, "code", "") if policy.may_see(request.user, self.model, "code") else ""

    def get_actions(self, request):
        """Bulk deeds, each on the rows where the person may do it."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        if self.has_delete_permission(request):
            actions["delete_selected"] = (delete_selected, "delete_selected", _("Delete"))
        return actions

    # -- the form ----------------------------------------------------------------------------------------------------------

    def has_change_permission(self, request, obj=None):
        """Decided on the record as it is stored: a form that came back with errors has already written into it."""
        if getattr(obj, "permitted", None) is None:
            permitted = super().has_change_permission(request, obj)
            if not isinstance(obj, self.model):
                return permitted
            obj.permitted = permitted
        return obj.permitted

    def get_object(self, request, object_id, from_field=None):
        """The record, if it is in the person's range; locked while it is being written."""
        rows = self.get_queryset(request)
        keys = [loaded(field.name, field) for field in self.model._meta.fields if field.is_relation]
        rows = rows.select_related(*keys) if keys else rows
        try:
            key = self.opts.pk.to_python(object_id)
            if request.method == "POST" and connection.in_atomic_block:
                rows = rows.select_for_update(of=("self",))
            return rows.get(pk=key)
        except (self.model.DoesNotExist, ValidationError, ValueError, OverflowError):
            return None

    def found(self, request, object_id, verb="view"):
        """The record of an address. Raises Http404 where it is not there or not in the person's range for `verb`."""
        obj = self.get_object(request, unquote(str(object_id)))
        if obj is None or not policy.may(request.user, verb, obj):
            raise Http404
        return obj

    def _get_obj_does_not_exist_redirect(self, request, opts, object_id):
        raise Http404

    def get_fieldsets(self, request, obj=None):
        """The declared groups, reduced to what the person may see, and whose the record is."""
        groups = list(self.fieldsets or [(None, {"fields": self._all_fields()})])
        placed = set(flatten_fieldsets(groups))
        whose = [name for name in OWNERSHIP if name in self.field_names() and name not in placed]
        if issubclass(self.model, Record) and whose:
            title, last = groups[-1]
            if "tab" in last.get("classes", ()):
                groups[-1] = (title, {**last, "fields": [*last["fields"], *whose]})
            else:
                groups.append((_("Belongs to"), {"fields": whose, "classes": ["whose"]}))
        shown = []
        for title, options in groups:
            names = [name for row in options["fields"] for name in (row if isinstance(row, list | tuple) else [row])]
            if visible := self.show(request, names):
                shown.append((title, {**options, "fields": visible}))
        return shown

    def _all_fields(self):
        skipped = {*NEVER_SHOWN, *(self.exclude or ()), *(OWNERSHIP if issubclass(self.model, Record) else ())}
        return [field.name for field in self.opts.fields if field.editable and not field.auto_created and field.name not in skipped]

    def get_exclude(self, request, obj=None):
        return [*super().get_exclude(request, obj), *NEVER_SHOWN]

    def get_form(self, request, obj=None, change=False, **kwargs):
        own = {"request": request}
        if change and obj is not None and request.method == "POST":
            request.opened_on = opened_on(request.POST.get(BASE, ""))
            own["base"] = bases(self.model, [obj.pk], request.opened_on).get(str(obj.pk))
        return super().get_form(request, obj, change=change, **{"form": type("RecordForm", (self.form,), own), **kwargs})

    def get_changeform_initial_data(self, request):
        """A new record is the person's own, in his department, region and company."""
        initial = super().get_changeform_initial_data(request)
        employee = request.user.employee if request.user.employee_id else None
        names = self.field_names()
        if employee is not None:
            own = {"owner": employee.pk, "handler": employee.pk, "department": employee.department_id, "region": employee.region_id}
            for name, value in {**own, "company": employee.company_id}.items():
                if name in names and value is not None:
                    initial.setdefault(name, value)
        elif "company" in names:
            from models.base.protocols import default_company_id

            initial.setdefault("company", default_company_id(request.user))
        return initial

    def save_model(self, request, obj, form, change):
        """Write only what differs from what is stored; nothing at all where nothing does."""
        if not change:
            obj.save()
            return
        stored = self.model._base_manager.filter(pk=obj.pk).values(*[field.attname for field in self.opts.concrete_fields]).get()
        changed = [f.name for f in self.opts.concrete_fields if f.name not in NEVER_SHOWN and stored[f.attname] != getattr(obj, f.attname)]
        if changed:
            obj.save(update_fields=changed)

    def signed_base(self, obj, formsets=()):
        """What the form stands on, for comparing when it comes back."""
        groups = {self.model: [obj.pk]}
        for formset in formsets:
            groups[formset.model] = [form.instance.pk for form in formset.initial_forms]
        return signed(groups)


@admin.action(description=_("Delete"))
def delete_selected(screen, request, queryset):
    """Django's page of confirmation, on the rows the person may delete."""
    from django.contrib.admin.actions import delete_selected as confirm_and_delete

    return confirm_and_delete(screen, request, queryset.filter(policy.condition(request.user, screen.model, "delete")))


def is_machinery(field):
    """True for columns that only programs read: keys of any record, fingerprints, bundles of parameters."""
    is_key_of_anything = field.is_relation and field.related_model is ContentType
    return field.primary_key or is_key_of_anything or isinstance(field, models.JSONField | models.UUIDField) or field.name in NEVER_SHOWN


class LedgerAdmin(RecordAdmin):
    """Posted facts and journals: looked at, searched and added up, never typed."""

    change_form_template = "backoffice/facts.html"
    actions = None

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def _all_fields(self):
        """All that people can read."""
        skipped = {*NEVER_SHOWN, *(self.exclude or ())}
        return [field.name for field in self.opts.fields if field.name not in skipped and not is_machinery(field)]

    def get_readonly_fields(self, request, obj=None):
        return self.placed_fields(request, obj)
