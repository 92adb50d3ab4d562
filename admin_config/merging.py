"""Two people on one record: the form carries, signed, the history rows it was opened on; on saving, field by field is compared."""

from django.core import signing
from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db.models import Max, Model
from django.utils.translation import gettext as _

from models.audit.differences import in_words

BASE = "_base"
SALT = "backoffice.base"


def latest_ids(model, keys):
    """{key: newest history id} of the records. One query."""
    keys = [key for key in keys if key is not None]
    if not keys or getattr(model, "history", None) is None:
        return {}
    name = model._meta.pk.attname
    rows = model.history.filter(**{f"{name}__in": keys}).order_by()
    return {str(key): history_id for key, history_id in rows.values_list(name).annotate(newest=Max("history_id"))}


def signed(groups):
    """The text for the form: {model: keys} as the history rows they stand on now."""
    return signing.dumps({model._meta.label_lower: latest_ids(model, keys) for model, keys in groups.items()}, salt=SALT, compress=True)


def opened_on(text):
    """{model label: {key: history id}} of a posted text; {} where it is missing or forged."""
    if not text:
        return {}
    try:
        return signing.loads(text, salt=SALT)
    except signing.BadSignature:
        return {}


def bases(model, keys, opened):
    """{key: history row the form was opened on} of the records that somebody changed since."""
    then = opened.get(model._meta.label_lower, {})
    now = latest_ids(model, [key for key in keys if str(key) in then])
    moved = {key: then[key] for key, newest in now.items() if then[key] != newest}
    if not moved:
        return {}
    rows = model.history.filter(history_id__in=moved.values())
    return {str(getattr(row, model._meta.pk.attname)): row for row in rows}


def merge(form):
    """Compare what was typed with what the form was opened on (`form.base`) and with what is stored now (`form.instance`).

    What only others changed stays theirs; what both changed to different things is said at the field.
    """
    if form.base is None or form.instance._state.adding:
        return
    for name in list(form.changed_data):
        try:
            field = form.instance._meta.get_field(name)
        except FieldDoesNotExist:
            continue
        if name not in form.cleaned_data or not field.concrete:
            continue
        mine, theirs, base = _raw(form.cleaned_data[name]), getattr(form.instance, field.attname), getattr(form.base, field.attname)
        if base == theirs:
            continue
        if mine == base:
            form.cleaned_data[name] = getattr(form.instance, name)
            form.changed_data.remove(name)
        elif mine != theirs:
            form.add_error(name, conflict(form.instance, field))


def conflict(instance, field):
    """The sentence at a field that two people changed."""
    try:
        theirs = str(getattr(instance, field.name)) if field.is_relation else in_words(field, getattr(instance, field.attname))
    except ObjectDoesNotExist:
        theirs = ""
    who = str(getattr(instance, "changed_by", "") or "")
    return _("%(who)s changed this to “%(value)s” while you were editing. Save again to keep yours.") % {"who": who, "value": theirs}


def _raw(value):
    return value.pk if isinstance(value, Model) else value


class MergedRows:
    """Mixin of a formset: its rows are merged with what others changed meanwhile. `opened`: what `opened_on` says, or None."""

    opened = None

    def full_clean(self):
        if self.is_bound and self.opened:
            rows = bases(self.model, [form.instance.pk for form in self.initial_forms if form.instance.pk], self.opened)
            for form in self.initial_forms:
                form.base = rows.get(str(form.instance.pk))
        super().full_clean()
