"""Screens of what administrators set up: option lists, number rules."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from admin_config.base import RecordAdmin, RecordInline, computed
from admin_config.choices import numbered_documents
from admin_config.forms import LabelsField, ListedChoice
from models.lowcode.models import NumberRule, Option, OptionList


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
    list_display = ["code", computed(_("name"), lambda record: record.title(), reads=["labels"])]
    search_fields = ["code"]
    inlines = [OptionInline]


@admin.register(NumberRule)
class NumberRuleAdmin(RecordAdmin):
    icon = "pin"
    list_display = ["document", "pattern", "reset"]
    search_fields = ["document", "pattern"]

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "document":
            return ListedChoice(numbered_documents, label=db_field.verbose_name)
        return super().formfield_for_dbfield(db_field, request, **kwargs)
