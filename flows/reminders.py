"""Looks after tasks that are not done in their time: a reminder, then the superior. Never an approval by time."""

from django.utils import timezone
from django_tasks import task

from flows import messages, rights
from flows.people import is_living, superiors
from flows.records import OPEN, ApprovalEvent, ApprovalTask
from flows.route import hand_to, note, opened
from models.audit.jobs import every
from models.base.operations import Refusal


@every(seconds=300)
@task()
def look_after_tasks():
    """Remind and escalate what is due."""
    return tick()


def tick():
    """Remind and escalate what is due now, each task in a transaction of its own. Returns how many were looked after."""
    due = ApprovalTask.objects.filter(status__in=OPEN, attention_at__lte=timezone.now()).order_by("attention_at", "pk")
    return sum(_look_after(one) for one in list(due[:500]))


def _look_after(stored):
    try:
        with opened(stored, None, reason="reminder") as activation:
            found, now = activation.task, timezone.now()
            if not found.is_open or found.attention_at is None or found.attention_at > now:
                return False  # another worker was here
            if not found.is_reminded and found.data.get("reminder"):
                _remind(found)
            else:
                _escalate(activation)
            return True
    except Refusal:  # the document is gone
        return False


def _remind(found):
    found.is_reminded, found.attention_at = True, found.due_at
    found.save(update_fields=["is_reminded", "attention_at"])
    messages.remind(found)
    note(found.process, ApprovalEvent.Kind.REMINDED, task=found, to=found.owner)


def _escalate(activation):
    """Tell the superior of whoever has the task, or give it to him where the level says so and he may have it."""
    found = activation.task
    found.is_escalated, found.attention_at = True, None
    superior = _superior_of(found)
    if superior is None:
        found.save(update_fields=["is_escalated", "attention_at"])
    elif found.data.get("hands_over") and rights.may_receive(superior, found, found.process.document):
        hand_to(activation, superior.user)
    else:
        found.save(update_fields=["is_escalated", "attention_at"])
        messages.tell_superior(found, superior.user)
    note(found.process, ApprovalEvent.Kind.ESCALATED, task=found, to=superior.user if superior else None)


def _superior_of(found):
    """The nearest living superior of the owner, or of the first holder of the role, who is not the submitter."""
    if found.owner_id:
        person = found.owner.employee
    else:
        holder = found.role.holders.select_related("employee").order_by("pk").first()
        person = holder.employee if holder else None
    if person is None:
        return None
    return next((one for one in superiors(person) if is_living(one) and not rights.is_own(one.user, found.process)), None)
