"""Template tags of the screens: how a field is shown as a fact."""

from django import template
from django.contrib.admin.utils import lookup_field
from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db import models
from django.forms import CharField, Textarea

from admin_config.columns import NOTHING, has_long_texts, value_html
from admin_config.forms import KeyPicker, LabelsWidget

register = template.Library()
ADDRESS_LENGTH = 300


@register.simple_tag
def fact(readonly):
    """A read-only field as the same text that a list shows."""
    name, record, screen = readonly.field["field"], readonly.form.instance, readonly.model_admin
    if callable(name):
        return name(record)
    try:
        return value_html(record._meta.get_field(name), record)
    except FieldDoesNotExist:
        pass
    try:
        value = lookup_field(name, record, screen)[2]
    except (ObjectDoesNotExist, AttributeError):
        return NOTHING
    return NOTHING if value in (None, "") else value


@register.filter
def is_wide(field):
    """True for what needs the whole width: long texts and labels in several languages."""
    if getattr(field, "is_readonly", False):
        name = field.field["field"]
        try:
            return isinstance(name, str) and isinstance(field.form.instance._meta.get_field(name), models.TextField | models.JSONField)
        except FieldDoesNotExist:
            return False
    return isinstance(field.field.field.widget, Textarea | LabelsWidget)


@register.filter
def is_double(field):
    """True for what needs twice the width of a field: a whole address on one line, the name of a firm beside what finds it."""
    if getattr(field, "is_readonly", False):
        return False
    entered = field.field.field
    if isinstance(entered.widget, KeyPicker):
        return has_long_texts(entered.widget.field)
    return isinstance(entered, CharField) and (entered.max_length or 0) >= ADDRESS_LENGTH


@register.filter
def is_figure(name, screen):
    """True for a column of amounts, quantities or rates; a computed one is what it reads."""
    read = screen.read_by(name) if hasattr(screen, "read_by") else None
    if not read:
        return False
    *hops, last = read[-1].split("__")
    model = screen.model
    for hop in hops:
        model = model._meta.get_field(hop).related_model
    return isinstance(model._meta.get_field(last), models.DecimalField)


@register.simple_tag
def rows_sum(inline):
    """What the rows of an inline add up to, in words, and the patterns of these words for a script; None where nothing is said."""
    tell = getattr(inline.opts, "sum_of", None)
    lines = [form.instance for form in inline.formset.initial_forms]
    return tell(inline.formset.instance, lines) if tell is not None else None


@register.simple_tag
def row_forms(inline):
    """The rows of an inline, the blank one that new rows are copied from, and whether rows may be deleted."""
    rows = list(inline)
    blank = rows.pop() if inline.has_add_permission and rows else None
    return {"rows": rows, "blank": blank, "may_delete": inline.formset.can_delete and inline.has_delete_permission}
