"""The list behind the boards' figures of waiting approvals: every open task on documents one may see."""

from django.contrib import admin
from django.utils.translation import gettext_lazy

from admin_config.base import computed, moment
from admin_config.changelist import RecordChangeList
from admin_config.flows import AMOUNT, CUSTOMER, DOCUMENT, SUBMITTER, InboxScreen, deadline
from dashboards.approvals import WaitingByAge, waiting_tasks
from flows.models import ApprovalTask


def _waits_for(task):
    return task.waits_for


@admin.register(ApprovalTask)
class WaitingTaskAdmin(InboxScreen):
    """Decisions that are open, whoever has to take them."""

    list_display = [
        DOCUMENT,
        CUSTOMER,
        AMOUNT,
        computed(gettext_lazy("Waits for"), _waits_for, reads=["owner"]),
        SUBMITTER,
        moment("created"),
        deadline("due_at"),
    ]
    list_filter = ["process__code", "created", "process__document_owner", "process__company"]
    empty_hint = gettext_lazy("Nothing waits for a decision.")

    def has_view_permission(self, request, obj=None):
        return super().has_view_permission(request, obj) and WaitingByAge.may_see(request.user)

    def get_changelist(self, request, **kwargs):
        return RecordChangeList

    def get_queryset(self, request):
        return waiting_tasks(request.user)
