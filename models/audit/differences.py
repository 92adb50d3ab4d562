"""What was changed, in words: the versions of a record with the lines of a document merged in, from a fixed number of queries."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import models
from django.utils import formats, timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from models.audit.models import ChangeSet
from models.base.triggers import STAMPS

NOT_TOLD = {*STAMPS, "id", "created_at", "created_by", "changed_at", "changed_by"}


@dataclass(frozen=True)
class Change:
    """One field before and after, as people read it."""

    field_name: str
    label: str
    before: str
    after: str


@dataclass
class Version:
    """One recorded change of the record, or of one of its lines (then `record` names the line)."""

    history_id: int
    at: datetime
    operation: str
    user_id: int | None = None
    user_label: str = ""
    changeset: UUID | None = None
    kind: str = ""
    kind_label: str = ""
    reason: str = ""
    record: str = ""
    model: type | None = None
    changes: list = field(default_factory=list)

    @property
    def operation_label(self):
        return {"+": _("Added"), "~": _("Changed"), "-": _("Deleted")}[self.operation]


def versions(obj):
    """The versions of a record, oldest first, its lines included. The number of queries depends on its kinds of keys only."""
    pairs = _neighbours(type(obj).history.filter(**{obj._meta.pk.attname: obj.pk}))
    for related in _line_relations(obj):
        line_model = related.related_model
        pairs += _neighbours(line_model.history.filter(**{related.field.attname: obj.pk}))
    texts = _texts_of_keys(pairs)
    told = [_version(before, row, texts, obj) for before, row in pairs]
    told = [version for version in told if version.changes or version.operation != "~"]
    _tell_change_sets(told)
    return sorted(told, key=lambda version: (version.at, bool(version.record), version.history_id))


def _line_relations(obj):
    names = getattr(obj, "LINES", ())
    for name in (names,) if isinstance(names, str) else names:
        related = next((relation for relation in obj._meta.related_objects if relation.get_accessor_name() == name), None)
        if related is not None and getattr(related.related_model, "history", None) is not None:
            yield related


def _neighbours(rows):
    """Each history row with the row before it of the same record."""
    latest, pairs = {}, []
    for row in rows.order_by("history_id"):
        key = row.serializable_value(row.instance_type._meta.pk.attname)
        pairs.append((latest.get(key), row))
        latest[key] = row
    return pairs


def _told_fields(model):
    return [field for field in model._meta.concrete_fields if field.name not in NOT_TOLD]


def _changed_fields(before, row):
    """(field, value before, value after) of what a row changed; all that is filled for a row added or deleted."""
    untracked = getattr(row.instance_type, "UNTRACKED_COLUMNS", ())
    for told in _told_fields(row.instance_type):
        if told.name in untracked:
            continue
        value = getattr(row, told.attname)
        if row.history_type == "+":
            old, new = None, value
        elif row.history_type == "-":
            old, new = value, None
        else:
            old, new = (getattr(before, told.attname) if before is not None else None), value
        if old != new and not (row.history_type != "~" and value in (None, "", {}, [])):
            yield told, old, new


def _texts_of_keys(pairs):
    """{model: {key: text}} of everything the changed foreign keys point at, one query per model."""
    wanted = defaultdict(set)
    for before, row in pairs:
        for told, old, new in _changed_fields(before, row):
            if isinstance(told, models.ForeignKey):
                wanted[told.related_model].update(value for value in (old, new) if value is not None)
    return {model: {key: str(target) for key, target in _named(model).in_bulk(keys).items()} for model, keys in wanted.items()}


def _named(model):
    """The records of a model with what their texts need: a log-in is called like its employee."""
    return model._base_manager.select_related("employee") if model is get_user_model() else model._base_manager


def _version(before, row, texts, obj):
    version = Version(
        history_id=row.history_id,
        at=row.history_date,
        operation=row.history_type,
        user_id=row.history_user_id,
        changeset=row.changeset,
        model=row.instance_type,
    )
    is_line = row.instance_type is not type(obj)._meta.concrete_model
    if is_line:
        position = getattr(row, "position", None)
        version.record = f"{capfirst(row.instance_type._meta.verbose_name)} {position if position is not None else row.id}"
    document_field = getattr(row.instance_type, "DOCUMENT_FIELD", None) if is_line else None
    for told, old, new in _changed_fields(before, row):
        if told.name == document_field:
            continue
        if isinstance(told, models.JSONField) and all(value is None or isinstance(value, dict) for value in (old, new)):
            version.changes += _json_changes(told, old or {}, new or {})
        else:
            label = str(capfirst(told.verbose_name))
            version.changes.append(Change(told.name, label, in_words(told, old, texts), in_words(told, new, texts)))
    return version


def _json_changes(told, old, new):
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            yield Change(f"{told.name}.{key}", key, _plain(old.get(key)), _plain(new.get(key)))


def in_words(told, value, texts=None):
    """A stored value as people read it: labels of choices, names of targets, localised numbers and times."""
    if value is None or value == "":
        return ""
    if isinstance(told, models.ForeignKey):
        known = (texts or {}).get(told.related_model, {})
        return known.get(value) or _("%(name)s %(key)s (deleted)") % {"name": told.related_model._meta.verbose_name, "key": value}
    if told.choices:
        return str(dict(told.flatchoices).get(value, value))
    return _plain(value)


def _plain(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, Decimal):
        text = format(value, "f")
        return formats.localize(Decimal(text.rstrip("0").rstrip(".") if "." in text else text))
    if isinstance(value, datetime):
        return formats.date_format(timezone.localtime(value) if timezone.is_aware(value) else value, "SHORT_DATETIME_FORMAT")
    if isinstance(value, date):
        return formats.date_format(value, "SHORT_DATE_FORMAT")
    if isinstance(value, list):
        return ", ".join(_plain(part) for part in value)
    return str(value)


def _tell_change_sets(told):
    """Add kind, reason and user to the versions: one query for the change sets, one for users whose label is not stored."""
    sets = ChangeSet.objects.in_bulk({version.changeset for version in told if version.changeset})
    users = _named(get_user_model()).in_bulk({version.user_id for version in told if version.user_id and version.changeset not in sets})
    for version in told:
        changeset = sets.get(version.changeset)
        if changeset is not None:
            version.kind, version.kind_label, version.reason = changeset.kind, changeset.get_kind_display(), changeset.reason
            version.user_label = changeset.user_label
        elif version.user_id in users:
            version.user_label = str(users[version.user_id])
