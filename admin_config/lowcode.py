"""Screens of what administrators set up: option lists, number rules, column mappings; and the log of imports and exports."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from admin_config.base import LedgerAdmin, RecordAdmin, RecordInline, badge, computed, neighbour
from admin_config.choices import numbered_documents, record_types
from admin_config.forms import LabelsField
from models.audit.models import ChangeSet
from models.lowcode.models import ExportRun, ImportMapping, ImportRun, NumberRule, Option, OptionList


class LabelledFields:
    """Labels in three languages are typed language by language."""

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "labels":
            return LabelsField(label=db_field.verbose_name, required=True)
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class OptionInline(LabelledFields, RecordInline):
    model = Option
    fields = ["code", "labels", "colour", "position", "is_default", "is_active"]


@admin.register(OptionList)
class OptionListAdmin(LabelledFields, RecordAdmin):
    icon = "list_alt"
    is_small = True
    list_display = [computed(_("name"), lambda record: record.title(), reads=["labels"]), "code"]
    search_fields = ["code"]
    inlines = [OptionInline]


@admin.register(NumberRule)
class NumberRuleAdmin(RecordAdmin):
    icon = "pin"
    list_display = ["document", "pattern", "reset"]
    search_fields = ["document", "pattern"]
    choices_of = {"document": numbered_documents}


@admin.register(ImportMapping)
class ImportMappingAdmin(RecordAdmin):
    icon = "view_column"
    list_display = ["name", "record_type"]
    list_filter = ["record_type"]
    search_fields = ["name", "record_type"]
    choices_of = {"record_type": record_types}


@admin.register(ImportRun)
class ImportRunAdmin(LedgerAdmin):
    icon = "upload_file"
    list_display = [
        "file_name",
        "record_type",
        badge("state"),
        "new",
        "changed",
        "unchanged",
        "refused",
        "user",
        "created_at",
        "finished_at",
    ]
    list_filter = ["record_type", "state", "user", "created_at"]
    search_fields = ["file_name", "record_type"]
    choices_of = {"record_type": record_types}
    neighbours = [neighbour(ChangeSet, lambda run: [run.changeset] if run.changeset else None, amount=None)]
    fieldsets = [
        (None, {"fields": ["record_type", "file_name", "sheet", "size", "mapping", "state", "user", "created_at", "finished_at"]}),
        (_("Records"), {"fields": ["new", "changed", "unchanged", "refused", "message"]}),
    ]


@admin.register(ExportRun)
class ExportRunAdmin(LedgerAdmin):
    icon = "download"
    list_display = ["record_type", "rows", "format", "selection", "user", "at"]
    list_filter = ["record_type", "user", "at"]
    search_fields = ["record_type", "selection"]
    choices_of = {"record_type": record_types}
