"""The deeds every approvable document shares: rejecting, returning, withdrawing and reopening it, each named after the document."""

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from models.base.documents import Approval
from models.base.operations import Operation, Refusal
from models.base.protocols import may_withdraw, start_route, stop_route

# What may be voided: what is in force, and what has a number and is not in force. Only what is in approval must be withdrawn first.
VOIDABLE = (Approval.APPROVED, Approval.DRAFT, Approval.RETURNED, Approval.WITHDRAWN, Approval.REJECTED)


def may_be_void(document):
    """Why a document cannot be voided, or "": a draft that never had a number is deleted instead."""
    if document.approval == Approval.DRAFT and not document.number:
        return _t("A draft without a number is deleted, not voided.")
    return ""


def is_in_force(document, *, by, reason=""):
    """True if a document about to be voided was approved, so that what it posted must be taken back; else its open route ends."""
    if document.approval == Approval.APPROVED:
        return True
    stop_route(document, by=by, reason=reason)
    return False


def require_sound(document):
    """Refuse at submit what was typed as money and is none, and a foreign document without a rate; fill the rate in where one is stored."""
    problems = list(document.amount_problems().values())
    if "lines" in document.LINES and getattr(document, "HAS_LINE_AMOUNTS", True):
        problems.append(document.allowance_problem(list(document.lines.all())))
    if document.fill_rate():
        document.save(update_fields=["rate"])
    problems.append(document.rate_problem())
    if problem := next(filter(None, problems), ""):
        raise Refusal(problem, code="amount")


def begin_route(document, *, by, **_arguments):
    """What follows a submit: the route begins (or goes on, after a return)."""
    start_route(document, by=by)


def declare_approval(model, name):
    """Declare reject_<name>, return_<name>, withdraw_<name> and reopen_<name>. Returns them as a dictionary by verb.

    submit_, approve_ and void_ differ from document to document and are written beside it.
    """

    def reject(document, *, by, reason=""):
        pass

    def send_back(document, *, by, reason=""):
        pass

    def withdraw(document, *, by, reason=""):
        stop_route(document, by=by, reason=reason)

    def only_his_own(document, by):
        return may_withdraw(document, by).why

    def reopen(document, *, by, reason=""):
        pass

    def declared(function, verb, label, **declaration):
        function.__name__ = f"{verb}_{name}"
        return Operation(function, label, on=model, field="approval", is_step=False, **declaration)

    return {
        "reject": declared(
            reject, "reject", _("Reject"), source=Approval.PENDING, target=Approval.REJECTED, route_only=True, icon="close", danger=True
        ),
        "return": declared(
            send_back, "return", _("Return for changes"), source=Approval.PENDING, target=Approval.RETURNED, route_only=True, icon="undo"
        ),
        "withdraw": declared(
            withdraw,
            "withdraw",
            _("Withdraw"),
            source=(Approval.PENDING, Approval.RETURNED),
            target=Approval.WITHDRAWN,
            right=f"submit_{name}",
            by_whom=only_his_own,
            icon="block",
            asks=("reason",),
        ),
        "reopen": declared(
            reopen,
            "reopen",
            _("Reopen as draft"),
            source=(Approval.REJECTED, Approval.WITHDRAWN),
            target=Approval.DRAFT,
            right=f"submit_{name}",
            icon="restart_alt",
        ),
    }
