"""Two people on one record: the form carries, signed, the history rows it was opened on; on saving, field by field is compared."""

from django.core import signing
from django.db.models import Max

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
