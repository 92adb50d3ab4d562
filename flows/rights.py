"""Who may do what with a task. Always asked of the stored row, inside the deciding transaction."""

from django.utils.translation import gettext as _

from flows.people import is_living
from flows.records import ApprovalTask
from models.base import policy
from models.base.policy import Decision
from models.org.models import RoleHolder

YES = Decision(True)


def role_ids(user):
    """The active roles of the user's employee."""
    if user.employee_id is None:
        return set()
    return set(RoleHolder.objects.filter(employee_id=user.employee_id, role__is_active=True).values_list("role_id", flat=True))


def is_own(user, process):
    """Did the user submit the document, or is it his?"""
    return process.submitter_id == user.pk or (user.employee_id is not None and process.document_owner_id == user.employee_id)


def may_withdraw(user, process):
    """May the user take the document of an open approval back? Who submitted it, whose it is, and whoever may change approval tasks."""
    if is_own(user, process) or policy.may(user, "change", ApprovalTask):
        return YES
    return Decision(
        False, _("%(name)s submitted this; only the submitter and the owner can take it back.") % {"name": process.submitter.title()}
    )


def may_take(user, task):
    """May the user take a task that waits for a role?"""
    if is_own(user, task.process):
        return Decision(False, _("This document is your own; somebody else has to decide."))
    if task.role_id is None or not user.is_active or task.role_id not in role_ids(user):
        return Decision(False, _("This task waits for %(who)s.") % {"who": task.waits_for})
    return YES


def may_decide(user, task):
    """May the user decide the task: is it his, or his role's?"""
    if task.owner_id is None:
        return may_take(user, task)
    if task.owner_id != user.pk or not user.is_active:
        return Decision(False, _("This task waits for %(who)s.") % {"who": task.waits_for})
    return YES


def may_hand_on(user, task):
    """May the user give the task to somebody else? Its holder may, and whoever may change approval tasks (an administrator)."""
    decision = may_decide(user, task)
    if decision:
        return decision
    return YES if policy.may(user, "change", type(task)) else decision


def may_receive(employee, task, document):
    """Can this employee be given the task? He must work here, see the document and not decide on his own."""
    if not is_living(employee):
        return Decision(False, _("%(name)s cannot log in.") % {"name": employee.title()})
    if is_own(employee.user, task.process):
        return Decision(False, _("The document is %(name)s's own.") % {"name": employee.title()})
    if not policy.may(employee.user, "view", document):
        return Decision(False, _("%(name)s may not see this document.") % {"name": employee.title()})
    return YES
