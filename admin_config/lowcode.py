"""Screens of what administrators set up: option lists, number rules, column mappings; and the log of imports and exports."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from admin_config.base import LedgerAdmin, RecordAdmin, RecordInline, badge, computed, neighbour
from admin_config.choices import numbered_documents, record_types
from admin_config.forms import LabelsField
from models.audit.models import ChangeSet
from models.base.documents import business_today
from models.lowcode import numbers
from models.lowcode.models import ExportRun, ImportMapping, ImportRun, NumberRule, Option, OptionList

PATTERN_HELP = _(
    "{company} is the company's code, {yyyy} or {yy} the year, {mm} the month, {dd} the day, {n:4} the counter in four digits."
)


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


def shown_of(pattern, reset):
    """What is shown under a pattern: what is wrong with it, else what its numbers look like and what is worth knowing of it."""
    problem = numbers.problem_of(pattern, reset) if pattern else ""
    if problem or not pattern:
        return {"problem": problem}
    return {"samples": numbers.samples_of(pattern, business_today()), "hint": numbers.hint_of(pattern)}


class PatternInput(UnfoldAdminTextInputWidget):
    """The pattern of numbers; under it stands, while it is typed, what they will look like."""

    template_name = "backoffice/widgets/pattern.html"

    def get_context(self, name, value, attrs):
        """A pattern that came back wrong has its error beside it already."""
        shown = shown_of(value or "", NumberRule.Reset.NEVER) | {"problem": ""}
        return super().get_context(name, value, attrs) | {"preview": reverse("admin:lowcode_numberrule_preview"), **shown}


@admin.register(NumberRule)
class NumberRuleAdmin(RecordAdmin):
    icon = "pin"
    list_display = ["document", "pattern", "reset"]
    search_fields = ["document", "pattern"]
    choices_of = {"document": numbered_documents}

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "pattern":
            kwargs |= {"widget": PatternInput(), "help_text": PATTERN_HELP}
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_urls(self):
        preview = path("preview/", self.admin_site.admin_view(self.preview_view), name="lowcode_numberrule_preview")
        return [preview, *super().get_urls()]

    def preview_view(self, request):
        """GET ?pattern=&reset= → what stands under the pattern."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        pattern = request.GET.get("pattern", "")[: NumberRule._meta.get_field("pattern").max_length]
        shown = shown_of(pattern, request.GET.get("reset", ""))
        return TemplateResponse(request, "backoffice/number_samples.html", shown)


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
