"""Screens of the journal: who wrote what by which door, jobs, and what is owed to the world."""

from django.contrib import admin

from admin_config.base import LedgerAdmin, badge
from models.audit.models import ChangeSet, Job, OutboxMessage


@admin.register(ChangeSet)
class ChangeSetAdmin(LedgerAdmin):
    icon = "history"
    list_display = ["at", "user_label", "kind", "reason", "on_behalf_label", "source"]
    list_filter = ["kind", "at"]
    search_fields = ["user_label", "reason", "source"]


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
