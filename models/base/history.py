"""History of every record: simple-history's models and reading API, with database triggers as the only writer.

Nothing here writes. The triggers of `models.base.triggers` copy each changed row, column by column, so bulk statements, raw SQL
and cascades are recorded exactly like a saved form, and decimals stay exact.
"""

import hashlib
import importlib

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models import Exists, OuterRef, Q
from simple_history.manager import HistoricalQuerySet, HistoryDescriptor, HistoryManager
from simple_history.models import HistoricalRecords, registered_models
from simple_history.utils import get_history_manager_from_history


class HistoryBase(models.Model):
    """What every history row adds: the change set it belongs to (a plain UUID, so that no area must look up to `audit`)."""

    changeset = models.UUIDField(null=True, editable=False)

    class Meta:
        abstract = True


class TrackedQuerySet(HistoricalQuerySet):
    """simple-history's questions, with ties in time broken by `history_id`."""

    def latest_of_each(self):
        """Keep only the newest row of each record, deletions included."""
        key = self._pk_attr
        later = self.model._base_manager.using(self.db).filter(**{key: OuterRef(key)})
        if self._as_of:
            later = later.filter(history_date__lte=self._as_of)
        newer = Q(history_date__gt=OuterRef("history_date"))
        tied = Q(history_date=OuterRef("history_date"), history_id__gt=OuterRef("history_id"))
        return self.filter(~Exists(later.filter(newer | tied)))


class TrackedManager(HistoryManager):
    """A reader. The triggers have already written what a bulk call would add."""

    def bulk_history_create(self, *arguments, **options):
        return []


def short_name(table, suffix):
    """An identifier of at most 30 characters, unique in the project because it carries a digest of the table's name."""
    digest = hashlib.sha256(table.encode()).hexdigest()[:6]
    return f"{table[: 30 - len(suffix) - 8]}_{digest}_{suffix}"


class Tracked(HistoricalRecords):
    """Declares `history` on a model. Put once on the abstract base; every concrete model below gets its own history table."""

    def __init__(self, **options):
        options.setdefault("bases", (HistoryBase,))
        options.setdefault("history_id_field", models.BigAutoField())
        options.setdefault("history_user_id_field", models.BigIntegerField(null=True))
        options.setdefault("historical_queryset", TrackedQuerySet)
        options.setdefault("history_manager", TrackedManager)
        options.setdefault("inherit", True)
        super().__init__(**options)

    def finalize(self, sender, **kwargs):
        """Make the history model. Unlike the original no signal is connected: a listener would forbid fast deletes."""
        if self.cls is not sender and not (self.inherit and issubclass(sender, self.cls)):
            return
        sender._meta.simple_history_manager_attribute = self.manager_name
        if sender._meta.proxy:  # shares its table, and through inheritance its history
            return
        if sender._meta.parents:
            raise ImproperlyConfigured(f"{sender._meta.label}: a tracked model cannot span two tables.")
        inherited = self.cls is not sender
        history_model = self.create_history_model(sender, inherited)
        module = importlib.import_module(history_model.__module__ if inherited else self.module)
        setattr(module, history_model.__name__, history_model)
        registered_models[sender._meta.db_table] = sender
        descriptor = HistoryDescriptor(history_model, manager=self.history_manager, queryset=self.historical_queryset)
        setattr(sender, self.manager_name, descriptor)

    def add_extra_methods(self, cls):
        """No `save_without_historical_record`: there is no way around the triggers."""

    def fields_included(self, model):
        return [field for field in super().fields_included(model) if not isinstance(field, models.GeneratedField)]

    def copy_fields(self, model):
        """The originals' columns without their indexes: a history table needs two, not one per key."""
        fields = super().copy_fields(model)
        for field in fields.values():
            field.db_index = False
        return fields

    def get_extra_fields(self, model, fields):
        """The original's, but neighbours are found by `history_id`, which is unique where times may tie."""
        extra = super().get_extra_fields(model, fields)
        extra["prev_record"] = property(
            lambda row: get_history_manager_from_history(row).filter(history_id__lt=row.history_id).order_by("-history_id").first()
        )
        extra["next_record"] = property(
            lambda row: get_history_manager_from_history(row).filter(history_id__gt=row.history_id).order_by("history_id").first()
        )
        return extra

    @property
    def _date_indexing(self):
        return False

    def get_meta_options(self, model):
        options = super().get_meta_options(model)
        table = model._meta.db_table
        options["indexes"] = [
            models.Index(fields=[model._meta.pk.attname, "-history_date", "-history_id"], name=short_name(table, "hp")),
            models.Index(fields=["changeset"], name=short_name(table, "hc")),
        ]
        if getattr(model, "DOCUMENT_FIELD", None):  # deleted lines are found through their document
            options["indexes"].append(models.Index(fields=[model.DOCUMENT_FIELD], name=short_name(table, "hd")))
        options["default_permissions"] = ()
        return options

    def create_historical_record(self, instance, history_type, using=None):
        """Nothing: the trigger on the table has written the row."""
