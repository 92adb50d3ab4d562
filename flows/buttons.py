"""What a person may do about the approval of a document, as data for buttons. The deeds themselves ask for the right again."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from flows import rights, route
from flows.records import ApprovalEvent, Decision
from models.base import policy
from models.base.operations import Refusal
from models.org.models import Employee


@dataclass(frozen=True)
class Deed:
    """Something to do with a task or a document. `asks`: "comment", "employee", or both; `needs`: which of them must be filled."""

    key: str
    label: str
    icon: str
    asks: tuple = ("comment",)
    needs: tuple = ()
    is_main: bool = False
    danger: bool = False
    hint: str = ""


APPROVE = Deed("approve", _("Approve"), "check", is_main=True)
RETURN = Deed(
    "return", _("Return for changes"), "undo", needs=("comment",), hint=_("The submitter can change the document and submit it again.")
)
REJECT = Deed(
    "reject", _("Reject"), "close", needs=("comment",), danger=True, hint=_("The document ends here; it can be reopened as a draft.")
)
CLAIM = Deed("claim", _("Take the task"), "front_hand", asks=())
RELEASE = Deed("release", _("Give back to the queue"), "low_priority", asks=())
REASSIGN = Deed(
    "reassign", _("Reassign"), "forward", asks=("employee", "comment"), needs=("employee",), hint=_("Your colleague decides in your place.")
)
ADD_SIGNER = Deed(
    "add_signer",
    _("Add signer"),
    "group_add",
    asks=("employee", "comment"),
    needs=("employee",),
    hint=_("Your colleague has to agree too."),
)
NUDGE = Deed("nudge", _("Nudge"), "notifications_active", asks=())

DEEDS = {deed.key: deed for deed in (APPROVE, RETURN, REJECT, CLAIM, RELEASE, REASSIGN, ADD_SIGNER, NUDGE)}
DECIDING = {"approve": Decision.APPROVE, "return": Decision.RETURN, "reject": Decision.REJECT}


def task_for(user, tasks):
    """The task among these that the person may decide: his own before his roles'."""
    own = [task for task in tasks if task.owner_id == user.pk]
    return next(iter(own), None) or next((task for task in tasks if task.owner_id is None and rights.may_take(user, task)), None)


def open_tasks(document):
    """The tasks of a document that wait for somebody, with its process."""
    process = route.open_process(document)
    tasks = list(route.waiting_tasks(process)) if process is not None else []
    for task in tasks:
        task.process = process
    return tasks


def decisions(document, user, tasks=None):
    """[(Deed, task or None)] of what the person may do now, the next step first. Asks one query where nothing waits."""
    tasks = open_tasks(document) if tasks is None else tasks
    if not tasks:
        return []
    found, task = [], task_for(user, tasks)
    if task is not None:
        deeds = [APPROVE, RETURN, CLAIM if task.owner_id is None else None, ADD_SIGNER, REASSIGN]
        deeds += [RELEASE if task.role_id and task.owner_id else None, REJECT]
        found = [(deed, task) for deed in deeds if deed is not None]
    elif policy.may(user, "change", type(tasks[0])):
        found = [(REASSIGN, tasks[0])]
    if task is None and _may_nudge(user, document, tasks[0].process):
        found.append((NUDGE, None))
    return found


def _may_nudge(user, document, process):
    may_submit = policy.may(user, f"submit_{document.DOCUMENT_CODE}", document)
    return may_submit and rights.may_withdraw(user, process) and not _was_nudged(process)


def _was_nudged(process):
    since = timezone.now() - route.NUDGE_PAUSE
    return process.events.filter(kind=ApprovalEvent.Kind.NUDGED, at__gt=since).exists()


def carry_out(key, document, user, *, task=None, comment="", employee=None):
    """Do what a button says, for the task it stood for. Returns a sentence about it. Raises Refusal."""
    deed = DEEDS[key]
    for name, value in (("comment", comment), ("employee", employee)):
        if name in deed.needs and not value:
            raise Refusal({"comment": _("Say why: others will read it."), "employee": _("Choose a colleague.")}[name], code=name)
    if key in DECIDING:
        route.decide(task, user, DECIDING[key], comment)
        return _decided(document, DECIDING[key])
    if key == "nudge":
        return _("Asked to hurry: %(names)s.") % {"names": ", ".join(route.nudge(document, user))}
    if key in ("claim", "release"):
        getattr(route, key)(task, user)
        return _("The task is yours.") if key == "claim" else _("The task is back in the queue.")
    getattr(route, key)(task, user, employee, comment)
    return _("%(name)s has been asked.") % {"name": employee.title()}


def _decided(document, decision):
    """What was decided, and who is asked next."""
    words = _("%(document)s: %(decision)s.") % {"document": document.display_number, "decision": decision.label}
    names = waits_for(document)
    return f"{words} {_('Next: %(names)s.') % {'names': ', '.join(names)}}" if names and decision == Decision.APPROVE else words


def waits_for(document):
    """The names of whoever has to decide on the document now; none where nobody has."""
    return list(dict.fromkeys(task.waits_for for task in open_tasks(document)))


def colleagues(user):
    """The employees a task can be given to: those who can log in."""
    return Employee.objects.filter(user__is_active=True).exclude(status=Employee.Status.LEFT).exclude(pk=user.employee_id).order_by("code")
