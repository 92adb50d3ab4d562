"""What a person's roles grant, resolved in a handful of queries once per request."""

from functools import cache, lru_cache

from django.apps import apps
from django.utils.translation import gettext as _

from models.base import protocols
from models.base.policy import EVERYTHING, WRITE, Access, Atom, governor, record_type
from models.org.models import Assistance, Company, Department, Employee, FieldLimit, Region, RoleGrant, Scope


def subordinate_ids(employee_id):
    """The employee and everybody below him, directly or not. One query."""
    reports = {}
    for key, superior in Employee.objects.exclude(superior=None).values_list("pk", "superior_id"):
        reports.setdefault(superior, []).append(key)
    found, waiting = set(), [employee_id]
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += reports.get(key, [])
    return frozenset(found)


class _Reach:
    """Resolves each scope kind of one employee at most once."""

    def __init__(self, employee):
        self.employee = employee

    @lru_cache(maxsize=8)  # noqa: B019 (lives as long as one request)
    def of(self, scope):
        """(attribute, ids) of a scope."""
        me = self.employee
        if scope == Scope.OWN:
            return "owner_id", self._mine()
        if scope == Scope.SUBORDINATES:
            return "owner_id", subordinate_ids(me.pk) | self._mine()
        if scope == Scope.DEPARTMENT:
            return "department_id", frozenset([me.department_id]) - {None}
        if scope == Scope.BELOW:
            return "department_id", frozenset(Department.with_descendants([me.department_id])) - {None}
        if scope == Scope.REGION:
            return "region_id", frozenset(Region.with_descendants([me.region_id])) - {None}
        if scope == Scope.COMPANY:
            return "company_id", frozenset([me.company_id])
        return EVERYTHING, frozenset()

    def _mine(self):
        assisted = Assistance.objects.filter(assistant=self.employee).values_list("salesperson_id", flat=True)
        return frozenset([self.employee.pk, *assisted])


@protocols.access_of.fill
def access_of(user):
    """The Access of a user: the union of the grants of his employee's active roles; administrators may do everything."""
    if user.is_superuser:
        return Access(user, is_administrator=True)
    access = Access(user)
    if user.employee_id is None:
        return access
    employee = Employee.objects.get(pk=user.employee_id)
    reach = _Reach(employee)
    grants = RoleGrant.objects.filter(role__is_active=True, role__holders__employee=employee).values_list(
        "role__name", "role_id", "record_type", "verb", "scope"
    )
    roles_by_type, role_ids = {}, set()
    for role, role_id, kind, verb, scope in grants:
        attribute, ids = reach.of(scope)
        role_ids.add(role_id)
        rule = _("role “%(role)s”: %(scope)s") % {"role": role, "scope": Scope(scope).label}
        access.atoms.setdefault((kind, verb), []).append(Atom(rule, attribute, ids))
        roles_by_type.setdefault(kind, set()).add(role_id)
    for atoms in access.atoms.values():
        atoms.sort(key=lambda atom: atom.attribute is not EVERYTHING)
    limits = {}
    for role_id, kind, name, level in FieldLimit.objects.filter(role_id__in=role_ids).values_list(
        "role_id", "record_type", "field", "level"
    ):
        limits.setdefault((kind, name), {})[role_id] = level
    for (kind, name), by_role in limits.items():
        roles = roles_by_type.get(_granted(kind)) or role_ids
        access.levels.setdefault(kind, {})[name] = max(by_role.get(role_id, WRITE) for role_id in roles)
    return access


@cache
def _granted(kind):
    """The record type whose rights hold for this one: a line's are its document's."""
    try:
        model = apps.get_model(kind)
    except LookupError:  # a limit on a type that is gone
        return kind
    return record_type(governor(model)[0])


@protocols.default_company_id.fill
def default_company_id(user):
    """The company of the person's employee, else the head office."""
    if user is not None and user.employee_id is not None:
        return user.employee.company_id
    return Company.objects.order_by("parent_id", "pk").values_list("pk", flat=True).first()
