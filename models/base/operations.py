"""Deeds: the only writers of status and of ledgers. One verb is the function, the right, the button, the history reason.

    @operation(_("Dispatch"), on=Delivery, source=Delivery.Progress.PICKED, target=Delivery.Progress.DISPATCHED)
    def dispatch_delivery(delivery, *, by): ...

Calling it opens a change set, locks the row, checks right, scope and state, moves the state, saves and runs the body, in one transaction.
"""

from django.db import models
from django.utils.translation import gettext as _

from models.base import policy
from models.base.policy import Decision
from models.base.protocols import open_changes

_registry = {}


class Refusal(Exception):
    """A deed that cannot be done, with a sentence a clerk understands and who can help. `code` names the rule for programs."""

    def __init__(self, message, *, code="refused", help=""):
        super().__init__(str(message))
        self.message, self.code, self.help = str(message), code, str(help)

    def __str__(self):
        return f"{self.message} {self.help}".strip()


class Operation:
    """A declared deed.

    `source`: the states of `field` it starts from (one, several, or None for any); `target`: the state it moves to, before the body
    or, with moves_first=False, after it. `approval`: the approvals under which it is possible. `needs`: a further condition, a
    function document → sentence why not, or "". `by_whom`: who among those with the right, a function (document, person) → sentence
    why not he, or "". `asks`: names of texts the screen must ask for ("reason"). `picks`: a function
    document → [(line, quantity still possible)]; the screen offers the quantities and the body takes `quantities` {line id:
    quantity}. `allots`: likewise for amounts, a function record → [(receivable, amount possible, amount proposed or None)]; the body
    takes `amounts` {receivable id: amount}. `gathers`: a function document → queryset of further documents of its kind that may go
    into one with it; the body takes `others`. `confirm`: what the screen says before doing what cannot be undone. `route_only`: done
    by an approval, never by a button. `then`: what follows in the same transaction once the state is saved.
    """

    def __init__(
        self,
        function,
        label,
        *,
        on,
        source=None,
        target=None,
        field="progress",
        approval=None,
        needs=None,
        by_whom=None,
        asks=(),
        picks=None,
        allots=None,
        gathers=None,
        confirm="",
        icon="play_arrow",
        danger=False,
        is_step=True,
        route_only=False,
        then=None,
        moves_first=True,
        right=None,
    ):
        self.function, self.label, self.model = function, label, on
        self.source = None if source is None else tuple([source] if isinstance(source, str) else source)
        self.target, self.field, self.approval = target, field, approval
        self.needs, self.by_whom, self.asks, self.confirm, self.icon = needs, by_whom, tuple(asks), confirm, icon
        self.picks, self.allots, self.gathers = picks, allots, gathers
        self.danger, self.is_step, self.route_only, self.then = danger, is_step, route_only, then
        self.moves_first = moves_first
        self.codename = function.__name__
        self.right = right or self.codename
        self.__name__, self.__doc__ = function.__name__, function.__doc__
        _registry.setdefault(on._meta.label_lower, {})[self.codename] = self

    @property
    def permission(self):
        """The right's full name: "sales.dispatch_delivery"."""
        return f"{self.model._meta.app_label}.{self.right}"

    def state_problem(self, document):
        """Why the document's state does not allow this, in words, or ""."""
        if self.source is not None and getattr(document, self.field) not in self.source:
            shown = getattr(document, f"get_{self.field}_display")()
            return _("“%(label)s” is not possible while the %(name)s is “%(state)s”.") % {
                "label": self.label,
                "name": self.model._meta.verbose_name,
                "state": shown,
            }
        if self.approval is not None and document.approval not in self.approval:
            return _("“%(label)s” is not possible while the %(name)s is “%(state)s”.") % {
                "label": self.label,
                "name": self.model._meta.verbose_name,
                "state": document.get_approval_display(),
            }
        return str(self.needs(document) or "") if self.needs else ""

    def allowed(self, document, by):
        """Decision: has the person the right on this record, and does its state allow it?"""
        decision = policy.may(by, self.right, document)
        if not decision:
            return decision
        problem = self.state_problem(document) or self._person_problem(document, by)
        return Decision(not problem, problem)

    def _person_problem(self, document, by):
        return str(self.by_whom(document, by) or "") if self.by_whom else ""

    def __call__(self, document, *, by, **arguments):
        """Do it for the person `by`. Returns what the body returns, else the document. Raises Refusal; then nothing has changed."""
        return self._carry_out(document, by, arguments, check_right=True)

    def by_route(self, document, *, by, **arguments):
        """Do it because an approval decided so: the route has checked who may."""
        return self._carry_out(document, by, arguments, check_right=False)

    def _carry_out(self, document, by, arguments, check_right):
        with open_changes("operation", user=by, reason=self.codename):
            keys = {document.pk, *(other.pk for other in arguments.get("others", ()))}  # together, in the one order
            found = {row.pk: row for row in lock(type(document)._base_manager.filter(pk__in=keys))}
            locked = found.get(document.pk)
            if locked is None:
                raise Refusal(_("This %(name)s is no longer there.") % {"name": self.model._meta.verbose_name}, code="gone")
            if check_right:
                decision = policy.may(by, self.right, locked)
                if not decision:
                    raise Refusal(decision.why, code="no_right", help=decision.grant)
            problem = self.state_problem(locked)
            if problem:
                raise Refusal(problem, code="wrong_state")
            if check_right and (problem := self._person_problem(locked, by)):
                raise Refusal(problem, code="no_right")
            if self.moves_first:
                self._move(locked)
            result = self.function(locked, by=by, **arguments)
            if not self.moves_first:
                self._move(locked)
            if self.then:
                self.then(locked, by=by, **arguments)
        document.__dict__.update({k: v for k, v in locked.__dict__.items() if k != "_state"})
        return document if result is None else result

    def done_words(self, document):
        """What has come of it, for a message: the state the document is in now, else what was done."""
        return getattr(document, f"get_{self.field}_display")() if self.target is not None else self.label

    def _move(self, document):
        if self.target is not None:
            setattr(document, self.field, self.target)
            document.save(update_fields=[self.field])


def operation(label, **declaration):
    """Declare the decorated function an operation; see Operation."""

    def declare(function):
        return Operation(function, label, **declaration)

    return declare


def operations_of(model):
    """The declared operations of a model, in the order of declaration."""
    return list(_registry.get(model._meta.concrete_model._meta.label_lower, {}).values())


def find_operation(model, codename):
    """The operation of that name, or None."""
    return _registry.get(model._meta.concrete_model._meta.label_lower, {}).get(codename)


def all_operations():
    """Every declared operation."""
    return [operation for declared in _registry.values() for operation in declared.values()]


def lock(queryset: models.QuerySet):
    """Lock the rows in ascending key: the one order in which rows of a kind are locked anywhere.

    Keys never change, so rows that refer to locked ones may be added meanwhile: whoever adds them does not wait, nor lock anybody out.
    """
    return list(queryset.select_for_update(of=("self",), no_key=True).order_by("pk"))
