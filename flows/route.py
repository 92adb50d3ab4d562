"""What people do with routes. Every deed is one transaction and one change set and takes its locks in the house's order:
the document first, then its process. What cannot be done is a Refusal with a sentence, and nothing has changed.
"""

from contextlib import contextmanager
from datetime import timedelta

from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from django.utils.translation import gettext as _
from viewflow.workflow.status import PROCESS, STATUS
from viewflow.workflow.token import Token

from flows import chains, messages, rights
from flows.base import carry_out, fill, item_of
from flows.records import OPEN, ApprovalEvent, ApprovalProcess, ApprovalTask, Decision
from flows.routes import route_of
from models.audit.changes import changes
from models.base import policy
from models.base.operations import Refusal
from models.base.protocols import may_withdraw, start_route, stop_route
from models.org.models import Employee

Event = ApprovalEvent.Kind
NUDGE_PAUSE = timedelta(minutes=30)


def processes_of(document):
    """Every route this document has taken, the newest first."""
    return ApprovalProcess.objects.filter(content_type=ContentType.objects.get_for_model(document), object_id=document.pk).order_by("-pk")


def open_process(document):
    """The route this document is on, or None."""
    process = processes_of(document).filter(status=PROCESS.NEW).select_related("submitter__employee").first()
    if process is not None:
        process.document = document
    return process


# ── begin, go on, end ────────────────────────────────────────────────────────────────────────────────────────────────────


@start_route.fill
def start(document, *, by):
    """Begin the route of a document just submitted, or go on with the one on which it was returned.

    Where no rule asks anybody the document is approved at once, and that is recorded.
    """
    process = open_process(document)
    if process is not None:
        return _resume(process, by)
    flow_class = route_of(document)
    route = chains.find_route(document, flow_class.instance.facts(document), by=by)
    if route.levels:
        return flow_class.start.run(document=document, route=route)
    process = ApprovalProcess(flow_class=flow_class, status=PROCESS.DONE, finished=timezone.now(), outcome=ApprovalProcess.Outcome.NO_RULE)
    fill(process, document, route, by)
    process.save()
    carry_out("approve", document)
    return process


def _resume(process, by):
    """The submitter (or who submits for him) has revised the document: the next round."""
    task = process.task_set.filter(flow_task=process.flow_class.revise, status__in=OPEN).first()
    if task is None:
        raise Refusal(_("This document is already in approval."), code="wrong_state")
    with task.activation() as activation:
        activation.process.document = process.document
        activation.task.owner, activation.task.decision = by, Decision.RESUBMIT
        activation.start(None)
        activation.execute()
    return activation.process


@may_withdraw.fill
def whose_matter(document, by):
    """Decision: may the person take the document back, or ask its approvers to hurry?"""
    process = open_process(document)
    return rights.may_withdraw(by, process) if process is not None else rights.YES


@stop_route.fill
def stop(document, *, by, reason=""):
    """End the open route of a document that its submitter takes back."""
    process = open_process(document)
    if process is None:
        return
    with process.flow_class.lock(process.pk):
        process.refresh_from_db()
        process.outcome = ApprovalProcess.Outcome.WITHDRAWN
        process.flow_class.instance.cancel(process)
        note(process, Event.WITHDRAWN, by=by, comment=reason)


# ── decide ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def decide(task, by, decision, comment=""):
    """Approve, reject or return: `decision` is one of Decision. Returns the task as it stands afterwards.

    Everything that follows, the document's own operation included, happens here or not at all.
    """
    comment, decision = (comment or "").strip(), Decision(decision)
    if decision not in (Decision.APPROVE, Decision.REJECT, Decision.RETURN):
        raise Refusal(_("A task can be approved, rejected or returned."), code="decision")
    if decision != Decision.APPROVE and not comment:
        raise Refusal(_("Say why, so that the submitter knows what to change."), code="comment")
    with opened(task, by, reason=decision.value) as activation:
        task = activation.task
        _require_open(task)
        _require(rights.may_decide(by, task))
        if task.status == STATUS.NEW:
            task.assigned, task.status = timezone.now(), STATUS.ASSIGNED
        task.owner = by
        activation.start(None)
        task.decision, task.comment = decision, comment
        activation.execute()
    return task


# ── hand on ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def claim(task, by):
    """Take a task that waits for one's role."""
    with opened(task, by, reason="claim") as activation:
        task = activation.task
        _require_open(task)
        if task.owner_id:
            raise Refusal(_("%(name)s has taken this task already.") % {"name": task.waits_for}, code="taken")
        _require(rights.may_take(by, task))
        task.assigned = timezone.now()
        activation.assign(by)
        note(task.process, Event.CLAIMED, by=by, task=task)
    return task


def release(task, by):
    """Give a task back to the role it came from."""
    with opened(task, by, reason="release") as activation:
        task = activation.task
        _require_open(task)
        _require(rights.may_hand_on(by, task))
        if not task.role_id or not task.owner_id:
            raise Refusal(_("This task was given to a person; reassign it instead."), code="personal")
        task.assigned = None
        activation.unassign()
        note(task.process, Event.RELEASED, by=by, task=task)
    return task


def reassign(task, by, employee, comment=""):
    """Give a task to a colleague, who decides in one's place."""
    with opened(task, by, reason="reassign") as activation:
        task = activation.task
        _require_open(task)
        _require(rights.may_hand_on(by, task))
        employee = _stored(employee)
        _require(rights.may_receive(employee, task, task.process.document))
        if task.owner_id == employee.user.pk:
            raise Refusal(_("%(name)s has this task already.") % {"name": employee.title()}, code="same")
        hand_to(activation, employee.user)
        note(task.process, Event.REASSIGNED, by=by, to=employee.user, task=task, comment=comment)
    return task


def hand_to(activation, user):
    """The task is now the user's own, no role's any more."""
    task = activation.task
    task.status, task.owner, task.role, task.assigned = STATUS.ASSIGNED, user, None, timezone.now()
    task.save()
    messages.tell_waiting(task)


def add_signer(task, by, employee, comment=""):
    """Ask one more person at the task's level: his approval is needed too, however the level decides otherwise."""
    with opened(task, by, reason="add_signer") as activation:
        task = activation.task
        _require_open(task)
        _require(rights.may_decide(by, task))
        employee = _stored(employee)
        _require(rights.may_receive(employee, task, task.process.document))
        siblings = _siblings(task)
        if siblings.filter(owner=employee.user, status__in=OPEN).exists():
            raise Refusal(_("%(name)s is asked already.") % {"name": employee.title()}, code="same")
        split = task.previous.get(flow_task=task.process.flow_class.open_level)
        prefix, _sign, _number = task.token.token.rpartition("_")
        item = item_of(task.data, {"user": employee.user.pk, "name": employee.title()}, is_added=True)
        opening = split.flow_task.activation_class(split)
        opening.process = split.process = task.process
        added = task.flow_task._create(opening, Token(f"{prefix}_{siblings.count() + 1}"), data=item)
        note(task.process, Event.ADDED, by=by, to=employee.user, task=added.task, comment=comment)
    return added.task


def nudge(document, by):
    """Ask whoever has the document to hurry; not more than every half hour. Returns whom."""
    with changes("operation", user=by, reason="nudge"):
        process = open_process(document)
        tasks = list(waiting_tasks(process)) if process else []
        if not tasks:
            raise Refusal(_("Nobody has to decide on this document."), code="wrong_state")
        _require(policy.may(by, f"submit_{process.code}", _locked(process)))
        _require(rights.may_withdraw(by, process))
        last = process.events.filter(kind=Event.NUDGED).order_by("-at").first()
        if last and timezone.now() - last.at < NUDGE_PAUSE:
            raise Refusal(_("They were asked a moment ago; wait half an hour."), code="too_soon")
        note(process, Event.NUDGED, by=by)
        for task in tasks:
            task.process = process
            messages.remind(task, why=_("%(name)s asks you to hurry.") % {"name": by.title()})
    return [task.waits_for for task in tasks]


# ── what the deeds share ─────────────────────────────────────────────────────────────────────────────────────────────────


def waiting_tasks(process):
    """The tasks of a process that somebody has to decide now."""
    return (
        process.task_set.filter(flow_task=process.flow_class.approve, status__in=OPEN)
        .select_related("owner__employee", "role")
        .order_by("pk")
    )


def _siblings(task):
    return ApprovalTask.objects.filter(process=task.process, flow_task=task.flow_task, round=task.round, level=task.level)


def _stored(employee):
    """The employee as he is now, with his log-in."""
    return Employee.objects.select_related("user").get(pk=employee.pk)


def _locked(process):
    """The document's row, locked and as it stands now."""
    model = ContentType.objects.get_for_id(process.content_type_id).model_class()
    found = model._base_manager.select_for_update(of=("self",), no_key=True).filter(pk=process.object_id).first()
    if found is None:
        raise Refusal(_("This document is no longer there."), code="gone")
    return found


@contextmanager
def opened(task, by, *, reason):
    """The activation of a task (or of one of the inbox's proxies), with its document and process locked and read anew."""
    kind = "operation" if by is not None else "job"
    with changes(kind, user=by, reason=f"approval {reason}"):
        stored = ApprovalTask.objects.select_related("process").get(pk=task.pk)
        document = _locked(stored.process)
        with stored.activation() as activation:
            activation.process.document = document
            if activation.flow_task.task_type == "OBSOLETE":
                raise Refusal(_("This step of the route no longer exists; withdraw the document and submit it again."), code="obsolete")
            yield activation


def _require(decision):
    if not decision:
        raise Refusal(decision.why, code="no_right", help=decision.grant)


def _require_open(task):
    if task.is_open:
        return
    by = (
        task
        if task.decision
        else _siblings(task).exclude(decision="").select_related("owner__employee").order_by("-finished", "-pk").first()
    )
    if task.process.outcome == ApprovalProcess.Outcome.WITHDRAWN or by is None:
        raise Refusal(_("This document was withdrawn; there is nothing to decide any more."), code="withdrawn")
    sentences = {
        Decision.APPROVE: _("Already approved by %(name)s."),
        Decision.REJECT: _("Already rejected by %(name)s."),
        Decision.RETURN: _("Already returned by %(name)s."),
    }
    raise Refusal(sentences[by.decision] % {"name": by.owner.title()}, code="decided")


def note(process, kind, *, by=None, to=None, task=None, comment=""):
    return ApprovalEvent.objects.create(
        process=process, kind=kind, by=by, to=to, task=task, comment=comment, round=process.round, level=process.level
    )
