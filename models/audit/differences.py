"""What was changed, in words: the versions of a record with its parts merged in, from a fixed number of queries.

Parts are the lines of a document and whatever else has no rights of its own: the grants of a role, the addresses of a customer.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import formats, timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from models.audit import reasons
from models.audit.models import ChangeSet
from models.base import policy, words
from models.base.records import Line
from models.base.triggers import STAMPS

NOT_TOLD = {*STAMPS, *words.TECHNICAL, "id", "created_at", "created_by"}


@dataclass(frozen=True)
class Change:
    """One field before and after, as people read it."""

    field_name: str
    label: str
    before: str
    after: str


@dataclass
class Version:
    """One recorded change of the record, or of one of its parts (then `record` names the part)."""

    history_id: int
    at: datetime
    operation: str
    user_id: int | None = None
    user_label: str = ""
    changeset: UUID | None = None
    kind: str = ""
    kind_label: str = ""
    reason: str = ""
    told_reason: str = ""
    record: str = ""
    model: type | None = None
    changes: list = field(default_factory=list)

    @property
    def operation_label(self):
        return {"+": _("Added"), "~": _("Changed"), "-": _("Deleted")}[self.operation]


@dataclass(frozen=True)
class GenericKey:
    """A key that may point at any kind of record: the columns of its two halves, told as one."""

    kind: str
    key: str
    label: str

    def of(self, row):
        """(kind, key) as a row holds it; None where it points at nothing."""
        pair = getattr(row, self.kind), getattr(row, self.key)
        return pair if None not in pair else None


def versions(obj):
    """The versions of a record, oldest first, its parts included. The number of queries depends on its kinds of keys only."""
    pairs = _neighbours(type(obj).history.filter(**{obj._meta.pk.attname: obj.pk}))
    for related in part_relations(type(obj)):
        pairs += _neighbours(related.related_model.history.filter(**{related.field.attname: obj.pk}))
    targets = _targets(pairs, obj)
    texts = {model: {key: str(target) for key, target in found.items()} for model, found in targets.items()}
    told = [_version(before, row, texts, targets, obj) for before, row in pairs]
    told = [version for version in told if version.changes or version.operation != "~"]
    _tell_change_sets(told, type(obj))
    return sorted(told, key=lambda version: (version.at, bool(version.record), version.history_id))


def part_relations(model):
    """The relations to the tracked models whose rights are those of this model's records."""
    for related in model._meta.concrete_model._meta.get_fields(include_hidden=True):
        if related.one_to_many and related.auto_created and getattr(related.related_model, "history", None) is not None:
            if governed_by(related.related_model) == related.field.name:
                yield related


def governed_by(model):
    """The name of the key to the record whose part a row of this model is; None where it stands by itself."""
    return getattr(model, "DOCUMENT_FIELD", None) or getattr(model, "GOVERNED_BY", None)


def _neighbours(rows):
    """Each history row with the row before it of the same record."""
    latest, pairs = {}, []
    for row in rows.order_by("history_id"):
        key = row.serializable_value(row.instance_type._meta.pk.attname)
        pairs.append((latest.get(key), row))
        latest[key] = row
    return pairs


def told_fields(model):
    """The columns of a model that its history tells about."""
    untold = {*NOT_TOLD, *getattr(model, "UNTRACKED_COLUMNS", ())}
    return [field for field in model._meta.concrete_fields if field.name not in untold]


def generic_keys(model):
    """The generic keys of a model: a content type and the key beside it."""
    found = []
    fields = {told.name: told for told in model._meta.concrete_fields}
    for told in fields.values():
        key = "object_id" if told.name == "content_type" else f"{told.name.removesuffix('_type')}_id"
        if told.related_model is ContentType and key in fields:
            number = fields.get(f"{told.name.removesuffix('_type')}_number")
            found.append(GenericKey(told.attname, key, str(capfirst(number.verbose_name)) if number is not None else _("Record")))
    return found


def _changed_fields(before, row):
    """(field, value before, value after) of what a row changed; all that is filled for a row added or deleted."""
    for told in told_fields(row.instance_type):
        old, new = _before_and_after(before, row, lambda one, name=told.attname: getattr(one, name))
        if old != new and not (row.history_type != "~" and (new if old is None else old) in ("", {}, [])):
            yield told, old, new


def _changed_generic_keys(before, row):
    """(GenericKey, pair before, pair after) of the generic keys that a row changed."""
    for generic in generic_keys(row.instance_type):
        old, new = _before_and_after(before, row, generic.of)
        if old != new:
            yield generic, old, new


def _before_and_after(before, row, read):
    if row.history_type == "+":
        return None, read(row)
    if row.history_type == "-":
        return read(row), None
    return (read(before) if before is not None else None), read(row)


def _targets(pairs, obj):
    """{model: {key: record}} of everything the changed keys point at, and the parts' names need; one query per model."""
    wanted = defaultdict(set)
    for before, row in pairs:
        for told, old, new in _changed_fields(before, row):
            if isinstance(told, models.ForeignKey):
                wanted[told.related_model].update(value for value in (old, new) if value is not None)
        for _generic, *both in _changed_generic_keys(before, row):
            for kind, key in filter(None, both):
                if (model := ContentType.objects.get_for_id(kind).model_class()) is not None:
                    wanted[model].add(key)
        if _is_named_by_title(row, obj):
            for told in told_fields(row.instance_type):
                if isinstance(told, models.ForeignKey) and (key := getattr(row, told.attname)) is not None:
                    wanted[told.related_model].add(key)
    found = {model: _named(model).in_bulk(keys - {obj.pk} if isinstance(obj, model) else keys) for model, keys in wanted.items()}
    found.setdefault(type(obj)._meta.concrete_model, {})[obj.pk] = obj
    for model, records in found.items():  # their titles ask whose part they are
        if key := governed_by(model):
            whole = model._meta.get_field(key)
            for record in records.values():
                if known := found.get(whole.related_model, {}).get(getattr(record, whole.attname)):
                    whole.set_cached_value(record, known)
    return found


def _named(model):
    """The records of a model with what their texts need: a log-in is called like its employee."""
    return model._base_manager.select_related("employee") if model is get_user_model() else model._base_manager


def _is_part(row, obj):
    return row.instance_type is not type(obj)._meta.concrete_model


def _is_named_by_title(row, obj):
    return _is_part(row, obj) and not issubclass(row.instance_type, Line)


def _name_of_part(row, targets, obj):
    """“Order line 2”; what has no place in an order is called by its title: “Grant: Order: view (Own)”."""
    name = capfirst(row.instance_type._meta.verbose_name)
    if not _is_named_by_title(row, obj):
        return f"{name} {row.position}"
    part = row.instance
    for told in told_fields(row.instance_type):
        if isinstance(told, models.ForeignKey):
            key, known = getattr(row, told.attname), targets.get(told.related_model, {})
            if key in known:
                told.set_cached_value(part, known[key])
            elif key is not None:
                return str(name)  # what its title needs is gone
    return f"{name}: {policy.label(part)}"


def _version(before, row, texts, targets, obj):
    version = Version(
        history_id=row.history_id,
        at=row.history_date,
        operation=row.history_type,
        user_id=row.history_user_id,
        changeset=row.changeset,
        model=row.instance_type,
    )
    key_to_whole = None
    if _is_part(row, obj):
        version.record, key_to_whole = _name_of_part(row, targets, obj), governed_by(row.instance_type)
    for generic, old, new in _changed_generic_keys(before, row):
        version.changes.append(Change(generic.key, generic.label, _record_in_words(old, texts), _record_in_words(new, texts)))
    for told, old, new in _changed_fields(before, row):
        if told.name != key_to_whole:
            version.changes += _changes(told, old, new, texts, before, row)
    return version


def _changes(told, old, new, texts, before, row):
    label = str(capfirst(told.verbose_name))
    if told.name not in _coded(told) and isinstance(told, models.JSONField) and all(isinstance(one, dict | None) for one in (old, new)):
        yield from _json_changes(told, label, old or {}, new or {}, row)
        return
    change = Change(told.name, label, in_words(told, old, texts, before or row), in_words(told, new, texts, row))
    if told.name not in _coded(told) or change.before != change.after:
        yield change


def _json_changes(told, label, old, new, row):
    in_these_words = getattr(row.instance_type, "KEYS_IN_WORDS", {}).get(told.name, lambda key, value, _row: (words.key(key), value))
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            told_as = [in_these_words(key, one[key], row) if key in one else ("", None) for one in (old, new)]
            name = told_as[1][0] or told_as[0][0]
            yield Change(f"{told.name}.{key}", reasons.labelled(label, name), _plain(told_as[0][1]), _plain(told_as[1][1]))


def _coded(told):
    """{column: function(value, row)} of the columns of a field's model that hold codes."""
    return getattr(told.model, "IN_WORDS", {})


def _record_in_words(pair, texts):
    """The record a generic key points at, by its title."""
    if pair is None:
        return ""
    model = ContentType.objects.get_for_id(pair[0]).model_class()
    return texts.get(model, {}).get(pair[1]) or _gone(model, pair[1])


def _gone(model, key):
    return _("%(name)s %(key)s (deleted)") % {"name": model._meta.verbose_name if model is not None else _("Record"), "key": key}


def in_words(told, value, texts=None, row=None):
    """A stored value as people read it: labels of choices, names of targets and codes, localised numbers and times."""
    if value is None or value == "":
        return ""
    if isinstance(told, models.ForeignKey):
        return (texts or {}).get(told.related_model, {}).get(value) or _gone(told.related_model, value)
    if row is not None and told.name in _coded(told):
        return _plain(_coded(told)[told.name](value, row))
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
    if isinstance(value, dict):
        return "; ".join(f"{words.key(key)}: {_plain(part)}" for key, part in value.items())
    return str(value)


def _tell_change_sets(told, model):
    """Add kind, reason and user to the versions: one query for the change sets, one for users whose label is not stored."""
    sets = ChangeSet.objects.in_bulk({version.changeset for version in told if version.changeset})
    users = _named(get_user_model()).in_bulk({version.user_id for version in told if version.user_id and version.changeset not in sets})
    for version in told:
        changeset = sets.get(version.changeset)
        if changeset is not None:
            version.kind, version.kind_label, version.reason = changeset.kind, changeset.get_kind_display(), changeset.reason
            version.told_reason, version.user_label = reasons.in_words(changeset.reason, model), changeset.user_label
        elif version.user_id in users:
            version.user_label = str(users[version.user_id])
