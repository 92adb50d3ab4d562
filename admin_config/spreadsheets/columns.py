"""Which columns the spreadsheets of a record type have for a person: the one description that template, export and import share."""

from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace

from django.contrib import admin
from django.db import models
from django.utils import translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from admin_config.spreadsheets.keys import Target, has_column
from admin_config.spreadsheets.values import LANGUAGES, folded
from models.base import policy
from models.base.documents import Document
from models.base.policy import HIDE, READ, WRITE
from models.base.records import Line
from models.org.models import Company

KEY = "id"
SECRET = {"password", "last_login", "search_text", "extra", "price_source"}
COMPUTED = {"number", "approval", "progress", "net", "tax", "gross"}  # exported though nobody types them
COMPUTED_IN_LINES = {"net", "tax", "gross", "delivered", "returned"}
ADMINISTRATORS_ONLY = {"is_superuser"}

# How records are found again where no unique constraint says so.
KEYS = {"customers.contact": ("customer", "name"), "sales.opportunity": ("customer", "name")}


@dataclass
class Column:
    """One column. `name` is "customer", "lines.product", "labels.en" or "id"; `is_computed` columns are exported and never read."""

    name: str
    field: models.Field
    level: int = WRITE
    is_line: bool = False
    is_computed: bool = False
    part: str = ""  # the language of a label
    attribute: str = ""  # the one column by which a key names its target

    @property
    def is_key(self):
        """True for a key to another record."""
        return self.field.is_relation

    @property
    def attname(self):
        return self.field.attname

    @property
    def is_filled_in(self):
        """True if the server finds a value where a line's cell is blank: the product's unit, price, tax rate and exemption."""
        return self.is_line and self.field.name in ("unit", "price", "tax_rate", "is_exempt")

    @property
    def is_required(self):
        """True if a new record needs it."""
        field = self.field
        return not (
            self.part or self.is_computed or self.is_filled_in or field.blank or field.null or field.has_default() or field.primary_key
        )

    def label(self):
        """The heading in the active language."""
        if self.name == KEY:
            return _("record key")
        text = str(self.field.verbose_name)
        if self.part:
            text = f"{text} ({self.part})"
        if self.attribute and self.attribute != "code":
            text = f"{text} ({self.field.related_model._meta.get_field(self.attribute).verbose_name})"
        return text


class Description:
    """The columns of a record type, its lines included, as far as one person may see them."""

    def __init__(self, model, user, screen=None, opened=()):
        """`opened`: fields that this import may set although no form does (the state of effective history)."""
        self.model, self.user, self.opened = model, user, frozenset(opened)
        self.screen = screen if screen is not None else admin.site._registry.get(model)
        self.is_document = issubclass(model, Document)
        self.line_model, self.line_key = lines_of(model)

    # -- rights --------------------------------------------------------------------------------------------------------

    @cached_property
    def _request(self):
        return SimpleNamespace(user=self.user, GET={}, POST={})

    @cached_property
    def is_written_by_hand(self):
        """False for ledgers and journals, which only operations write."""
        return hasattr(self.model, "history") and not getattr(self.model, "APPEND_ONLY", False)

    def _allows(self, verb):
        if not self.is_written_by_hand or not policy.may(self.user, verb, self.model):
            return False
        asked = getattr(self.screen, f"has_{verb}_permission", None)
        return asked is None or bool(asked(self._request))

    @cached_property
    def may_add(self):
        """True if a form could make new ones, in this person's hands."""
        return self._allows("add")

    @cached_property
    def may_change(self):
        """True if a form could change some."""
        return self._allows("change")

    # -- columns -------------------------------------------------------------------------------------------------------

    @cached_property
    def columns(self):
        """All columns, the record's own first, then those of its lines."""
        return [*self._columns_of(self.model), *(self._columns_of(self.line_model) if self.line_model else ())]

    def _columns_of(self, model):
        is_line = model is not self.model
        levels = policy.fields(self.user, model)
        readonly = set(getattr(self.screen, "readonly_fields", ())) if not is_line else set()
        lines_are_fixed = is_line and any(
            field.is_relation and issubclass(field.related_model, Line) and not field.null for field in model._meta.concrete_fields
        )
        known = COMPUTED_IN_LINES if is_line else COMPUTED if self.is_document else {"progress"}
        if is_line and has_column(model, "price"):
            known = known | {"amount"}
        found = [] if is_line else [Column(KEY, model._meta.pk)]
        for field in model._meta.concrete_fields:
            level = levels.get(field.name, HIDE)
            opened = not is_line and field.name in self.opened
            computed = not opened and (field.name in known or field.name in readonly or lines_are_fixed)
            skipped = field.primary_key and field.name == KEY or field.name in SECRET or (is_line and field.name == self.line_key)
            if level < READ or skipped or not (field.editable or computed or opened) or isinstance(field, models.FileField):
                continue
            if field.name in ADMINISTRATORS_ONLY and not self.user.is_superuser:
                level = READ
            found += self._columns_of_field(field, level, is_line, computed)
        return found

    def _columns_of_field(self, field, level, is_line, computed):
        prefix = "lines." if is_line else ""
        if field.name == "labels" and isinstance(field, models.JSONField):
            return [Column(f"{prefix}{field.name}.{code}", field, level, is_line, computed, part=code) for code in LANGUAGES]
        return [Column(f"{prefix}{field.name}", field, level, is_line, computed)]

    @cached_property
    def by_name(self):
        return {column.name: column for column in self.columns}

    def find(self, name):
        """The column of a name; "customer__code" is the key by that one attribute. None for an unknown name."""
        if name in self.by_name:
            return self.by_name[name]
        base, _mark, attribute = name.partition("__")
        column = self.by_name.get(base)
        if column is None or not attribute or not column.is_key or not has_column(column.field.related_model, attribute):
            return None
        return Column(name, column.field, column.level, column.is_line, column.is_computed, attribute=attribute)

    @cached_property
    def shown(self):
        """The columns of a template or export: what the screen declares, else all; always with what finds a record again."""
        declared = [column for name in getattr(self.screen, "spreadsheet", ()) if (column := self.find(name))]
        if not declared:
            if self.key_sets and not self.is_document:
                return [column for column in self.columns if column.name != KEY]
            return self.columns
        names = {column.name.partition("__")[0] for column in declared}
        keys = self.key_sets[0] if self.key_sets and not self.is_document else (KEY,)
        if "company" in keys and Company.objects.count() < 2:  # then nobody wants to see it
            names.add("company")
        missing = [self.by_name[name] for name in keys if name not in names and name in self.by_name]
        return [*missing, *declared]

    @cached_property
    def key_sets(self):
        """[(names of columns)] that find an existing record, the usual one first."""
        model, found = self.model, []
        for constraint in model._meta.constraints:
            if isinstance(constraint, models.UniqueConstraint) and constraint.fields and constraint.condition is None:
                if all(name in self.by_name for name in constraint.fields):
                    found.append(tuple(constraint.fields))
        unique = [field.name for field in model._meta.concrete_fields if field.unique and field.name != KEY]
        found += [(name,) for name in unique if name in self.by_name]
        found.sort(key=lambda names: "code" not in names)
        if model._meta.label_lower in KEYS:
            found.append(KEYS[model._meta.label_lower])
        return found

    @cached_property
    def is_found_by_name(self):
        """True if a unique constraint, and not only the record key, finds a record again."""
        return bool(self.key_sets) and self.model._meta.label_lower not in KEYS

    def target(self, column):
        """The records a key column may point at."""
        return Target(column.field, self.user, column.attribute or None)

    # -- headings ------------------------------------------------------------------------------------------------------

    def heading(self, column):
        """The heading in the active language; a line's column that shares its words with the head's says that it is a line's."""
        label = capfirst(column.label())
        if column.is_line and folded(label) in self._head_labels[translation.get_language()]:
            return f"{capfirst(self.line_model._meta.verbose_name)}: {column.label()}"
        return label

    @cached_property
    def _head_labels(self):
        found = {}
        for language in LANGUAGES:
            with translation.override(language):
                found[language] = {folded(column.label()) for column in self.columns if not column.is_line}
        return found

    @cached_property
    def headings(self):
        """{heading as compared: column}: by name, by words in every language, and by a few usual other words."""
        found = {}
        for column in self.columns:
            for text in (column.name, column.name.removeprefix("lines.")):
                found.setdefault(folded(text.replace(".", " ")), column)
                found.setdefault(folded(text), column)
        for language in LANGUAGES:
            with translation.override(language):
                for column in self.columns:
                    found.setdefault(folded(self.heading(column)), column)
                    found.setdefault(folded(column.label()), column)
        for text, name in SYNONYMS.items():
            if name in self.by_name:
                found.setdefault(text, self.by_name[name])
        return found

    def column_of(self, heading):
        """The column that a heading of a file means, or None."""
        text = folded(heading)
        if text in self.headings:
            return self.headings[text]
        return self.find(str(heading).strip().replace("_id", "")) if "__" in str(heading) else None


SYNONYMS = {
    "zip": "postcode",
    "zip code": "postcode",
    "postal code": "postcode",
    "e mail": "email",
    "mail": "email",
    "telephone": "phone",
    "tel": "phone",
    "address": "street",
    "salesperson": "owner",
    "id": KEY,
}


def lines_of(model):
    """(model of its lines, name of their key to it), or (None, "")."""
    for relation in model._meta.related_objects:
        line = relation.related_model
        if issubclass(line, Line) and line.DOCUMENT_FIELD == relation.field.name:
            return line, relation.field.name
    return None, ""
