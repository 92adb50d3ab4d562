"""Charts of what waits for a decision. Routes belong to flows, a neighbour this package does not import: its tables are asked by name."""

from datetime import timedelta
from functools import cached_property

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, Min, Q
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboards.base import Chart, Source, Tile, list_link
from models.base import policy
from models.base.documents import Approval, Document
from models.base.operations import find_operation

OPEN = ("NEW", "ASSIGNED")  # the states of a task that nobody has finished

# (label, first day, last day) since a task came.
AGES = (
    (gettext_lazy("Since today"), None, 0),
    (gettext_lazy("1 day"), 1, 1),
    (gettext_lazy("2–3 days"), 2, 3),
    (gettext_lazy("4–7 days"), 4, 7),
    (gettext_lazy("over 7 days"), 8, None),
)


def approvable():
    """The documents that go through an approval."""
    return [
        model
        for model in apps.get_models()
        if issubclass(model, Document) and model.HAS_APPROVAL and find_operation(model, f"submit_{model.DOCUMENT_CODE}")
    ]


def task_model():
    """The table of approval tasks."""
    return apps.get_model("flows", "ApprovalTask")


def waiting_tasks(user):
    """The open tasks of deciders on documents the person may see, and his own."""
    seen = Q(owner=user)
    for model in approvable():
        limits = policy.limits(user, model)
        if limits is not None:
            kind = Q(process__content_type=ContentType.objects.get_for_model(model))
            seen |= kind & Q(process__object_id__in=policy.scope(user, model).values("pk")) if limits else kind
    return task_model().objects.filter(seen, status__in=OPEN, level__gte=0).order_by()


class Waiting(Source):
    """What waits for deciders, within the scope; behind it is the list of open tasks."""

    adds_up = ("",)
    COLUMNS = {"owner": "process__document_owner", "company": "process__company"}

    @classmethod
    def may_see(cls, user):
        return any(policy.may(user, "view", model) for model in approvable())

    @classmethod
    def fits(cls, selection):
        return selection.scope.attributes() <= {"owner_id", "company_id"}

    @cached_property
    def queryset(self):
        return waiting_tasks(self.selection.user).filter(**self._of_process(self.selection.scope.filters))

    def link(self, filters):
        if not isinstance(filters, dict):
            return super().link(filters)
        return list_link(task_model(), {**filters, **self._of_process(self.selection.scope.link)})

    def _of_process(self, filters):
        found = {}
        for name, value in filters.items():
            column, lookup, _rest = name.partition("__in")
            found[self.COLUMNS[column.removesuffix("_id")] + lookup] = value
        return found


class WaitingByAge(Waiting, Chart):
    """How long deciders have let documents wait."""

    title = gettext_lazy("Waiting approvals by age")
    is_money = False
    unit = gettext_lazy("tasks")
    series = (gettext_lazy("Waiting"),)
    note = gettext_lazy("Open tasks of deciders now")
    empty = gettext_lazy("Nothing waits for a decision.")

    def rows(self, tasks):
        today = timezone.localdate()
        ages = [(today - timezone.localtime(moment).date()).days for moment in tasks.values_list("created", flat=True)]
        for label, first, last in AGES:
            count = sum(1 for age in ages if (first is None or age >= first) and (last is None or age <= last))
            newest = {} if first is None else {"created__lte": today - timedelta(days=first)}
            oldest = {} if last is None else {"created__gte": today - timedelta(days=last)}
            yield label, [count], {**newest, **oldest}


class WaitingByDocument(Waiting, Chart):
    """Which documents are in approval; behind a bar are the documents."""

    title = gettext_lazy("Documents in approval")
    kind = "rank"
    is_money = False
    unit = gettext_lazy("documents")
    series = (gettext_lazy("In approval"),)
    note = gettext_lazy("Now")
    empty = gettext_lazy("Nothing waits for a decision.")

    def rows(self, _tasks):
        found = []
        for model in approvable():
            if policy.may(self.selection.user, "view", model):
                pending = policy.scope(self.selection.user, model).filter(approval=Approval.PENDING, **self.selection.scope.filters)
                address = list_link(model, {"approval": Approval.PENDING.value, **self.selection.scope.link})
                found.append((capfirst(model._meta.verbose_name_plural), [pending.count()], address))
        return sorted(found, key=lambda row: -row[1][0])


class WaitingApprovals(Waiting, Tile):
    """How many decisions are open, and since when."""

    title = gettext_lazy("Waiting approvals")
    icon = "hourglass_top"
    is_money = False

    def figure(self, tasks):
        found = tasks.aggregate(count=Count("pk"), since=Min("created"))
        detail = _since(found["since"]) if found["count"] else _("Nothing waits")
        return {"value": found["count"], "detail": detail, "tone": "" if found["count"] else "good", "filters": {}}


def _since(moment):
    hours = int((timezone.now() - moment).total_seconds() // 3600)
    if hours >= 48:
        return _("the oldest for %(days)s days") % {"days": hours // 24}
    return _("the oldest for %(hours)s hours") % {"hours": hours} if hours > 1 else _("the oldest since just now")
