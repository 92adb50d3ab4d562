"""What a cell of a list shows: amounts, quantities, states, moments. The only Python in the product that writes HTML."""

from datetime import datetime
from decimal import Decimal

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils import formats, timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from models.base import policy
from models.base.actor import current_user
from models.base.fields import AmountField, ExactDecimalField, PercentField, PriceField, places_of, trimmed
from models.base.money import round_half_up

NOTHING = "–"
MINUS = "\N{MINUS SIGN}"

# state → (glyph, tone). The glyph, not only the colour, tells the states apart; unknown states are drawn quietly.
STATES = {
    "draft": ("○", "grey"),
    "potential": ("○", "grey"),
    "waiting": ("○", "grey"),
    "ready": ("○", "grey"),
    "not_delivered": ("○", "grey"),
    "awaited": ("○", "grey"),
    "trial": ("○", "grey"),
    "open": ("○", "grey"),
    "pending": ("◐", "blue"),
    "running": ("◐", "blue"),
    "sending": ("◐", "blue"),
    "sent": ("◐", "blue"),
    "picked": ("◐", "blue"),
    "dispatched": ("◐", "blue"),
    "returned": ("!", "orange"),
    "partly": ("!", "orange"),
    "dormant": ("!", "orange"),
    "approved": ("✓", "green"),
    "accepted": ("✓", "green"),
    "converted": ("✓", "green"),
    "delivered": ("✓", "green"),
    "signed": ("✓", "green"),
    "received": ("✓", "green"),
    "active": ("✓", "green"),
    "employed": ("✓", "green"),
    "done": ("✓", "green"),
    "won": ("✓", "green"),
    "closed": ("✓", "grey"),
    "rejected": ("✕", "red"),
    "refused": ("✕", "red"),
    "lost": ("✕", "red"),
    "failed": ("✕", "red"),
    "dead": ("✕", "red"),
    "void": ("⊘", "struck"),
    "withdrawn": ("⊘", "struck"),
    "cancelled": ("⊘", "struck"),
    "left": ("⊘", "struck"),
}
QUIET = ("·", "grey")
LONG = 100  # letters: texts that may take so many get room
UNBROKEN = ("number", "code", "phone", "mobile", "username")


def amount_text(value, currency=None, decimals=None):
    """1,234.50 with the decimals of its currency; a real minus sign; "" for None."""
    if value is None:
        return ""
    places = decimals if decimals is not None else getattr(currency, "decimals", 2)
    text = f"{abs(round_half_up(value, places)):,.{places}f}"
    return MINUS + text if value < 0 else text


def quantity_text(value, least=0, most=None):
    """12.5, not 12.5000; thousands separated; "" for None."""
    if value is None:
        return ""
    whole, _point, fraction = trimmed(abs(value if most is None else round_half_up(value, most)), least).partition(".")
    text = f"{int(whole):,}" + (f".{fraction}" if fraction else "")
    return MINUS + text if value < 0 else text


def field_text(field, value):
    """A decimal as its kind of field reads: amounts with two decimals, prices with two to six, the others without idle zeros."""
    if isinstance(field, AmountField):
        return amount_text(value)
    if isinstance(field, PriceField):
        return quantity_text(value, least=2)
    return quantity_text(value)


def badge_html(state, label):
    """A state as glyph, word and colour."""
    glyph, tone = STATES.get(str(state), QUIET)
    return format_html('<span class="badge tone-{}"><span aria-hidden="true">{}</span> {}</span>', tone, glyph, label)


def flag_html(value):
    """Yes or no, told by a glyph and to screen readers by a word."""
    return format_html(
        '<span class="flag {}" role="img" aria-label="{}">{}</span>', *(("on", _("Yes"), "✓") if value else ("off", _("No"), NOTHING))
    )


def option_html(option):
    """An option of an administrator's list with its colour."""
    if option is None:
        return NOTHING
    return format_html('<span class="option"><i class="dot dot-{}"></i>{}</span>', option.colour, option)


def moment_text(value):
    """A date or moment in the language's own form, the company's time zone."""
    if isinstance(value, datetime):
        return formats.date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")
    return formats.date_format(value, "SHORT_DATE_FORMAT")


class Column:
    """A column: called with a record it answers escaped text. `reads` are the fields it shows; who may not read them has no such column."""

    css = ""

    def __init__(self, name, label=None, *, order=None, reads=None):
        self.name, self.label, self.model = name, label, None
        self.__name__ = name.replace("__", "_")
        self.reads = tuple(reads) if reads is not None else (name,)
        if order or reads is None:
            self.admin_order_field = order or name

    def bound(self, model):
        """This column for a model, whose field gives the heading."""
        column = object.__new__(type(self))
        column.__dict__ |= self.__dict__ | {"model": model}
        if column.label is None:
            column.label = capfirst(self._field(model).verbose_name)
        return column

    def _field(self, model):
        *hops, last = self.name.split("__")
        for hop in hops:
            model = model._meta.get_field(hop).related_model
        return model._meta.get_field(last)

    @property
    def short_description(self):
        return self.label or self.name

    def value(self, record):
        """What the column is about."""
        for hop in self.name.split("__"):
            if record is None:
                return None
            record = getattr(record, hop)
        return record

    def __call__(self, record):
        value = self.value(record)
        return NOTHING if value in (None, "") else conditional_escape(self.shown(record, value))

    def shown(self, record, value):
        return str(value)


class money(Column):
    """An amount in the record's currency, right-aligned; the code stands before it where the currency is not the company's."""

    css = "num"

    def __init__(self, name, label=None, *, currency="currency_id", zero=True, **named):
        super().__init__(name, label, **named)
        self.currency, self.zero = currency, zero

    def shown(self, record, value):
        if not value and not self.zero:
            return NOTHING
        text = amount_text(value)
        code = getattr(record, self.currency, None) if self.currency else None
        if code and code != "CNY":
            text = f"{code} {text}"
        return format_html('<span class="minus">{}</span>', text) if value < 0 else text


class quantity(Column):
    """A quantity without idle zeros, right-aligned."""

    css = "num"

    def shown(self, record, value):
        text = quantity_text(value)
        return format_html('<span class="minus">{}</span>', text) if value < 0 else text


class price(Column):
    """A price with two to six decimals, right-aligned."""

    css = "num"
    places = 2

    def aligned(self, records):
        """This column with as many decimals as the longest of the prices, so that their points stand in one line."""
        column = object.__new__(type(self))
        column.__dict__ |= self.__dict__ | {"places": places_of(map(self.value, records), self.places)}
        return column

    def shown(self, record, value):
        return quantity_text(value, least=self.places)


class percent(Column):
    """A percentage, right-aligned; its heading says that it is one."""

    css = "num"

    def shown(self, record, value):
        return quantity_text(value)


class badge(Column):
    """A state: glyph, word, colour."""

    def shown(self, record, value):
        return badge_html(value, dict(self._field(self.model).flatchoices).get(value, value))


class option(Column):
    """A choice from an option list, with its colour."""

    def shown(self, record, value):
        return option_html(value)


class flag(Column):
    """Yes or no."""

    css = "mid"

    def __call__(self, record):
        return flag_html(self.value(record))


class moment(Column):
    """A date or moment in the language's form."""

    css = "nowrap when"

    def shown(self, record, value):
        return moment_text(value)


class due(moment):
    """A due date; red once it has passed and `while_open` is not zero."""

    def __init__(self, name, label=None, *, while_open=None, **named):
        super().__init__(name, label, **named)
        self.while_open = while_open

    def shown(self, record, value):
        text = moment_text(value)
        is_late = value < timezone.localdate() and (self.while_open is None or getattr(record, self.while_open))
        return format_html('<span class="late"><span aria-hidden="true">✕</span> {}</span>', text) if is_late else text


class text(Column):
    """Plain text, e.g. of a related record: text("product__code"). Numbers and codes are not broken."""

    def bound(self, model):
        column = super().bound(model)
        if _kind_of(column._field(model)) is unbroken:
            column.css = unbroken.css
        return column


class product(Column):
    """A product's name and, quieter, its specification: half a dozen products may share a name."""

    def shown(self, record, value):
        person = current_user()
        may_see = person is None or (policy.may(person, "view", value) and policy.may_see(person, type(value), "specification"))
        specification = value.specification if may_see else ""
        return format_html('{} <span class="quiet">{}</span>', value, specification) if specification else str(value)


class unbroken(Column):
    """Text that is read as one: numbers of documents, codes, phone numbers, names of people."""

    css = "nowrap"


class coded(Column):
    """A code in the words that its model has for it."""

    def __call__(self, record):
        return conditional_escape(self.value(record) or NOTHING)

    def value(self, record):
        *hops, name = self.name.split("__")
        for hop in hops:
            record = getattr(record, hop)
        return record.IN_WORDS[name](getattr(record, name), record)


class number(Column):
    """The number of a document, “Draft 12” before it has one."""

    css = "nowrap"

    def __init__(self, name="number", label=None, **named):
        super().__init__(name, label, **named)

    def __call__(self, record):
        return conditional_escape(record.display_number)


class computed(Column):
    """What a function makes of a record: computed(_("Available"), function, reads=["on_hand", "reserved"], css="num")."""

    def __init__(self, label, function, *, reads, css="", order=None):
        super().__init__(function.__name__.strip("<>_") or "computed", label, order=order, reads=reads)
        self.function, self.css = function, css

    def value(self, record):
        return self.function(record)

    def shown(self, record, value):
        if isinstance(value, Decimal):
            return amount_text(value)
        return value

    def bound(self, model):
        column = object.__new__(type(self))
        column.__dict__ |= self.__dict__ | {"model": model}
        return column


def has_long_texts(field):
    """True for a field of long texts (names of firms and products, addresses, remarks) and for a key to records so named."""
    if field.is_relation:
        names = [one for one in getattr(field.related_model, "_meta", field.model._meta).fields if one.name == "name"]
        return bool(names) and has_long_texts(names[0])
    return isinstance(field, models.TextField) or (getattr(field, "max_length", None) or 0) >= LONG


def column_for(model, name):
    """A name in list_display, or a path such as "product__code", as the column its field asks for; anything else unchanged."""
    if isinstance(name, Column):
        return name.bound(model)
    if not isinstance(name, str) or name in ("__str__", "action_checkbox"):
        return name
    try:
        field = Column(name)._field(model)
    except FieldDoesNotExist:
        return name
    kind = _kind_of(field) or (text if "__" in name else None)
    return kind(name).bound(model) if kind else name


KEY_COLUMNS = {"lowcode.Option": option, "products.Product": product, "org.Employee": unbroken}


def _kind_of(field):
    if field.name in getattr(field.model, "IN_WORDS", {}):
        return coded
    if isinstance(field, AmountField):
        return money
    if isinstance(field, PriceField):
        return price
    if isinstance(field, PercentField):
        return percent
    if isinstance(field, ExactDecimalField):
        return quantity
    if isinstance(field, models.BooleanField):
        return flag
    if isinstance(field, models.DateField):
        return moment
    if field.is_relation and field.related_model._meta.label in KEY_COLUMNS:
        return KEY_COLUMNS[field.related_model._meta.label]
    if field.name in UNBROKEN or field.name.endswith("_number"):
        return unbroken
    return None


def value_html(field, record):
    """A stored value as a fact on a page that only shows: the same texts as in a list."""
    name = field.name
    value = getattr(record, field.attname)
    kind = _kind_of(field)
    if value in (None, "") and kind is not coded:
        return NOTHING
    if kind is not None:
        return kind(name).bound(type(record))(record)
    if name in ("approval", "progress", "status", "state", "outcome"):
        return badge(name).bound(type(record))(record)
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if field.is_relation:
        return conditional_escape(getattr(record, name))
    if isinstance(value, str) and "\n" in value:
        return mark_safe(conditional_escape(value).replace("\n", "<br>"))
    return conditional_escape(value)
