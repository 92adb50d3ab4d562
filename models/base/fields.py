"""Exact decimals on both databases: numeric on PostgreSQL, scaled integers on SQLite, sums and conditional updates included.

SQLite computes decimals as floats: three sales of 0.1 out of 0.3 fail and large amounts lose cents. A float column, or a plain
DecimalField, for money or quantity fails a system check.
"""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from django import forms
from django.core import exceptions
from django.db import models
from django.db.models import ForeignKey, Value
from django.db.models.expressions import Combinable, _connector_combinators
from django.utils.translation import gettext_lazy as _


class ExactDecimalField(models.DecimalField):
    """A Decimal with a fixed number of places, stored and added exactly on PostgreSQL and SQLite."""

    MAX_DIGITS = 18
    PLACES = None

    def __init__(self, verbose_name=None, name=None, max_digits=None, decimal_places=None, **kwargs):
        places = self.PLACES if decimal_places is None else decimal_places
        super().__init__(verbose_name, name, max_digits=max_digits or self.MAX_DIGITS, decimal_places=places, **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        if kwargs.get("max_digits") == self.MAX_DIGITS:
            del kwargs["max_digits"]
        if kwargs.get("decimal_places") == self.PLACES:
            del kwargs["decimal_places"]
        return name, path, args, kwargs

    def value(self, number):
        """`number` as an expression that keeps this field's scale."""
        return Value(number, output_field=self)

    def get_internal_type(self):
        return "ExactDecimalField"

    def db_type(self, connection):
        return "bigint" if connection.vendor == "sqlite" else f"numeric({self.max_digits}, {self.decimal_places})"

    def cast_db_type(self, connection):
        return self.db_type(connection)

    def get_db_prep_value(self, value, connection, prepared=False):
        if not prepared:
            value = self.get_prep_value(value)
        if value is None or hasattr(value, "as_sql"):
            return value
        if connection.vendor != "sqlite":
            return value
        scaled = (Decimal(value) * self._scale).to_integral_value(rounding=ROUND_HALF_UP)
        if abs(scaled) >= 2**63:
            raise exceptions.ValidationError(_("“%(value)s” is too large."), params={"value": value})
        return int(scaled)

    def get_db_prep_save(self, value, connection):
        return value if hasattr(value, "as_sql") else self.get_db_prep_value(value, connection)

    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        if isinstance(value, Decimal) and not value.is_finite():
            raise exceptions.ValidationError(self.error_messages["invalid"], code="invalid", params={"value": value})
        return value

    def to_python(self, value):
        if isinstance(value, float):
            raise exceptions.ValidationError(_("A float is not exact; give a decimal or text."))
        try:
            return super().to_python(value)
        except InvalidOperation:
            raise exceptions.ValidationError(self.error_messages["invalid"], code="invalid", params={"value": value}) from None

    @property
    def _scale(self):
        return Decimal(10) ** self.decimal_places

    def from_db_value(self, value, expression, connection):
        if value is None or isinstance(value, Decimal):
            return value
        return Decimal(value).scaleb(-self.decimal_places)

    def formfield(self, **kwargs):
        return super(models.DecimalField, self).formfield(
            **{"form_class": TrimmedDecimalField, "max_digits": self.max_digits, "decimal_places": self.decimal_places, **kwargs}
        )


class TrimmedDecimalField(forms.DecimalField):
    """A form field that shows 12.5 for 12.500000 and accepts full-width digits and thousands separators."""

    _FULL_WIDTH = str.maketrans("０１２３４５６７８９．－，", "0123456789.-,")

    def to_python(self, value):
        if isinstance(value, str):
            value = value.translate(self._FULL_WIDTH).replace(",", "").replace(" ", "").lstrip("¥￥")
        return super().to_python(value)

    def prepare_value(self, value):
        return trimmed(value) if isinstance(value, Decimal) else value


def trimmed(number, least=0):
    """A Decimal as plain text without trailing zeros beyond `least` places."""
    text = format(number, "f")
    if "." not in text:
        return text + ("." + "0" * least if least else "")
    whole, fraction = text.split(".")
    fraction = fraction.rstrip("0").ljust(least, "0")
    return whole + ("." + fraction if fraction else "")


def places_of(values, least=0):
    """As many decimals as the longest of some numbers has, idle zeros aside; None among them does not count."""
    return max([least, *(len(trimmed(value).partition(".")[2]) for value in values if value is not None)])


class AmountField(ExactDecimalField):
    """Money in the currency named beside it; three places hold every currency, each is rounded to its own."""

    description = _("Amount")
    PLACES = 3


class QuantityField(ExactDecimalField):
    """A quantity in the unit named beside it."""

    description = _("Quantity")
    PLACES = 4


class PriceField(ExactDecimalField):
    """A price per unit in the currency named beside it."""

    description = _("Price")
    PLACES = 6


class RateField(ExactDecimalField):
    """An exchange rate or conversion factor."""

    description = _("Rate")
    PLACES = 10


class PercentField(ExactDecimalField):
    """A percentage: 100 is the whole."""

    description = _("Percentage")
    MAX_DIGITS = 9
    PLACES = 4


# a + b of one exact kind keeps the kind. Django would answer a plain DecimalField, whose scale nobody knows.
for _kind in (AmountField, QuantityField, PriceField, RateField, PercentField):
    for _connector in (Combinable.ADD, Combinable.SUB):
        _connector_combinators[_connector].insert(0, (_kind, _kind, _kind))


class OptionField(ForeignKey):
    """A choice from an administrator's option list, e.g. OptionField("customer_type")."""

    def __init__(self, option_list=None, verbose_name=None, **kwargs):
        self.option_list = option_list
        kwargs.setdefault("to", "lowcode.Option")
        kwargs.setdefault("on_delete", models.PROTECT)
        kwargs.setdefault("null", True)
        kwargs.setdefault("blank", True)
        kwargs.setdefault("related_name", "+")
        if option_list:
            kwargs.setdefault("limit_choices_to", {"option_list__code": option_list, "is_active": True})
        super().__init__(verbose_name=verbose_name, **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("limit_choices_to", None)
        return name, "django.db.models.ForeignKey", args, kwargs
