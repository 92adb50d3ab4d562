"""The rows of a grid as HTML, written by hand: 200 rows through widget templates take a second, so 30 ms.

Cells come from the stored line on a fresh page and from the posted text after an error. Everything is escaped here.
"""

from decimal import Decimal
from functools import cached_property

from django.core.exceptions import FieldDoesNotExist
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from admin_config.linegrid.columns import HANDLE, REMOVE, ROOM_FOR_NAMES, Column
from admin_config.linegrid.formset import ChoiceOfRow
from admin_config.linegrid.lookup import Header, grouped
from admin_config.linegrid.rows import New, Posted, Stored
from admin_config.linegrid.words import texts
from models.base import policy
from models.base.fields import trimmed

HEADER_FIELDS = ("date", "currency", "rate", "warehouse", "prices_include_tax", "discount", "allowance")
GREY = ("available", "last", "margin", "cost")


class Grid:
    """Everything the template shows of one formset."""

    def __init__(self, admin_formset):
        self.inline, self.formset = admin_formset.opts, admin_formset.formset
        self.admin = admin_formset.model_admin
        self.request, self.document = self.formset.request, self.formset.instance
        document = self.document if self.document.pk else None
        self.may_add = bool(admin_formset.has_add_permission) and self.formset.is_editable
        self.may_delete = bool(admin_formset.has_delete_permission and self.formset.can_delete) and self.formset.is_editable
        self.entered = set(self.inline.entered_fields(self.request, document)) if self.formset.is_editable else set()
        self.all_columns = [Column(self.inline, name, name in self.entered) for name in self.inline.get_fields(self.request, document)]
        self.levels = policy.fields(self.request.user, self.inline.model)
        self.catalogue = self.formset.catalogue
        self.words = texts()

    @cached_property
    def columns(self):
        """The columns shown. On a page to read, one in which nothing stands is left out."""
        if self.is_editable:
            return self.all_columns
        for one in self.all_columns:
            one.align(row.value(one) for row in self._sources)
        return [one for one in self.all_columns if one.kind in ("product", "unit", "number") or any(self._texts(one))]

    def _texts(self, column):
        if column.is_entered:
            return [row.entry(column.name, column) for row in self._sources]
        return [self._shown(row, column) for row in self._sources]

    @property
    def prefix(self):
        return self.formset.prefix

    @property
    def management_form(self):
        """Django's counters. Not `formset.management_form` in the template: a template looks there for a form of that index first."""
        return self.formset.management_form

    @property
    def heading(self):
        return self.inline.verbose_name_plural

    @property
    def is_editable(self):
        return bool(self.entered)

    @cached_property
    def first_entered(self):
        """The name of the first column that can be typed into."""
        return next((column.name for column in self.columns if column.is_entered), "")

    @property
    def may_pick(self):
        return self.may_add and "product" in self.entered and self.inline.resolve is not None

    @property
    def has_amounts(self):
        return "amount" in {column.name for column in self.columns}

    @property
    def has_quantities(self):
        return "quantity" in {column.name for column in self.columns}

    @property
    def least_width(self):
        """Below this many pixels the table scrolls sideways."""
        edges = HANDLE + (REMOVE if self.is_editable else 0)
        return sum(width or ROOM_FOR_NAMES for width in self.widths) + edges

    @cached_property
    def widths(self):
        """Of the columns from left to right; None for the description, which takes the rest."""
        found = []
        for column in self.columns:
            found.append(column.width(self._texts(column)))
            if column.kind == "product":
                found.append(None)
        return found

    @property
    def config_id(self):
        return f"{self.prefix}-linegrid"

    @property
    def count(self):
        return len(self._sources)

    @property
    def is_empty(self):
        return not self._sources and not self.may_add

    @property
    def totals(self):
        """The stored sums as text, for a page to read; the script counts anew."""
        sums = {name: grouped(trimmed(getattr(self.document, name), 2)) for name in ("net", "tax", "gross") if self.has_amounts}
        if self.has_quantities:
            sums["quantity"] = grouped(trimmed(sum((row.line.quantity or 0 for row in self._sources), Decimal(0))))
        return sums

    @property
    def errors(self):
        """What is wrong with the lines as a whole."""
        return self.formset.non_form_errors() if self.formset.is_bound else ()

    # -- rows ------------------------------------------------------------------------------------------------------------

    @cached_property
    def _sources(self):
        """The rows to draw, in order: forms after an error, else the stored lines."""
        if not (self.formset.is_bound and self.is_editable):
            return [Stored(self, f"{self.prefix}-{index}", line) for index, line in enumerate(self.formset.get_queryset())]
        rows = [Posted(self, form) for form in self.formset.forms]
        return sorted(rows, key=lambda row: row.position)

    @cached_property
    def beside(self):
        products = [row.product for row in self._sources if row.product is not None]
        self.catalogue.load_units(products)
        return self.catalogue.beside(products, self.header) if products and self.is_editable else {}

    @property
    def rows(self):
        """All rows of the table body."""
        return mark_safe("".join(self._row(source, index) for index, source in enumerate(self._sources, 1)))

    @property
    def blank(self):
        """The row that new ones are made of."""
        return mark_safe(self._row(New(self), 0)) if self.may_add else ""

    def _row(self, row, number):
        marks = (" data-new" if row.is_new else "") + (" hidden" if row.is_deleted else "")
        parts = [f'<tr class="lg-row"{marks}>', self._handle(row, number)]
        for column in self.columns:
            parts.append(self._cell(row, column))
            if column.kind == "product":
                parts.append(self._goods(row))
        if self.is_editable:
            parts.append(self._remove(row))
        return "".join([*parts, "</tr>"])

    def _handle(self, row, number):
        hidden = "".join(
            f'<input type="hidden" name="{row.prefix}-{name}" value="{escape(row.entry(name))}" data-name="{name}">'
            for name in self._carried
        )
        if not self.is_editable:
            return f'<td class="lg-handle"><span class="lg-position">{number}</span>{hidden}</td>'
        label = self._menu_label
        return (
            f'<td class="lg-handle"><button type="button" class="lg-position" draggable="true" aria-haspopup="menu" tabindex="-1"'
            f' title="{label}" aria-label="{label}">{number or ""}</button>{hidden}</td>'
        )

    @cached_property
    def _menu_label(self):
        return escape(_("Row menu"))

    @cached_property
    def _carried(self):
        names = [self.inline.model._meta.pk.name]
        if self.is_editable:
            fields = self.formset.empty_form.fields
            names += [name for name in ("position", "price_source") if name in fields]
        return names

    def _remove(self, row):
        if not self.may_delete and not row.is_new:
            return '<td class="lg-delete"></td>'
        label = escape(self.words["delete"])
        value = "on" if row.is_deleted else ""
        return (
            f'<td class="lg-delete"><button type="button" class="lg-remove" tabindex="-1" title="{label}" aria-label="{label}">×</button>'
            f'<input type="hidden" name="{row.prefix}-DELETE" value="{value}" data-name="DELETE"></td>'
        )

    def _goods(self, row):
        """Name and specification, and in grey what is left, what was paid last, what it costs and brings."""
        product = row.product
        side = self.beside.get(product.pk, {}) | self._earned(row) if product is not None else {}
        name, specification = (product.name, product.specification) if product is not None else ("", "")
        grey = escape(" · ".join(self.words[key].format(**side[key]) for key in GREY if side.get(key)))
        full, name, specification = escape(f"{name} {specification}".strip()), escape(name), escape(specification)
        return (
            f'<td class="lg-goods"><div class="lg-name" title="{full}"><span>{name}</span> <small>{specification}</small></div>'
            f'<div class="lg-beside" title="{grey}">{grey}</div></td>'
        )

    def _earned(self, row):
        line = row.line
        if not self.catalogue.shows_cost or getattr(line, "price", None) is None or line.discount is None or line.tax_rate is None:
            return {}
        entered = (Decimal(0) if line.is_gift else line.price), line.discount, line.tax_borne
        return self.catalogue.earned(row.product, line.factor, entered, self.header, line.cost)

    @cached_property
    def header(self):
        return Header.of(self.document, self.inline)

    def _cell(self, row, column):
        label = column.html_label
        errors = row.errors(column.name)
        if not column.is_entered:
            text = self._shown(row, column)
            minus = " lg-minus" if text.startswith("-") else ""
            return f'<td class="{column.css} lg-fixed{minus}" data-label="{label}" data-name="{column.name}">{escape(text)}</td>'
        state, message = "", ""
        if errors:
            key = f"{row.prefix}-{column.name}-error"
            state = f' aria-invalid="true" aria-describedby="{key}"'
            message = f'<div class="lg-error" id="{key}">{escape(" ".join(errors))}</div>'
        common = (
            f'name="{row.prefix}-{column.name}" id="id_{row.prefix}-{column.name}" data-name="{column.name}" aria-label="{label}"{state}'
        )
        control = getattr(self, f"_{column.kind}_control", self._text_control)(row, column, common)
        wrong = " lg-wrong" if errors else ""
        return f'<td class="{column.css}{wrong}" data-label="{label}">{control}{message}</td>'

    def _shown(self, row, column):
        value = row.value(column)
        is_masked = self.levels.get(column.name, policy.WRITE) == policy.MASK
        return policy.masked(value) if is_masked else column.shown_text(value)

    def _text_control(self, row, column, common):
        return f'<input {common} value="{escape(row.entry(column.name, column))}" autocomplete="off">'

    def _number_control(self, row, column, common):
        return f'<input {common} value="{escape(row.entry(column.name, column))}" autocomplete="off" inputmode="decimal">'

    def _date_control(self, row, column, common):
        return f'<input type="date" {common} value="{escape(row.entry(column.name, column))}">'

    def _flag_control(self, row, column, common):
        checked = " checked" if row.entry(column.name, column) in ("True", "on", "true", "1") else ""
        return f'<input type="checkbox" {common}{checked}>'

    def _product_control(self, row, column, common):
        return (
            f'<input {common} value="{escape(row.entry("product"))}" autocomplete="off" autocapitalize="off" spellcheck="false"'
            f' enterkeyhint="next" role="combobox" aria-autocomplete="list" aria-expanded="false" aria-controls="lg-list">'
        )

    def _unit_control(self, row, column, common):
        chosen = row.entry("unit")
        names = [unit.name for unit in self.catalogue.units(row.product)] if row.product is not None else []
        if chosen and chosen not in names:
            names.append(chosen)
        return f"<select {common}>{_options(((name, name) for name in names), chosen)}</select>"

    def _choice_control(self, row, column, common):
        field = self.formset.form.base_fields[column.name]
        if isinstance(field, ChoiceOfRow):
            choices = [("", ""), *((key, str(one)) for key, one in field.rows.items())]
        else:
            choices = field.choices
        return f"<select {common}>{_options(choices, row.entry(column.name, column))}</select>"

    # -- configuration ---------------------------------------------------------------------------------------------------

    @property
    def config(self):
        """What the script must know, as JSON."""
        lookup, search = self.admin.lines_addresses(self.inline) if hasattr(self.admin, "lines_addresses") else ("", "")
        document, token = self.document, self.inline.token_field
        return {
            "prefix": self.prefix,
            "lookup": lookup,
            "search": search,
            "columns": [
                {"name": one.name, "kind": one.kind, "label": one.label, "entered": one.is_entered, "least": one.least}
                for one in self.columns
            ],
            "mayAdd": self.may_add,
            "mayDelete": self.may_delete,
            "mostRows": self.inline.most_rows,
            "bound": self.formset.is_bound,
            "partner": self.inline.partner_field,
            "header": self._header_values,
            "currencies": self.inline.currency_decimals() if self.has_amounts else {},
            "token": {"name": token, "value": self.formset.data.get(token, "") if self.formset.is_bound else ""},
            "draft": {
                "user": str(self.request.user.pk),
                "document": f"{document._meta.label_lower}:{document.pk or 'new'}",
                "version": str(getattr(document, "changed_at", "")) if document.pk else "",
            },
            "texts": self.words,
        }

    @property
    def _header_values(self):
        """The header as stored, for fields that the form shows as text."""
        values = {}
        for name in (self.inline.partner_field, *HEADER_FIELDS):
            try:
                field = self.document._meta.get_field(name)
            except FieldDoesNotExist:
                continue
            value = getattr(self.document, field.attname)
            if isinstance(value, bool) or value is None:
                values[name] = value
            else:
                values[name] = trimmed(value) if isinstance(value, Decimal) else str(value)
        return values


def _options(choices, chosen):
    return "".join(
        f'<option value="{escape(value)}"{" selected" if str(value) == chosen else ""}>{escape(text)}</option>' for value, text in choices
    )
