"""Filters of lists: chosen by the kind of field, rendered in one bar, never a DISTINCT over the table."""

from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.utils.dateparse import parse_date
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from admin_config.columns import moment_text
from admin_config.forms import KeyPicker
from models.base import policy

# What may stand behind a field in an address. No regular expressions: they can be made to run for ever.
LOOKUPS = {"exact", "in", "isnull", "gte", "gt", "lte", "lt", "year", "month", "icontains", "istartswith"}


class RecordFilter(admin.FieldListFilter):
    """A filter on one field. `control` is its kind of input in the bar; `chosen_text` says what is chosen, "" for nothing."""

    template = "backoffice/filter.html"
    control = ""
    suffixes = ("",)

    def __init__(self, field, request, params, model, model_admin, field_path):
        self.path, self.person, self.screen = field_path, request.user, model_admin
        super().__init__(field, request, params, model, model_admin, field_path)
        self.title = capfirst(field.verbose_name)

    def expected_parameters(self):
        return [f"{self.path}{suffix}" for suffix in self.suffixes]

    def posted(self, suffix=""):
        """The value in the address, "" for none."""
        value = self.used_parameters.get(f"{self.path}{suffix}", "")
        value = value[-1] if isinstance(value, list) and value else value
        return str(value).strip() if value not in (None, []) else ""

    def queryset(self, request, queryset):
        value = self.posted()
        return queryset.filter(**{self.path: self.checked(value)}) if value else queryset

    def checked(self, value):
        """The value as the field understands it. Raises ValidationError."""
        return self.field.to_python(value)

    def has_output(self):
        return True

    def choices(self, changelist):
        return []

    @property
    def name(self):
        return self.path

    @property
    def value(self):
        return self.posted()


class ChoiceFilter(RecordFilter):
    """One of the choices of a field."""

    control = "select"

    @property
    def options(self):
        return [(str(key), str(text)) for key, text in self.field.flatchoices]

    def checked(self, value):
        if value not in dict(self.options):
            raise ValidationError(_("No such choice."))
        return super().checked(value)

    def chosen_text(self):
        return dict(self.options).get(self.value, "")


def listed_filter(choices):
    """A filter on a text whose values a function lists."""

    class ListedFilter(ChoiceFilter):
        @property
        def options(self):
            return [(str(key), str(text)) for key, text in choices()]

    return ListedFilter


class FlagFilter(RecordFilter):
    """Yes or no."""

    control = "select"

    @property
    def options(self):
        return [("1", _("Yes")), ("0", _("No"))]

    def checked(self, value):
        return value in ("1", "True", "true")

    def chosen_text(self):
        return dict(self.options).get(self.value, "")


class DateFilter(RecordFilter):
    """From one day to another, both included."""

    control = "dates"
    suffixes = ("__gte", "__lte")

    def queryset(self, request, queryset):
        for suffix in self.suffixes:
            if value := self.posted(suffix):
                day = parse_date(value)
                if day is None:
                    raise ValidationError(_("Enter a date as 2025-06-30."))
                path = f"{self.path}__date{suffix}" if isinstance(self.field, models.DateTimeField) else f"{self.path}{suffix}"
                queryset = queryset.filter(**{path: day})
        return queryset

    @property
    def start(self):
        return self.posted("__gte")

    @property
    def end(self):
        return self.posted("__lte")

    def chosen_text(self):
        shown = [moment_text(parse_date(value)) if value else "…" for value in (self.start, self.end)]
        return " – ".join(shown) if self.start or self.end else ""


class KeyFilter(RecordFilter):
    """The records that point at one other record: a list where the targets are few, else a search."""

    control = "key"

    @property
    def is_small(self):
        target = self.screen.admin_site._registry.get(self.field.related_model)
        return target is None or getattr(target, "is_small", False)

    @property
    def targets(self):
        rows = policy.scope(self.person, self.field.related_model)
        limit = self.field.get_limit_choices_to()
        return rows.complex_filter(limit) if limit else rows

    @property
    def options(self):
        ordering = self.field.related_model._meta.ordering or ["pk"]
        return [(str(one.pk), str(one)) for one in self.targets.order_by(*ordering)[:200]]

    @property
    def picker(self):
        """The searching input as HTML."""
        widget = KeyPicker(self.field)
        if self.value:
            widget.known[self.value] = self.chosen_text()
        return widget.render(self.path, self.value, {"id": f"filter-{self.path}"})

    def checked(self, value):
        return self.field.target_field.to_python(value)

    def chosen_text(self):
        if not self.value:
            return ""
        if not hasattr(self, "_text"):
            found = self.field.related_model._base_manager.filter(pk=self.checked(self.value)).first()
            self._text = str(found) if found is not None else "?"
        return self._text


def filter_for(model, path):
    """The filter class for a field of a list."""
    field = get_fields_from_path(model, path)[-1]
    if field.is_relation:
        return KeyFilter
    if field.choices:
        return ChoiceFilter
    if isinstance(field, models.BooleanField):
        return FlagFilter
    if isinstance(field, models.DateField):
        return DateFilter
    raise ValueError(f"{model._meta.label}.{path}: no filter for this kind of field; a plain column would be read through.")


def is_lookup(model, lookup):
    """True if a lookup of an address follows fields of the model and ends in nothing but a harmless comparison."""
    parts = lookup.split("__")
    for index, part in enumerate(parts):
        if part == "pk":
            part = model._meta.pk.name
        try:
            field = model._meta.get_field(part)
        except FieldDoesNotExist:
            return index > 0 and index == len(parts) - 1 and part in LOOKUPS
        if field.is_relation:
            model = field.related_model
    return True
