"""Screens of approvals: the inbox in four tabs, and the chains."""

from decimal import Decimal

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.db.models import Q
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from admin_config.approvals import INBOX, LONGEST_COMMENT, DeedPages, bulk_sentence, buttons_of, document_link
from admin_config.base import LedgerAdmin, RecordAdmin, RecordInline, badge, computed, due, moment, money, neighbour, reads, text
from admin_config.changelist import RecordChangeList
from admin_config.columns import amount_text
from admin_config.filters import is_lookup
from admin_config.lowcode import LabelledFields
from admin_config.writing import REFUSALS, sentence
from flows import inbox, panel, route
from flows.models import (
    ApprovalChain,
    ChainApprover,
    ChainCondition,
    ChainLevel,
    Decision,
    DoneTask,
    Match,
    MyTask,
    QueueTask,
    StartedByMe,
)
from models.base import policy


class deadline(due):
    """The day by which a task should be done; red once it has passed."""

    def shown(self, record, value):
        return super().shown(record, timezone.localtime(value).date())


def _document(task):
    return str(task.process)


def _why(task):
    return "; ".join(panel.reasons_of(task.data.get("why", ()))) if task.level >= 0 else _("Returned to you")


def _submitter(task):
    return task.process.submitter.title()


DOCUMENT = computed(gettext_lazy("Document"), _document, reads=["process"], order="process__number")
WHY = computed(gettext_lazy("Why you"), _why, reads=["data"])
SUBMITTER = computed(gettext_lazy("Submitted by"), _submitter, reads=["process"])
CUSTOMER = text("process__subject")
AMOUNT = money("process__amount", currency=None)


class InboxList(RecordChangeList):
    """One of the four lists; the tabs lead to the others."""

    heading = gettext_lazy("Inbox")
    saved_views, query_to_save = (), ""  # its tabs are the four lists

    @property
    def tabs(self):
        return [
            {"label": label, "link": reverse(f"admin:flows_{model._meta.model_name}_changelist"), "is_active": model is self.model}
            for model, label in TABS
        ]

    @property
    def search_hint(self):
        return _("Number, customer")


TABS = [
    (MyTask, gettext_lazy("My tasks")),
    (QueueTask, gettext_lazy("Queue")),
    (StartedByMe, gettext_lazy("Submitted by me")),
    (DoneTask, gettext_lazy("Done")),
]


class InboxScreen(LedgerAdmin):
    """What the inbox's lists share. Everybody has an inbox; what is in it is his by being asked, whatever his roles may see."""

    icon = "inbox"
    search_fields = ["process__number", "process__subject"]
    list_select_related = ["process__submitter__employee", "role", "owner__employee"]
    ordering = ["created", "pk"]

    def has_view_permission(self, request, obj=None):
        return request.user.is_authenticated and request.user.is_active

    def sees(self, request, name, least=None):
        return True

    def get_changelist(self, request, **kwargs):
        return InboxList

    def get_views(self, request):
        return []

    def get_list_filter(self, request):
        from admin_config.filters import filter_for

        return [(name, filter_for(self.model, name)) for name in self.list_filter]

    def lookup_allowed(self, lookup, value, request=None):
        return any(lookup == name or lookup.startswith(f"{name}__") for name in self.list_filter) and is_lookup(self.model, lookup)

    def get_search_results(self, request, queryset, search_term):
        for word in search_term.split()[:8]:
            found = Q()
            for name in self.search_fields:
                found |= Q(**{f"{name}__icontains": word})
            queryset = queryset.filter(found)
        return queryset, False

    def process_of(self, row):
        return row.process

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """The document itself, or, where one may only decide and not see it, what there is to decide on."""
        try:
            row = self.get_queryset(request).filter(pk=self.opts.pk.to_python(object_id)).first()
        except (ValueError, OverflowError):
            row = None
        document = self.process_of(row).document if row is not None else None
        if document is None:
            raise Http404
        if policy.may(request.user, "view", document):
            origin = f"?from={INBOX}" if isinstance(row, MyTask | QueueTask) else ""
            return HttpResponseRedirect(f"{document_link(document)}{origin}")
        return self.decision_page(request, document)

    def decision_page(self, request, document):
        shown = panel.panel(document, request.user)
        context = {
            **self.admin_site.each_context(request),
            "title": str(shown.process),
            "document": document,
            "approval": shown,
            "amount": amount_text(shown.process.amount),
            "buttons": buttons_of(document, shown.deeds, INBOX if self.model in (MyTask, QueueTask) else ""),
            "list_link": self.link("changelist"),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "flows/decision.html", context)


@admin.register(MyTask)
class MyTaskAdmin(DeedPages, InboxScreen):
    list_display = [DOCUMENT, CUSTOMER, AMOUNT, WHY, SUBMITTER, moment("created"), deadline("due_at")]
    list_filter = ["process__code", "created"]
    empty_hint = gettext_lazy("What needs your decision appears here.")
    actions = ["approve_selected"]

    def get_queryset(self, request):
        return inbox.mine(request.user, self.model)

    def get_actions(self, request):
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def get_urls(self):
        wrapped = self.admin_site.admin_view
        return [
            path("", wrapped(self.changelist_view), name="inbox"),
            path("document/<slug:code>/<int:pk>/do/<slug:key>/", wrapped(self.deed_view), name="approval_deed"),
            path("document/<slug:code>/<int:pk>/route/", wrapped(self.diagram_view), name="approval_route"),
            *super().get_urls(),
        ]

    @admin.action(description=gettext_lazy("Approve"))
    def approve_selected(self, request, queryset):
        """The question, with count and sum; the answer comes to `approve_each`."""
        tasks = [task for task in queryset.select_related("process__submitter__employee") if task.level >= 0]
        return self.bulk_page(request, tasks, queryset.count())

    def changelist_view(self, request, extra_context=None):
        if request.method == "POST" and "confirmed" in request.POST:
            return self.approve_each(request)
        return super().changelist_view(request, extra_context)

    def approve_each(self, request):
        """Each decision is a transaction of its own: what one refuses does not hold up the others, and none holds another's locks.

        What is sent twice finds nothing left to decide.
        """
        keys = [key for key in request.POST.getlist(helpers.ACTION_CHECKBOX_NAME) if key.isdecimal()]
        comment, done, refused = request.POST.get("comment", "").strip()[:LONGEST_COMMENT], 0, 0
        for task in self.get_queryset(request).filter(pk__in=keys, level__gte=0).select_related("process").order_by("created", "pk"):
            try:
                route.decide(task, request.user, Decision.APPROVE, comment)
                done += 1
            except REFUSALS as error:
                refused += 1
                messages.error(request, f"{task.process}: {sentence(error)}")
        messages.success(request, bulk_sentence(done, refused))
        return HttpResponseRedirect(self.link("changelist"))

    def bulk_page(self, request, tasks, chosen):
        context = {
            **self.admin_site.each_context(request),
            "title": _("Approve"),
            "tasks": [(task, amount_text(task.process.amount), _why(task)) for task in tasks],
            "left_out": chosen - len(tasks),
            "total": amount_text(sum((task.process.amount for task in tasks), Decimal(0))),
            "back": self.link("changelist"),
            "token_name": "_token",
            "token": request.POST.get("_token", ""),
        }
        return TemplateResponse(request, "flows/bulk.html", context)


@admin.register(QueueTask)
class QueueTaskAdmin(InboxScreen):
    list_display = [DOCUMENT, CUSTOMER, AMOUNT, WHY, text("role__name"), SUBMITTER, moment("created"), deadline("due_at")]
    list_filter = ["process__code", "role", "created"]
    empty_hint = gettext_lazy("What anybody with one of your roles can take appears here.")

    def get_queryset(self, request):
        return inbox.queue(request.user, self.model)


@admin.register(DoneTask)
class DoneTaskAdmin(InboxScreen):
    list_display = [DOCUMENT, CUSTOMER, AMOUNT, badge("decision"), "comment", SUBMITTER, moment("finished")]
    list_filter = ["process__code", "decision", "finished"]
    ordering = ["-finished", "-pk"]

    def get_queryset(self, request):
        return inbox.done(request.user, self.model)


def _waits_for(process):
    names = [task.waits_for for task in process.task_set.all() if task.is_open and task.flow_task_type == "HUMAN"]
    return ", ".join(names)


@admin.register(StartedByMe)
class StartedByMeAdmin(InboxScreen):
    list_display = [
        computed(gettext_lazy("Document"), str, reads=["number"], order="number"),
        text("subject"),
        money("amount", currency=None),
        badge("outcome"),
        computed(gettext_lazy("Waits for"), _waits_for, reads=["levels"]),
        "round",
        moment("created"),
        moment("finished"),
    ]
    list_filter = ["code", "outcome", "created"]
    search_fields = ["number", "subject"]
    list_select_related = []
    ordering = ["-created", "-pk"]

    def get_queryset(self, request):
        return inbox.started(request.user, self.model).prefetch_related("task_set__owner__employee", "task_set__role")

    def process_of(self, row):
        return row


class ConditionInline(RecordInline):
    """Conditions of the chain as a whole; those of a level stand on the level's page."""

    model = ChainCondition
    fields = ["fact", "operator", "value"]

    def get_queryset(self, request):
        return super().get_queryset(request).filter(level=None)


class LevelInline(LabelledFields, RecordInline):
    """The order of the levels; when each is asked and who decides is set on its own page, a card above."""

    model = ChainLevel
    fields = ["position", "labels", "mode", "asked"]
    readonly_fields = ["asked"]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("conditions", "approvers__role", "approvers__employee")

    @admin.display(description=gettext_lazy("When and whom"))
    @reads("labels")
    def asked(self, level):
        return _("Save, then open the card of the level.") if level.pk is None else f"{when(level)} → {whom(level)}"


class ApproverInline(RecordInline):
    model = ChainApprover
    fields = ["position", "kind", "employee", "role", "steps"]


class LevelConditionInline(RecordInline):
    model = ChainCondition
    fk_name = "level"
    fields = ["fact", "operator", "value"]


def when(level):
    """The conditions of a level in words."""
    sign = _(" and ") if level.match == Match.ALL else _(" or ")
    return sign.join(condition.title() for condition in level.conditions.all()) or _("always")


def whom(level):
    """The approvers of a level in words."""
    return ", ".join(approver.title() for approver in level.approvers.all()) or _("nobody yet: the fallback")


def in_words(chain):
    """“1. Supervisor: Amount > 50,000.00 2. Accountant: always”."""
    return " ".join(f"{number}. {level.title()}: {when(level)}" for number, level in enumerate(chain.levels.all(), 1))


@admin.register(ApprovalChain)
class ApprovalChainAdmin(LabelledFields, RecordAdmin):
    icon = "account_tree"
    list_display = [
        computed(gettext_lazy("name"), lambda chain: chain.title(), reads=["labels"]),
        "document",
        "company",
        "priority",
        computed(gettext_lazy("Levels"), in_words, reads=["labels"]),
        "is_active",
    ]
    list_filter = ["document", "company", "is_active"]
    search_fields = ["code"]
    inlines = [ConditionInline, LevelInline]
    fieldsets = [
        (None, {"fields": ["document", "code", "labels", "company", "priority", "match", "is_active"]}),
        (gettext_lazy("When nobody is found"), {"fields": ["fallback_employee", "fallback_role"]}),
    ]
    neighbours = [neighbour(ChainLevel, lambda chain: chain.levels.all(), amount=None)]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("levels__conditions")


@admin.register(ChainLevel)
class ChainLevelAdmin(LabelledFields, RecordAdmin):
    icon = "stairs"
    list_display = [computed(gettext_lazy("name"), lambda level: level.title(), reads=["labels"]), "chain", "position", "mode"]
    inlines = [ApproverInline, LevelConditionInline]
    neighbours = [neighbour(ApprovalChain, lambda level: [level.chain_id], amount=None)]
    fieldsets = [
        (None, {"fields": ["chain", "position", "labels", "mode", "match", "reminder_hours", "escalation_hours", "on_timeout"]}),
    ]
