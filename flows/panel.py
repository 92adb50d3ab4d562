"""What a document shows of its approval: why it needs you, who has it since when, what follows, and all that happened."""

from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from flows import route
from flows.buttons import decisions, task_for
from flows.facts import FACTS, is_open_to, sentence, shown
from flows.records import ApprovalEvent, ApprovalProcess, Decision
from models.lowcode.models import in_language

STATES = {Decision.APPROVE: "approved", Decision.REJECT: "rejected", Decision.RETURN: "returned", Decision.RESUBMIT: "pending"}


@dataclass
class Entry:
    """One line of the timeline."""

    at: datetime
    who: str
    what: str
    comment: str = ""
    level: str = ""
    round: int = 1
    state: str = ""


@dataclass
class Panel:
    """Everything the template needs. `deeds`: [(Deed, task)] of this person; `waiting`: the tasks somebody has now."""

    process: ApprovalProcess
    is_open: bool
    mine: object = None
    why: list = field(default_factory=list)
    facts: list = field(default_factory=list)
    waiting: list = field(default_factory=list)
    levels: list = field(default_factory=list)
    timeline: list = field(default_factory=list)
    deeds: list = field(default_factory=list)
    remarks: list = field(default_factory=list)

    @property
    def refusal(self):
        """The Entry that returned or rejected the document, while that is how it stands; else None."""
        if self.process.outcome not in (ApprovalProcess.Outcome.RETURNED, ApprovalProcess.Outcome.REJECTED):
            return None
        return next((entry for entry in reversed(self.timeline) if entry.state in ("returned", "rejected")), None)


def reasons_of(why, is_told=None):
    """The reasons of a level as sentences; a level without conditions is always asked. `is_told(fact name)`: may the reader know it?"""
    if is_told is not None:
        why = [reason for reason in why if is_told(reason["fact"])]
        return [sentence(reason) for reason in why]
    return [sentence(reason) for reason in why] or [_("Every document of this kind")]


def panel(document, user):
    """The Panel of a document for a person, or None before its first submit."""
    processes = list(route.processes_of(document).select_related("chain", "submitter__employee"))
    if not processes:
        return None
    process = processes[0]
    process.document = document
    tasks = list(route.waiting_tasks(process)) if process.is_open else []
    now = timezone.now()
    for task in tasks:
        task.process, task.is_late = process, task.due_at is not None and task.due_at < now
    mine = task_for(user, tasks)
    told = {name for name, fact in FACTS.items() if mine is not None or is_open_to(fact, user, document)}
    return Panel(
        process=process,
        is_open=process.is_open,
        mine=mine,
        why=reasons_of(mine.data.get("why", ())) if mine else [],
        facts=[row for name, *row in asked_facts(process) if name in told],
        waiting=tasks,
        levels=levels(process, told.__contains__),
        timeline=timeline(processes),
        deeds=decisions(document, user, tasks),
        remarks=process.flow_class.instance.remarks(document, user) if process.is_open else [],
    )


def asked_facts(process):
    """[(name, label, value)] of the facts the chain asked about."""
    answers = {True: _("Yes"), False: _("No"), None: "–"}
    return [
        (name, FACTS[name].label, answers[value] if value in (True, False, None) else shown(FACTS[name], value))
        for name, value in process.facts.items()
        if name in FACTS
    ]


def levels(process, is_told):
    """The frozen levels with who decides and how far it is: done, current or next. Of the reasons those the reader may know."""
    rows = []
    for index, level in enumerate(process.levels):
        done = index < process.level or process.outcome == ApprovalProcess.Outcome.APPROVED
        state = "done" if done else "current" if index == process.level and process.is_open else "next"
        names = [approver["name"] for approver in level["approvers"]]
        rows.append(
            {
                "name": in_language(level["labels"]),
                "who": names,
                "mode": level["mode"],
                "state": state,
                "why": reasons_of(level["why"], is_told),
            }
        )
    return rows


def timeline(processes):
    """Every submit, decision and event of the document's routes, the newest last."""
    entries = []
    for process in processes:
        entries.append(Entry(process.created, process.submitter.title(), _("Submitted"), state="pending"))
        for task in process.task_set.exclude(decision="").select_related("owner__employee").order_by("finished", "pk"):
            what, state = task.get_decision_display(), STATES[Decision(task.decision)]
            entries.append(Entry(task.finished, task.owner.title(), what, task.comment, task.level_name, task.round, state))
        for event in process.events.select_related("by__employee", "to__employee"):
            entries.append(_entry_of(event))
        if process.outcome == ApprovalProcess.Outcome.NO_RULE:
            entries.append(Entry(process.finished, "", process.get_outcome_display(), state="approved"))
    return sorted(entries, key=lambda entry: entry.at)


def _entry_of(event):
    what = event.get_kind_display()
    if event.to_id:
        what = f"{what}: {event.to.title()}"
    state = "withdrawn" if event.kind == ApprovalEvent.Kind.WITHDRAWN else ""
    return Entry(event.at, event.by.title() if event.by_id else "", what, event.comment, round=event.round, state=state)
