"""The columns of a grid: what kind of cell each is, how wide, and how a value reads in it."""

from decimal import Decimal
from functools import cached_property

from django.db import models
from django.utils import formats
from django.utils.html import escape

from admin_config.linegrid.lookup import grouped
from models.base.fields import AmountField, PercentField, PriceField, places_of, trimmed

LEAST_PLACES = {AmountField: 2, PriceField: 2}

# Pixels. A column of numbers grows with its longest one; the description beside the product takes what is left.
WIDTHS = {"product": 120, "unit": 68, "number": 88, "flag": 46, "date": 130, "choice": 110, "text": 96, "percent": 66, "amount": 108}
READ_WIDTHS = {"product": 96, "unit": 52, "number": 60, "flag": 46, "date": 100, "choice": 96, "text": 96, "percent": 56, "amount": 80}
DIGIT, LETTER, PADDING, ROOM_FOR_NAMES, HANDLE, REMOVE = 8.5, 7, 18, 140, 44, 32


class Column:
    """A column: its name, kind (product, unit, number, flag, choice, date, text), heading, and whether it can be typed into."""

    def __init__(self, grid, name, is_entered):
        self.name, self.label, self.is_entered = name, grid.label_of(name), is_entered
        self.html_label = escape(self.label)
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

    @cached_property
    def css(self):
        return f"lg-{self.kind} lg-is-{self.name}"

    def width(self, texts):
        """In pixels, wide enough for the numbers among `texts`."""
        kind = "percent" if isinstance(self.field, PercentField) else "amount" if isinstance(self.field, AmountField) else self.kind
        least = (WIDTHS if self.is_entered else READ_WIDTHS)[kind]
        longest = max(map(len, texts), default=0) if self.kind == "number" else 0
        word = max(map(len, str(self.label).split()), default=0) if self.label.isascii() else 0
        return max(least, round(longest * DIGIT) + PADDING, round(word * LETTER) + PADDING)

    def align(self, values):
        """Give all prices that are read together as many decimals as the longest of them, so that their points stand in one line."""
        if isinstance(self.field, PriceField):
            self.least = places_of((value for value in values if isinstance(value, Decimal)), self.least)

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
