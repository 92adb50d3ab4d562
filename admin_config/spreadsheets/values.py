"""Cells as values, a column at a time: exact or refused with a sentence, never cut or guessed."""

import datetime
import json
import re
import unicodedata
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator
from django.db import models
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from models.base.fields import trimmed

LANGUAGES = [code for code, _name in settings.LANGUAGES]
DEFAULT = object()  # a blank cell of a field that has a default: new rows take it, old rows keep what they have

YES = {"yes", "y", "true", "t", "1", "on", "x", "✓", "✔", "√", "是", "对", "對", "真", "有", "启用", "啟用"}
NO = {"no", "n", "false", "f", "0", "off", "-", "✗", "×", "否", "错", "錯", "假", "无", "無", "不", "停用"}

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)?(\.\d+)?")
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_SHORT_DATE = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?")


class BadCell(Exception):
    """What is wrong with a cell, in words."""


def plain(text):
    """Full-width forms made plain, blanks at the ends and zero-width characters gone."""
    return unicodedata.normalize("NFKC", str(text)).replace("\u200b", "").replace("\ufeff", "").strip()


def folded(text):
    """A text as it is compared: plain, lower case, blanks and joining marks as one space."""
    return " ".join(re.split(r"[\s_\-]+", plain(text).lower())).strip(" *:")


def parse_column(parse, cells, errors, empty):
    """The values of `cells`. `errors` {index: sentence} takes what is wrong; `empty()` gives a blank cell's value or raises BadCell."""
    known, values = {}, []
    for index, raw in enumerate(cells):
        key = (type(raw), raw)
        if key not in known:
            try:
                known[key] = (empty() if raw is None or raw == "" else parse(raw), None)
            except BadCell as bad:
                known[key] = (None, str(bad))
        value, problem = known[key]
        values.append(value)
        if problem is not None:
            errors[index] = problem
    return values


def blank_value(field, *, is_required=None):
    """A function that gives the value of a blank cell of this field, as a form would."""

    def empty():
        if field.has_default() and not field.null and not field.empty_strings_allowed:
            return DEFAULT
        if field.blank and is_required is not True:
            return None if field.null else "" if field.empty_strings_allowed else DEFAULT
        if field.has_default() or isinstance(field, models.BooleanField):
            return DEFAULT
        raise BadCell(_("This must be filled in."))

    return empty


def as_text(raw):
    """A cell as the text a person would have typed."""
    if isinstance(raw, str) and raw.isprintable():
        return raw
    if isinstance(raw, bool):
        return "TRUE" if raw else "FALSE"
    if isinstance(raw, float):
        return trimmed(Decimal(repr(raw)))
    text = str(raw)
    if _CONTROL.search(text):
        raise BadCell(_("It holds characters that cannot be stored."))
    return text


def as_decimal(raw):
    """An exact number from a cell: 1,234.50 · １２ · ¥5 · (500) · 12- · 5%."""
    if isinstance(raw, bool):
        raise BadCell(_("This is not a number."))
    if isinstance(raw, int | float):
        return Decimal(repr(raw))
    text = plain(raw).replace(" ", "").replace("−", "-").replace("–", "-")
    negative = False
    if text.startswith("(") and text.endswith(")"):
        text, negative = text[1:-1], True
    text = text.strip("¥￥$€£").removesuffix("元").removesuffix("%")
    if text.endswith("-"):
        text, negative = text[:-1], True
    if not text or not _NUMBER.fullmatch(text) or not any(character.isdigit() for character in text):
        raise BadCell(_("“%(value)s” is not a number, or it can be read in two ways.") % {"value": str(raw)[:40]})
    try:
        number = Decimal(text.replace(",", ""))
    except InvalidOperation:
        raise BadCell(_("This is not a number.")) from None
    return -number if negative else number


def decimal_parser(field):
    places, digits = field.decimal_places, field.max_digits
    largest = Decimal(10) ** (digits - places)

    def parse(raw):
        number = as_decimal(raw)
        if abs(number) >= largest:
            raise BadCell(_("The number is too large."))
        fitted = number.quantize(Decimal(1).scaleb(-places))
        if fitted != number:
            raise BadCell(_("At most %(places)s decimals.") % {"places": places})
        return fitted

    return parse


def integer_parser(field):
    low, high = models.BigIntegerField.MAX_BIGINT * -1, models.BigIntegerField.MAX_BIGINT
    if isinstance(field, models.PositiveIntegerField | models.PositiveSmallIntegerField | models.PositiveBigIntegerField):
        low = 0
    if not isinstance(field, models.BigIntegerField | models.PositiveBigIntegerField):
        high = 2**15 - 1 if "Small" in type(field).__name__ else 2**31 - 1

    def parse(raw):
        number = as_decimal(raw)
        if number != number.to_integral_value():
            raise BadCell(_("This must be a whole number."))
        if not low <= number <= high:
            raise BadCell(_("The number must lie between %(low)s and %(high)s.") % {"low": low, "high": high})
        return int(number)

    return parse


def parse_boolean(raw):
    """Yes or no in three languages; anything else is refused, not taken for no."""
    if isinstance(raw, bool):
        return raw
    text = folded(raw)
    if text in YES:
        return True
    if text in NO or plain(raw) in NO:
        return False
    raise BadCell(_("“%(value)s” is neither yes nor no.") % {"value": str(raw)[:40]})


def parse_date(raw):
    """A day: ISO, a spreadsheet's serial number, 2025年6月1日; 03/04/2025 is refused, because it can be read in two ways."""
    moment = parse_moment(raw)
    if isinstance(moment, datetime.datetime):
        if moment.time() != datetime.time():
            raise BadCell(_("This is a day without a time."))
        return moment.date()
    return moment


def parse_moment(raw):
    """A date, or a datetime without zone where a time is given."""
    if isinstance(raw, bool):
        raise BadCell(_("This is not a date."))
    if isinstance(raw, int | float):
        return _from_serial(raw)
    text = plain(raw)
    day, _space, rest = text.replace("T", " ").partition(" ")
    date = _day(day)
    if not rest.strip():
        return date
    found = _TIME.fullmatch(rest.strip())
    if not found:
        raise BadCell(_("“%(value)s” is not a time. Write 2025-06-01 14:30.") % {"value": text[:40]})
    try:
        return datetime.datetime.combine(date, datetime.time(int(found[1]), int(found[2]), int(found[3] or 0)))
    except ValueError:
        raise BadCell(_("There is no such time.")) from None


def _from_serial(number):
    if not 1 <= number < 2958466:
        raise BadCell(_("This is not a date."))
    if number == int(number) and number > 19000000:
        return _day(str(int(number)))
    moment = datetime.datetime(1899, 12, 30) + datetime.timedelta(days=float(number))
    moment = (moment + datetime.timedelta(microseconds=500_000)).replace(microsecond=0)
    return moment.date() if moment.time() == datetime.time() else moment


def _day(text):
    found = _DATE.fullmatch(text)
    if found:
        year, month, day = map(int, found.groups())
    elif len(text) == 8 and text.isdecimal():
        year, month, day = int(text[:4]), int(text[4:6]), int(text[6:])
    elif found := _SHORT_DATE.fullmatch(text):
        first, second, year = map(int, found.groups())
        if first <= 12 and second <= 12 and first != second:
            raise BadCell(_("“%(value)s” can be read in two ways. Write it as 2025-06-01.") % {"value": text[:40]})
        month, day = (first, second) if first <= 12 else (second, first)
    else:
        raise BadCell(_("“%(value)s” is not a date. Write it as 2025-06-01.") % {"value": text[:40]})
    try:
        return datetime.date(year, month, day)
    except ValueError:
        raise BadCell(_("There is no such day.")) from None


def parse_datetime(raw):
    """A moment in the business's time zone."""
    moment = parse_moment(raw)
    if not isinstance(moment, datetime.datetime):
        moment = datetime.datetime.combine(moment, datetime.time())
    return timezone.make_aware(moment)


def parse_json(raw):
    try:
        return json.loads(as_text(raw))
    except (ValueError, RecursionError):
        raise BadCell(_("This is not valid JSON.")) from None


@lru_cache(maxsize=512)
def choice_texts(field):
    """{text as compared: value} of a field's choices: the values, and their labels in every language."""
    texts = {}
    for language in LANGUAGES:
        with translation.override(language):
            for value, label in field.flatchoices:
                texts.setdefault(folded(label), value)
    return texts | {folded(value): value for value, _label in field.flatchoices}


def choice_parser(field):
    texts = choice_texts(field)

    def parse(raw):
        text = folded(as_text(raw))
        if text not in texts:
            allowed = ", ".join(str(label) for _value, label in field.flatchoices[:12])
            raise BadCell(_("“%(value)s” is not one of: %(allowed)s.") % {"value": str(raw)[:40], "allowed": allowed})
        return texts[text]

    return parse


def text_parser(field):
    longest = field.max_length
    skipped = (MaxLengthValidator, ProhibitNullCharactersValidator)
    validators = [check for check in field.validators if not isinstance(check, skipped)]

    def parse(raw):
        text = as_text(raw)
        if longest is not None and len(text) > longest:
            raise BadCell(_("At most %(longest)s characters, there are %(length)s.") % {"longest": longest, "length": len(text)})
        for check in validators:
            try:
                check(text)
            except ValidationError as error:
                raise BadCell(" ".join(error.messages)) from None
        return text

    return parse


def parser_of(field):
    """The function that turns a cell that is not blank into a value of this field, or raises BadCell."""
    if field.choices:
        return choice_parser(field)
    if isinstance(field, models.BooleanField):
        return parse_boolean
    if isinstance(field, models.DecimalField):
        return decimal_parser(field)
    if isinstance(field, models.IntegerField):
        return integer_parser(field)
    if isinstance(field, models.DateTimeField):
        return parse_datetime
    if isinstance(field, models.DateField):
        return parse_date
    if isinstance(field, models.JSONField):
        return parse_json
    if isinstance(field, models.UUIDField):
        return uuid_parser
    return text_parser(field)


def uuid_parser(raw):
    import uuid

    try:
        return uuid.UUID(as_text(raw))
    except ValueError:
        raise BadCell(_("This is not a key.")) from None


def written(value):
    """A value as the cell of an export: what `parser_of` reads back to the same value."""
    if isinstance(value, datetime.datetime):
        return timezone.localtime(value).replace(tzinfo=None, microsecond=0) if timezone.is_aware(value) else value
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if value is None:
        return ""
    return value
