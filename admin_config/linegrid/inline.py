"""The grid as Django's inline, and what the document's screen needs beside it: two addresses for the script, notices, the draft."""

import json
from inspect import isfunction

from django import forms
from django.contrib import messages
from django.contrib.admin import helpers
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.http import HttpResponseBadRequest, JsonResponse
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from unfold.admin import TabularInline

from admin_config.linegrid.formset import ChoiceOfRow, LineForm, LineFormSet
from admin_config.linegrid.lookup import Catalogue, Header
from models.base import policy
from models.base.fields import ExactDecimalField

SOURCES = ("pricing", "resolve", "last_prices", "available", "search")
COMPUTED = ("product", "amount", "net", "tax", "gross", "list_price", "price_rule", "factor")
HIDDEN = ("position", "price_source")


class LineGridInline(TabularInline):
    """The lines of a document as a grid. A screen gives `model`, `fields` and, where prices are made, the functions:

    resolve(texts) → {text: [products]} · pricing(partner, currency, date, [(product, unit name, quantity)]) → [Price] ·
    last_prices(partner, product ids, currency, user) → {id: object with price, unit, date, number} · available(product ids,
    warehouse id, user) → {id: quantity in base units} · search(user, text, limit) → products (default: the products' search column).

    `fields` are the columns from left to right; those in `readonly_fields` show text. `product` shows the code to type and,
    beside it, name, stock and last price. `position` and `price_source` are carried along unasked.
    """

    template = "linegrid/grid.html"
    form = LineForm
    formset = LineFormSet
    extra = 0
    max_num = 1000
    partner_field = "customer"
    labels = {}
    allows_zero = False
    may_add_rows = True
    most_rows = 700
    token_field = "idempotency_token"
    pricing = resolve = last_prices = available = search = None

    class Media:
        css = {"all": ["linegrid/linegrid.css"]}
        js = [forms.Script(f"linegrid/{name}.js", defer=True) for name in ("decimals", "rows", "lookup", "entry", "draft", "linegrid")]

    def __init_subclass__(cls, **named):
        super().__init_subclass__(**named)
        for name in SOURCES:  # a plain function given as an attribute stays one
            if isfunction(given := cls.__dict__.get(name)):
                setattr(cls, name, staticmethod(given))

    @property
    def media(self):
        return forms.Media(self.Media)

    # -- what the model has --------------------------------------------------------------------------------------------

    @cached_property
    def _field_names(self):
        return {field.name for field in self.model._meta.get_fields() if field.concrete}

    @property
    def product_model(self):
        return self.model._meta.get_field("product").related_model

    @property
    def has_prices(self):
        return "price" in self._field_names

    @property
    def has_units(self):
        return "unit" in self._field_names

    @property
    def default_currency(self):
        """The currency of a document that does not say."""
        try:
            return self.parent_model._meta.get_field("currency").get_default() or ""
        except FieldDoesNotExist:
            return ""

    def label_of(self, name):
        """The heading of a column."""
        if name in self.labels:
            return str(self.labels[name])
        if name in self._field_names:
            return str(capfirst(self.model._meta.get_field(name).verbose_name))
        attribute = getattr(self, name, None) or getattr(self.model, name, None)
        return str(getattr(attribute, "short_description", "") or capfirst(name.replace("_", " ")))

    # -- rights ----------------------------------------------------------------------------------------------------------

    def may_edit(self, request, document=None):
        """True if the person may change the lines of this document, or of any."""
        if document is None or document.pk is None:
            return any(policy.may(request.user, verb, self.parent_model) for verb in ("add", "change"))
        return not getattr(document, "is_locked", False) and bool(policy.may(request.user, "change", document))

    def has_view_permission(self, request, obj=None):
        subject = obj if obj is not None and obj.pk else self.parent_model
        return bool(policy.may(request.user, "view", subject)) or self.may_edit(request, obj)

    def has_change_permission(self, request, obj=None):
        return self.may_edit(request, obj)

    def has_add_permission(self, request, obj=None):
        return self.may_add_rows and self.may_edit(request, obj)

    def has_delete_permission(self, request, obj=None):
        return self.can_delete and self.may_edit(request, obj)

    def get_fields(self, request, obj=None):
        levels = policy.fields(request.user, self.model, obj)
        return [name for name in self.fields if levels.get(name, policy.WRITE) > policy.HIDE]

    def get_readonly_fields(self, request, obj=None):
        levels = policy.fields(request.user, self.model, obj)
        below = [name for name in self.fields if policy.HIDE < levels.get(name, policy.WRITE) < policy.WRITE]
        return [*self.readonly_fields, *(name for name in below if name not in self.readonly_fields)]

    def entered_fields(self, request, obj=None):
        """The columns a person may type into."""
        if not self.may_edit(request, obj):
            return []
        readonly = self.get_readonly_fields(request, obj)
        return [name for name in self.get_fields(request, obj) if name in self._field_names and name not in readonly]

    # -- the formset -----------------------------------------------------------------------------------------------------

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("product__unit")

    def get_formset(self, request, obj=None, **kwargs):
        entered = self.entered_fields(request, obj)
        own = {}
        if "product" in entered:
            own["product"] = forms.CharField(label=self.label_of("product"), max_length=200, required=False)
        if "amount" in entered:
            own["amount"] = self.model._meta.get_field("amount").formfield(required=False)
        columns = [name for name in entered if name not in COMPUTED and self.model._meta.get_field(name).editable]
        if entered:
            columns += [name for name in HIDDEN if name in self._field_names and (name != "price_source" or "price" in entered)]
        kwargs |= {"fields": columns, "form": type("LineForm", (self.form,), own)}
        formset = super().get_formset(request, obj, **kwargs)
        formset.grid, formset.user, formset.request = self, request.user, request
        formset.is_editable = bool(entered)
        return formset

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        """Plain fields: the grid draws its cells itself."""
        if db_field.is_relation:
            return ChoiceOfRow(self._rows_of(db_field, request), required=not db_field.blank, label=db_field.verbose_name)
        field = db_field.formfield()
        if field is not None and (db_field.name in (*HIDDEN, "unit") or isinstance(db_field, ExactDecimalField)):
            field.required = False  # the form says in its own words what is missing
        return field

    def _rows_of(self, db_field, request):
        return {str(row.pk): row for row in policy.scope(request.user, db_field.related_model)[:500]}

    def currency_decimals(self):
        """{currency: decimals} of those that differ from two."""
        if "currency" not in {field.name for field in self.parent_model._meta.fields}:
            return {}
        model = self.parent_model._meta.get_field("currency").related_model
        return dict(model._default_manager.exclude(decimals=2).values_list("pk", "decimals"))


class LeanFormSet(helpers.InlineAdminFormSet):
    """A grid's formset on the page: its media are known without building a form for every row."""

    @classmethod
    def of(cls, one):
        """The same formset, inline and rights as `one`."""
        rights = {name: getattr(one, name) for name in vars(one) if name.startswith("has_")}
        return cls(one.opts, one.formset, one.fieldsets, one.prepopulated_fields, one.readonly_fields, one.model_admin, **rights)

    @property
    def media(self):
        return self.opts.media

    @property
    def is_collapsible(self):
        return False


class LineGridAdmin:
    """Mixin for the ModelAdmin of a document with grids among its `inlines`; stands before ModelAdmin in the bases."""

    def get_urls(self):
        view = self.admin_site.admin_view
        name = f"{self.opts.app_label}_{self.opts.model_name}_lines"
        own = [
            path("lines/<int:grid>/lookup/", view(require_POST(self.lines_lookup)), name=f"{name}_lookup"),
            path("lines/<int:grid>/search/", view(require_GET(self.lines_search)), name=f"{name}_search"),
        ]
        return own + super().get_urls()

    def lines_lookup(self, request, grid):
        """POST {partner, currency, date, warehouse, items: [{key, text, unit, quantity, price, discount, warehouse}]} → {items}."""
        inline = self._asked_grid(request, grid)
        try:
            data = json.loads(request.body)
        except ValueError:
            data = None
        if not isinstance(data, dict) or not isinstance(data.get("items"), list):
            return HttpResponseBadRequest(_("The request cannot be read."))
        catalogue = Catalogue(inline, request.user)
        return JsonResponse({"items": catalogue.answer(data["items"], Header.posted(data, inline, request.user))})

    def lines_search(self, request, grid):
        """GET ?q=&partner=&currency=&date=&warehouse= → {items}: products that the text may mean."""
        inline = self._asked_grid(request, grid)
        catalogue = Catalogue(inline, request.user)
        return JsonResponse({"items": catalogue.found(request.GET.get("q", "")[:100], Header.posted(request.GET, inline, request.user))})

    def _asked_grid(self, request, number):
        grids = list(self.inlines)
        if number >= len(grids) or not issubclass(grids[number], LineGridInline):
            raise PermissionDenied
        inline = grids[number](self.model, self.admin_site)
        if inline.resolve is None or not inline.may_edit(request):
            raise PermissionDenied
        return inline

    def lines_addresses(self, inline):
        """(look-up address, search address) of one of this screen's grids; empty where nothing can be looked up."""
        if inline.resolve is None or type(inline) not in self.inlines:
            return "", ""
        number = list(self.inlines).index(type(inline))
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_lines"
        return reverse(f"{name}_lookup", args=[number]), reverse(f"{name}_search", args=[number])

    def _build_nested_formsets(self, request, obj, formsets, inline_instances, change):
        """Unfold looks for inlines inside inlines and builds a form for every line to do so; grids have none."""
        others = [
            (formset, inline) for formset, inline in zip(formsets, inline_instances, strict=True) if not isinstance(inline, LineGridInline)
        ]
        if others:
            super()._build_nested_formsets(request, obj, *map(list, zip(*others, strict=True)), change)

    def get_inline_formsets(self, request, formsets, inline_instances, obj=None, **kwargs):
        found = super().get_inline_formsets(request, formsets, inline_instances, obj, **kwargs)
        return [LeanFormSet.of(one) if isinstance(one.opts, LineGridInline) else one for one in found]

    def save_formset(self, request, form, formset, change):
        super().save_formset(request, form, formset, change)
        for notice in getattr(formset, "notices", ()):
            messages.warning(request, notice)
