"""The one shared route. Every document's flow gets its own copy of these nodes; what differs are facts and hooks.

    start → more levels? → open level → approve × N → collect → outcome
       ├ rejected → refuse → end
       ├ returned → hand back → revise (submitter) → next round
       └ approved → more levels? … no → finish → end

The route never changes a document: it calls the document's approve_…, reject_… and return_… operations.
"""

from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow import flow, lock
from viewflow.workflow.status import STATUS

from flows import chains, messages
from flows.nodes import Approve, Begin, Choice, Collect, FanOut, Finish, Question, Revise, Step
from flows.records import OPEN, ApprovalEvent, ApprovalProcess, ApprovalTask, Decision
from models.base.actor import current_user
from models.base.operations import find_operation
from models.org.models import RoleHolder

Outcome = ApprovalProcess.Outcome


def carry_out(verb, document, **arguments):
    """Do approve_…, reject_… or return_… to the document for the acting user, whose right the route has checked."""
    operation = find_operation(type(document), f"{verb}_{document.DOCUMENT_CODE}")
    return operation.by_route(document, by=current_user(), **arguments)


def close_obsolete(activation):
    """Without an end a task would count as open for ever."""
    activation.task.finished = timezone.now()


class ApprovalRoute:
    """A plain mixin, not a Flow: the edges of a subclassed Flow would lead back to the parent's nodes.

    `documents` names the record types by their codes; `facts(document)` answers the conditions of their chains.
    """

    documents = {}
    process_class = ApprovalProcess
    task_class = ApprovalTask
    lock_impl = lock.SelectForUpdateLock(nowait=False, attempts=1)

    start = Begin(this.on_start).Annotation(title=_("Submitted")).Next(this.more_levels)
    more_levels = Question(this.next_level).Annotation(title=_("Another level?")).Then(this.open_level).Else(this.finish)
    open_level = FanOut(this.approvers).Annotation(title=_("Ask the level")).Next(this.approve)
    approve = Approve(None).Annotation(title=_("Approve")).Next(this.collect)
    collect = Collect(continue_on_condition=this.when_decided).Annotation(title=_("Decided?")).Next(this.outcome)
    outcome = (
        Choice()
        .Annotation(title=_("How?"))
        .Case(this.refuse, this.was_rejected)
        .Case(this.hand_back, this.was_returned)
        .Default(this.more_levels)
    )
    hand_back = Step(this.on_returned).Annotation(title=_("Return for changes")).Next(this.revise)
    revise = Revise(None).Annotation(title=_("Revise")).Next(this.restart)
    restart = Step(this.on_resubmitted).Annotation(title=_("Next round")).Next(this.more_levels)
    finish = Step(this.on_approved).Annotation(title=_("Take effect")).Next(this.approved)
    refuse = Step(this.on_rejected).Annotation(title=_("Reject")).Next(this.rejected)
    approved = Finish().Annotation(title=_("Approved"))
    rejected = Finish().Annotation(title=_("Rejected"))

    # Stands for nodes of earlier versions: their tasks stay readable and can be withdrawn. Renamed nodes get a data migration instead.
    obsolete = flow.Obsolete(cancel_func=close_obsolete)

    # ── what a document's flow says ──────────────────────────────────────────────────────────────────────────────────────

    def facts(self, document):
        """Something whose `get(name)` answers the facts that chains of this document may ask."""
        raise NotImplementedError

    def remarks(self, document, user):
        """Sentences an approver should read before he agrees, as far as the person may know."""
        return []

    def on_level_approved(self, document, level, task):
        """A level has agreed; `level` is its frozen form, `task` the last decision."""

    # ── what the nodes do ────────────────────────────────────────────────────────────────────────────────────────────────

    def on_start(self, activation, document, route):
        process = activation.process
        fill(process, document, route, current_user())
        activation.task.owner = process.submitter
        return process

    def next_level(self, activation):
        """Move on to the next level that somebody still has to decide; False when none is left.

        Who agreed one level before is not asked again.
        """
        process = activation.process
        process.outcome = Outcome.OPEN
        agreed = [task.owner_id for task in process.decided]
        while process.level + 1 < len(process.levels):
            process.level += 1
            if not self._is_agreed(process, agreed):
                process.save(update_fields=["level", "levels", "outcome"])
                return True
        return False

    def _is_agreed(self, process, agreed):
        """Is the current level decided by those who agreed just before? Marks the approvers that need not be asked."""
        level, decided = process.current_level, []
        for approver in level["approvers"]:
            who = _agreed_as(approver, agreed)
            approver["has_agreed"] = who is not None
            if who is not None:
                decided.append(who)
                kind = ApprovalEvent.Kind.SKIPPED
                ApprovalEvent.objects.create(process=process, kind=kind, by_id=who, round=process.round, level=process.level)
        if not decided or (level["mode"] != "any" and len(decided) < len(level["approvers"])):
            return False
        self.on_level_approved(process.document, level, process.decided[-1])
        return True

    def approvers(self, activation):
        """One item for each approver of the current level who has still to be asked."""
        process, level = activation.process, activation.process.current_level
        if level["is_fallback"]:
            ApprovalEvent.objects.create(process=process, kind=ApprovalEvent.Kind.FALLBACK, round=process.round, level=process.level)
        return [item_of(level, approver) for approver in level["approvers"] if not approver["has_agreed"]]

    def on_task(self, task):
        """A person or a role has something to decide."""
        messages.tell_waiting(task)

    def when_decided(self, activation):
        """The open tasks to cancel once the level is decided, None while it is not.

        One rejection or return decides. Else `any` needs one approval, `all` every one; an added signer is always waited for.
        """
        process = activation.process
        tasks = list(self.task_class.objects.filter(process=process, flow_task=self.approve, round=process.round, level=process.level))
        for task in tasks:
            task.process = process
        waiting = [task for task in tasks if task.status in OPEN]
        process.decided = sorted((task for task in tasks if task.status == STATUS.DONE), key=lambda task: (task.finished, task.pk))
        against = {task.decision for task in process.decided} - {Decision.APPROVE}
        if against:
            process.outcome = Outcome.REJECTED if Decision.REJECT in against else Outcome.RETURNED
            process.save(update_fields=["outcome"])
            return waiting
        suffices = process.current_level["mode"] == "any" and any(not task.is_added for task in process.decided)
        if waiting and (not suffices or any(task.is_added for task in waiting)):
            return None
        self.on_level_approved(process.document, process.current_level, process.decided[-1])
        return waiting

    def was_rejected(self, activation):
        return activation.process.outcome == Outcome.REJECTED

    def was_returned(self, activation):
        return activation.process.outcome == Outcome.RETURNED

    def on_returned(self, activation):
        self._tell_end("return", activation.process)

    def on_rejected(self, activation):
        self._tell_end("reject", activation.process)

    def _tell_end(self, verb, process):
        decision = process.decided[-1]
        carry_out(verb, process.document, reason=decision.comment)
        messages.tell_submitter(process, decision)

    def on_resubmitted(self, activation):
        """The document may have changed, so the chain is sought anew."""
        process = activation.process
        by = current_user()
        route = chains.find_route(process.document, self.facts(process.document), by=by)
        process.level, process.round, process.outcome = -1, process.round + 1, Outcome.OPEN
        fill(process, process.document, route, by)
        process.save()

    def on_approved(self, activation):
        process = activation.process
        process.outcome = Outcome.APPROVED if process.levels else Outcome.NO_RULE
        carry_out("approve", process.document)
        if process.decided:
            messages.tell_submitter(process, process.decided[-1])


def fill(process, document, route, by):
    """Freeze on the process what its deciders and the inbox need."""
    process.document = document
    process.content_type = ContentType.objects.get_for_model(document)
    process.code, process.number = document.DOCUMENT_CODE, document.number
    process.subject = document.customer.title()[:200] if getattr(document, "customer_id", None) else ""
    process.amount = document.base_gross
    process.company_id, process.document_owner_id = document.company_id, document.owner_id
    process.submitter = by
    process.chain, process.levels, process.facts = route.chain, route.levels, route.facts


def item_of(level, approver, **more):
    """What a task keeps of its level and its approver."""
    kept = {name: level[name] for name in ("labels", "why", "reminder", "escalation", "hands_over", "is_fallback")}
    return kept | {name: approver[name] for name in ("user", "role", "name") if name in approver} | more


def _agreed_as(approver, users):
    """Which of the users is this approver, or holds this role? None if none."""
    if not users:
        return None
    if "user" in approver:
        return approver["user"] if approver["user"] in users else None
    holders = RoleHolder.objects.filter(role_id=approver["role"], role__is_active=True, employee__user__in=users)
    return holders.values_list("employee__user", flat=True).first()
