"""The rows of a grid as HTML, written by hand: 200 rows through widget templates take a second, so 30 ms.

Cells come from the stored line on a fresh page and from the posted text after an error. Everything is escaped here.
"""

from decimal import Decimal
from functools import cached_property

from django.contrib.admin.utils import lookup_field
from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.utils import formats
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from admin_config.linegrid.formset import DEFAULTS, ChoiceOfRow
from admin_config.linegrid.lookup import Header
from models.base import policy
from models.base.fields import AmountField, PercentField, PriceField, trimmed

BLANK = "__prefix__"
LEAST_PLACES = {AmountField: 2, PriceField: 2}
WIDTHS = {"product": 120, "unit": 68, "number": 88, "flag": 46, "date": 130, "choice": 110, "text": 96}
NARROW, WIDE, ROOM_FOR_NAMES, EDGES = 66, 108, 160, 44 + 32
HEADER_FIELDS = ("date", "currency", "warehouse", "prices_include_tax", "discount", "allowance")


def texts():
    """What the script says, in the person's language."""
    return {
        "available": _("Available {quantity} {unit}"),
        "last": _("last {price}/{unit} on {date}"),
        "rule": _("Price by: {rule}"),
        "below_floor": _("Below the floor price: needs approval."),
        "no_price": _("No price found. Enter one."),
        "not_found": _("No product “{text}”. F7 looks it up."),
        "several": _("“{text}” fits several products. Choose one."),
        "not_a_number": _("This is not a number."),
        "deleted": _("Row {row} deleted."),
        "undo": _("Undo"),
        "pasted": _("{count} rows pasted: {columns}."),
        "added": _("{count} products added."),
        "scanned": _("{product}: now {quantity}."),
        "too_many": _("A document holds at most {count} lines; {rest} were left out."),
        "unreachable": _("The server does not answer. Keep typing: codes and prices are checked when you save."),
        "saved_here": _("Kept on this computer at {time}"),
        "not_kept": _("This browser keeps no drafts: save before you leave."),
        "draft": _("Unsaved entries from {time}, {count} lines."),
        "draft_outdated": _("The document was changed since."),
        "restore": _("Restore"),
        "discard": _("Discard"),
        "move_up": _("Move up"),
        "move_down": _("Move down"),
        "insert": _("Insert row above"),
        "copy_down": _("Copy from the row above"),
        "delete": _("Delete row"),
        "nothing_found": _("Nothing found."),
        "lines": _("{count} lines"),
    }


class Column:
    """A column: its name, kind (product, unit, number, flag, choice, date, text), heading, and whether it can be typed into."""

    def __init__(self, grid, name, is_entered):
        self.name, self.label, self.is_entered = name, grid.label_of(name), is_entered
        self.field = grid.model._meta.get_field(name) if name in grid._field_names else None
        self.kind = self._kind()
        self.least = next((places for kind, places in LEAST_PLACES.items() if isinstance(self.field, kind)), 0)

    def _kind(self):
        if self.name in ("product", "unit"):
            return self.name
        if isinstance(self.field, models.DecimalField | models.IntegerField):
            return "number"
        if isinstance(self.field, models.BooleanField):
            return "flag"
        if self.field is not None and (self.field.is_relation or self.field.choices):
            return "choice"
        return "date" if isinstance(self.field, models.DateField) else "text"

    @property
    def css(self):
        return f"lg-{self.kind} lg-is-{self.name}"

    @property
    def width(self):
        """In pixels; the description beside the product takes what is left."""
        if isinstance(self.field, PercentField):
            return NARROW
        return WIDE if isinstance(self.field, AmountField) else WIDTHS[self.kind]

    def entry_text(self, value):
        """A value as it stands in an input."""
        if value is None:
            return ""
        if isinstance(value, Decimal):
            text = trimmed(value, self.least)
            return grouped(text) if self.name == "amount" else text
        return str(getattr(value, "pk", value))

    def shown_text(self, value):
        """A value as it is read."""
        if value is None or value == "":
            return ""
        if isinstance(value, bool):
            return "✓" if value else ""
        if isinstance(value, Decimal):
            return grouped(trimmed(value, self.least))
        return formats.localize(value) if hasattr(value, "year") else str(value)


def grouped(text):
    """1234.5 as 1,234.5."""
    whole, point, fraction = text.partition(".")
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{int(whole.lstrip('-') or 0):,}{point}{fraction}"


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
        self.columns = [Column(self.inline, name, name in self.entered) for name in self.inline.get_fields(self.request, document)]
        self.levels = policy.fields(self.request.user, self.inline.model)
        self.catalogue = self.formset.catalogue
        self.words = texts()

    @property
    def prefix(self):
        return self.formset.prefix

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
        return sum(column.width for column in self.columns) + ROOM_FOR_NAMES + EDGES

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
        return self.catalogue.beside(products, Header.of(self.document, self.inline)) if products and self.is_editable else {}

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
        label = escape(_("Row menu"))
        return (
            f'<td class="lg-handle"><button type="button" class="lg-position" draggable="true" aria-haspopup="menu" tabindex="-1"'
            f' title="{label}" aria-label="{label}">{number or ""}</button>{hidden}</td>'
        )

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
        """Name and specification, and in grey what is left and what was paid last."""
        product = row.product
        side = self.beside.get(product.pk, {}) if product is not None else {}
        name, specification = (product.name, product.specification) if product is not None else ("", "")
        grey = escape(" · ".join(self.words[key].format(**side[key]) for key in ("available", "last") if side.get(key)))
        return (
            f'<td class="lg-goods"><div class="lg-name"><span>{escape(name)}</span> <small>{escape(specification)}</small></div>'
            f'<div class="lg-beside" title="{grey}">{grey}</div></td>'
        )

    def _cell(self, row, column):
        label = escape(column.label)
        errors = row.errors(column.name)
        if not column.is_entered:
            text = policy.masked(row.value(column)) if self._is_masked(column) else column.shown_text(row.value(column))
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

    def _is_masked(self, column):
        return self.levels.get(column.name, policy.WRITE) == policy.MASK

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
            except LookupError:
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


class Stored:
    """A row drawn from a stored line."""

    is_new = is_deleted = False

    def __init__(self, grid, prefix, line):
        self.grid, self.prefix, self.line = grid, prefix, line
        self.product = line.product

    def value(self, column):
        """What a cell shows: of the inline's own method, of the line, in words where it is a choice."""
        if column.field is None:
            return lookup_field(column.name, self.line, self.grid.inline)[2]
        if column.field.choices:
            return getattr(self.line, f"get_{column.name}_display")()
        if column.kind == "product":
            return self.product.code
        try:
            return getattr(self.line, column.name)
        except ObjectDoesNotExist:
            return None

    def entry(self, name, column=None):
        """The text of an input."""
        if name == "product":
            return self.product.code
        field = self.line._meta.get_field(name)
        value = getattr(self.line, field.attname)
        return column.entry_text(value) if column else "" if value is None else str(value)

    def errors(self, name):
        return ()


class Posted(Stored):
    """A row drawn from what was posted, with its errors."""

    def __init__(self, grid, form):
        self.grid, self.form, self.prefix, self.line, self.product = grid, form, form.prefix, form.instance, form.chosen
        self.is_new = form.instance._state.adding
        self.is_deleted = bool(form.posted("DELETE"))

    @property
    def position(self):
        text = self.form.posted("position")
        return int(text) if text.isdecimal() else 10**9

    def entry(self, name, column=None):
        if name in self.form.fields:
            return str(self.form.data.get(self.form.add_prefix(name)) or "")
        return super().entry(name, column) if self.line.pk else ""

    def value(self, column):
        return super().value(column) if self.line.pk else None

    def errors(self, name):
        """What is wrong with a cell; what belongs to no cell that can be typed into stands at the first one."""
        found = self.form.errors.get(name, [])
        if name != self.grid.first_entered:
            return found
        return [
            *found,
            *(message for other, messages in self.form.errors.items() if other not in self.grid.entered for message in messages),
        ]


class New(Stored):
    """The blank row, with the defaults of the model."""

    is_new = True

    def __init__(self, grid):
        self.grid, self.prefix, self.product = grid, f"{grid.prefix}-{BLANK}", None
        self.line = grid.inline.model()

    def value(self, column):
        return None

    def entry(self, name, column=None):
        if name == "product":
            return ""
        field = self.line._meta.get_field(name)
        if name in DEFAULTS and name != "tax_rate":
            value = DEFAULTS[name]
        elif name in ("discount", "is_gift") or field.choices or field.is_relation:
            value = field.get_default()
        else:
            return ""
        return column.entry_text(value) if column else "" if value is None else str(value)
