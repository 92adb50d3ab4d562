"""Where the cells of a row come from: a stored line, what was posted, or the defaults of a new one."""

from django.contrib.admin.utils import lookup_field
from django.core.exceptions import ObjectDoesNotExist

from admin_config.linegrid.formset import DEFAULTS

BLANK = "__prefix__"


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
        elif name in ("discount", "is_exempt", "is_gift") or field.choices or field.is_relation:
            value = field.get_default()
        else:
            return ""
        return column.entry_text(value) if column else "" if value is None else str(value)
