"""The deeds every approvable document shares: rejecting, returning, withdrawing and reopening it, each named after the document."""

from django.utils.translation import gettext_lazy as _

from models.base.documents import Approval
from models.base.operations import Operation
from models.base.protocols import may_withdraw, start_route, stop_route


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
