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

# (label, least hours, most hours) a task has been waiting.
AGES = (
    (gettext_lazy("Less than 8 hours"), None, 8),
    (gettext_lazy("8–24 hours"), 8, 24),
    (gettext_lazy("1–3 days"), 24, 72),
    (gettext_lazy("3–7 days"), 72, 168),
    (gettext_lazy("More than 7 days"), 168, None),
)


def approvable():
    """The documents that go through an approval."""
    return [
        model
        for model in apps.get_models()
        if issubclass(model, Document) and model.HAS_APPROVAL and find_operation(model, f"submit_{model.DOCUMENT_CODE}")
    ]


def waiting_tasks(user):
    """The open tasks of deciders on documents the person may see, and his own."""
    seen = Q(owner=user)
    for model in approvable():
        limits = policy.limits(user, model)
        if limits is not None:
            kind = Q(process__content_type=ContentType.objects.get_for_model(model))
            seen |= kind & Q(process__object_id__in=policy.scope(user, model).values("pk")) if limits else kind
    return apps.get_model("flows", "ApprovalTask").objects.filter(seen, status__in=OPEN, level__gte=0).order_by()


class Waiting(Source):
    """What waits for deciders, within the scope."""

    COLUMNS = {"owner_id": "document_owner", "company_id": "company"}

    @classmethod
    def may_see(cls, user):
        return any(policy.may(user, "view", model) for model in approvable())

    @classmethod
    def fits(cls, selection):
        return selection.scope.attributes() <= cls.COLUMNS.keys()

    @cached_property
    def queryset(self):
        filters = self.selection.scope.filters.items()
        return waiting_tasks(self.selection.user).filter(**{f"process__{self._column(name)}": value for name, value in filters})

    def _column(self, name):
        attribute, has_many, _rest = name.partition("__in")
        return self.COLUMNS[attribute] + has_many


class WaitingByAge(Waiting, Chart):
    """How long deciders have let documents wait."""

    title = gettext_lazy("Waiting approvals by age")
    is_money = False
    unit = gettext_lazy("tasks")
    series = (gettext_lazy("Waiting"),)
    note = gettext_lazy("Open tasks of deciders now")
    empty = gettext_lazy("Nothing waits for a decision.")

    def rows(self, tasks):
        now = timezone.now()
        since = list(tasks.values_list("created", flat=True))
        for label, least, most in AGES:
            newest = now - timedelta(hours=least) if least else None
            oldest = now - timedelta(hours=most) if most else None
            count = sum(1 for moment in since if (newest is None or moment <= newest) and (oldest is None or moment > oldest))
            yield label, [count], None


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
        for model in approvable():
            if policy.may(self.selection.user, "view", model):
                pending = policy.scope(self.selection.user, model).filter(approval=Approval.PENDING, **self.selection.scope.filters)
                address = list_link(model, {"approval": Approval.PENDING.value, **self.selection.scope.link})
                yield capfirst(model._meta.verbose_name_plural), [pending.count()], address


class WaitingApprovals(Waiting, Tile):
    """How many documents wait, and for how long."""

    title = gettext_lazy("Waiting approvals")
    icon = "hourglass_top"
    is_money = False

    def figure(self, tasks):
        found = tasks.aggregate(count=Count("process", distinct=True), since=Min("created"))
        if not found["count"]:
            return {"value": 0, "detail": _("Nothing waits"), "tone": "good", "filters": {}}
        hours = int((timezone.now() - found["since"]).total_seconds() // 3600)
        words = _("the oldest for %(days)s days") % {"days": hours // 24} if hours >= 48 else _("the oldest for %(hours)s hours") % {"hours": hours}
        return {"value": found["count"], "detail": words, "tone": "", "filters": {}}
