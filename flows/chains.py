"""From chains as data to the levels of one document: which chain fits, which levels are asked, who decides, frozen as JSON."""

from dataclasses import dataclass, field

from django.db.models import Q
from django.utils.translation import gettext as _t

from flows.definitions import ApprovalChain, ChainApprover, ChainLevel, Match
from flows.facts import holds, told
from flows.people import People
from models.base.operations import Refusal


@dataclass
class Route:
    """What was found for a document: the chain, the frozen levels (empty: nobody is asked) and the facts that were asked."""

    chain: ApprovalChain | None = None
    levels: list = field(default_factory=list)
    facts: dict = field(default_factory=dict)


class AskedFacts:
    """The facts of a document, remembering which were asked."""

    def __init__(self, source):
        self.source, self.asked = source, {}

    def get(self, name):
        if name not in self.asked:
            self.asked[name] = self.source.get(name)
        return self.asked[name]

    def as_json(self):
        return {name: value if isinstance(value, bool | None) else str(value) for name, value in self.asked.items()}


def candidates(code, company_id):
    """The active chains for documents of this kind and company, the most urgent first."""
    everywhere_or_here = Q(company=None) | Q(company_id=company_id)
    return list(ApprovalChain.objects.filter(everywhere_or_here, document=code, is_active=True).prefetch_related("conditions"))


def reasons(conditions, match, facts):
    """The conditions that hold, as told, or None where the level (or chain) is not asked. No conditions: always."""
    if not conditions:
        return []
    held = []
    for condition in conditions:
        value = facts.get(condition.fact)
        if holds(condition, value):
            held.append(told(condition, value))
        elif match == Match.ALL:
            return None
    return held or None


def find_route(document, source, *, by):
    """The Route of a document that `by` submits; `source.get(fact)` answers its conditions.

    Raises Refusal where a level is asked and neither its approvers nor the chain's fallback are living people.
    """
    facts = AskedFacts(source)
    for chain in candidates(document.DOCUMENT_CODE, document.company_id):
        conditions = list(chain.conditions.all())
        if reasons([one for one in conditions if one.level_id is None], chain.match, facts) is not None:
            levels = asked_levels(chain, conditions, facts)
            return Route(chain, freeze(chain, levels, document, by) if levels else [], facts.as_json())
    return Route(facts=facts.as_json())


def asked_levels(chain, conditions, facts):
    """[(level, why)] of the chain's levels whose conditions hold, in order."""
    found = []
    for level in chain.levels.all():
        why = reasons([one for one in conditions if one.level_id == level.pk], level.match, facts)
        if why is not None:
            found.append((level, why))
    return found


def freeze(chain, levels, document, by):
    """The levels as JSON: who decides, how, why. A level one after the other becomes one entry per person."""
    people = People(document, by)
    rows = ChainApprover.objects.filter(level__in=[level for level, _why in levels]).select_related(
        "role", "employee__user", "employee__superior__user"
    )
    approvers = {}
    for row in rows:
        approvers.setdefault(row.level_id, []).append(row)
    frozen = []
    for level, why in levels:
        one_by_one = level.mode == ChainLevel.Mode.ALL
        found = _once(entry for row in approvers.get(level.pk, []) for entry in people.who(row, one_by_one=one_by_one))
        is_fallback = not found
        if is_fallback:
            found = fallback(chain, people, level)
        groups = [[entry] for entry in found] if level.mode == ChainLevel.Mode.SEQUENCE else [found]
        frozen += [_entry(level, why, group, is_fallback) for group in groups]
    return frozen


def fallback(chain, people, level):
    """Who decides in place of a level that nobody living can decide."""
    found = people.person(chain.fallback_employee) if chain.fallback_employee_id else []
    if not found and chain.fallback_role_id:
        found = people.role(chain.fallback_role)
    if not found:
        raise Refusal(
            _t("Nobody can decide at “%(level)s”: its approvers have left, and so has the fallback of “%(chain)s”.")
            % {"level": level.title(), "chain": chain.title()},
            code="no_approver",
            help=_t("An administrator can name others in the approval chain."),
        )
    return found


def _once(entries):
    """Each approver once, in the first place he is named."""
    seen = {}
    for entry in entries:
        seen.setdefault((entry.get("user"), entry.get("role")), entry)
    return list(seen.values())


def _entry(level, why, approvers, is_fallback):
    mode = ChainLevel.Mode.ANY if level.mode == ChainLevel.Mode.SEQUENCE else level.mode
    return {
        "labels": level.labels,
        "mode": str(mode),
        "why": why,
        "approvers": approvers,
        "reminder": level.reminder_hours,
        "escalation": level.escalation_hours,
        "hands_over": level.on_timeout == ChainLevel.OnTimeout.HAND_OVER,
        "is_fallback": is_fallback,
    }
