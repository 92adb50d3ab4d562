"""Mails of the route, stored with the deed that owes them. Who has no e-mail address finds everything in his inbox."""

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from flows.facts import sentence
from models.audit.outbox import post_message
from models.base.actor import current_user
from models.org.models import RoleHolder, User


def recipients(task):
    """The users a task waits for who have an e-mail address."""
    reachable = User.objects.filter(is_active=True).exclude(employee=None).exclude(employee__email="").select_related("employee")
    if task.owner_id:
        return list(reachable.filter(pk=task.owner_id))
    holders = RoleHolder.objects.filter(role_id=task.role_id, role__is_active=True).values("employee_id")
    return list(reachable.filter(employee__in=holders).exclude(pk=task.process.submitter_id).order_by("pk"))


def reasons(why):
    """The reasons of a level as one text; without any the document is asked about always."""
    return "; ".join(sentence(reason) for reason in why) if why else str(_("Every document of this kind"))


def _post(user, key, subject, body):
    post_message(f"{key}-{user.pk}", "mail", {"to": user.employee.email, "subject": subject, "body": body})


def _to_each(task, key, subject, first_line):
    """One mail to everybody a task waits for, each in his own language. `subject` and `first_line` are made in it."""
    process = task.process
    for user in recipients(task):
        with translation.override(user.language or translation.get_language()):
            lines = [
                first_line(),
                "",
                f"{process.get_code_display()} {process.number}",
                process.subject,
                f"{_('Amount')}: {process.amount:,.2f}",
                f"{_('Why you')}: {reasons(task.data.get('why', ()))}",
                f"{_('Submitted by')}: {process.submitter.title()}",
            ]
            _post(user, key, subject(), "\n".join(lines))


def tell_waiting(task):
    """Something new waits for a person or a role."""
    process = task.process
    _to_each(
        task,
        f"approval-{task.pk}-waiting-{task.owner_id or 0}",
        lambda: _("%(document)s %(number)s waits for your approval") % {"document": process.get_code_display(), "number": process.number},
        lambda: _("Please decide."),
    )


def remind(task, *, why=""):
    """It still waits: after the time of its level, or because somebody asks to hurry."""
    process = task.process
    _to_each(
        task,
        f"approval-{task.pk}-reminder-{timezone.now():%Y%m%d%H%M%S}",
        lambda: (
            _("Reminder: %(document)s %(number)s waits for your approval")
            % {"document": process.get_code_display(), "number": process.number}
        ),
        lambda: why or _("It has been waiting since %(since)s.") % {"since": timezone.localtime(task.created).strftime("%Y-%m-%d %H:%M")},
    )


def tell_superior(task, superior):
    """A task was not done in its time; `superior` is the user above its owner."""
    process, user = task.process, superior
    if not user.employee.email:
        return
    with translation.override(user.language or translation.get_language()):
        subject = _("%(document)s %(number)s waits too long") % {"document": process.get_code_display(), "number": process.number}
        since = timezone.localtime(task.created).strftime("%Y-%m-%d %H:%M")
        body = _("%(who)s has had it for approval since %(since)s.") % {"who": task.waits_for, "since": since}
        _post(user, f"approval-{task.pk}-escalation", subject, body)


def tell_submitter(process, task):
    """How it ended: approved, returned or rejected, by whom, and what he says."""
    user = process.submitter
    if user == current_user() or user.employee_id is None or not user.employee.email:
        return
    with translation.override(user.language or translation.get_language()):
        subject = f"{process.get_code_display()} {process.number}: {task.get_decision_display()}"
        body = "\n".join(part for part in (f"{task.get_decision_display()}: {task.waits_for}", task.comment) if part)
        _post(user, f"approval-{process.pk}-{process.round}-{task.decision}", subject, body)
