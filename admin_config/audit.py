"""Screens of the journal: who wrote what by which door, jobs, and what is owed to the world."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from admin_config.base import LedgerAdmin, badge, neighbour, reads
from models.audit.models import ChangeSet, Job, OutboxMessage, Touch
from models.base import words


@admin.register(ChangeSet)
class ChangeSetAdmin(LedgerAdmin):
    icon = "history"
    list_display = ["at", "user_label", "kind", "reason", "on_behalf_label", "source"]
    list_filter = ["kind", "at"]
    search_fields = ["user_label", "reason", "source"]
    readonly_fields = ["touched"]
    neighbours = [neighbour(ChangeSet, lambda changeset: [changeset.undoes] if changeset.undoes else None, amount=None)]
    fieldsets = [
        (None, {"fields": ["at", "user_label", "kind", "reason", "on_behalf_label", "source"]}),
        (_("Request"), {"fields": ["method", "path", "address"]}),
        (_("Rows written"), {"fields": ["touched"]}),
    ]

    @admin.display(description=_("Rows written"))
    @reads("id")
    def touched(self, changeset):
        """“Order: 1 changed; order line: 4 added”."""
        rows = Touch.objects.filter(changeset=changeset.pk).order_by("model", "operation")
        return "; ".join(f"{words.record_type(row.model)}: {row.rows} {row.get_operation_display().lower()}" for row in rows)


@admin.register(Job)
class JobAdmin(LedgerAdmin):
    icon = "hourglass"
    list_display = ["title", "kind", badge("state"), "done", "total", "message", "created_at", "finished_at"]
    list_filter = ["state", "created_at"]
    search_fields = ["title", "message"]


@admin.register(OutboxMessage)
class OutboxMessageAdmin(LedgerAdmin):
    icon = "outbox"
    list_display = ["key", "channel", badge("state"), "attempts", "due_at", "sent_at", "error"]
    list_filter = ["state", "due_at"]
    search_fields = ["key", "channel", "error"]
