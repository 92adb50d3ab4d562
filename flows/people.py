"""Finds the people a level names. Living are those who work here and can log in; nobody decides on what is his own."""

from flows.definitions import ChainApprover
from models.base.documents import business_today
from models.org.models import Employee, RoleHolder

Kind = ChainApprover.Kind
WITH_SUPERIORS = ("user", "superior__user", "superior__superior__user", "superior__superior__superior__user")


def is_living(employee):
    """Works here and has a log-in that is not switched off."""
    user = getattr(employee, "user", None)
    has_left = employee.status == Employee.Status.LEFT or (employee.left_on is not None and employee.left_on < business_today())
    return user is not None and user.is_active and not has_left


def superiors(employee):
    """From the direct superior upwards; a circle ends the walk."""
    seen, person = {employee.pk}, employee.superior
    while person is not None and person.pk not in seen:
        seen.add(person.pk)
        yield person
        person = person.superior


def living_holders(role_id):
    """The living employees who hold an active role."""
    rows = RoleHolder.objects.filter(role_id=role_id, role__is_active=True).select_related("employee__user").order_by("employee_id")
    return [row.employee for row in rows if is_living(row.employee)]


def as_person(employee):
    """An approver as the frozen level keeps him. The name stays readable when he is gone."""
    return {"user": employee.user.pk, "employee": employee.pk, "name": employee.title()}


def as_role(role):
    """A role as the frozen level keeps it: whoever takes the task decides."""
    return {"role": role.pk, "name": role.title()}


class People:
    """The people around one document and its submitter. Each question is asked once."""

    def __init__(self, document, submitter):
        self.document = document
        starts_from = document.owner_id or document.handler_id or (submitter.employee_id if submitter else None)
        found = Employee.objects.select_related(*WITH_SUPERIORS).filter(pk=starts_from).first() if starts_from else None
        self.owner = found
        self.own = {key for key in (document.owner_id, submitter.employee_id if submitter else None) if key}
        self._holders = {}

    def holders(self, role_id):
        """The living holders of a role."""
        if role_id not in self._holders:
            self._holders[role_id] = living_holders(role_id)
        return self._holders[role_id]

    def stand_in(self, employee):
        """The nearest living superior whose document this is not, or None."""
        return next((person for person in superiors(employee) if person.pk not in self.own and is_living(person)), None)

    def who(self, approver, *, one_by_one=False):
        """The frozen approvers that an approver row means; empty if nobody living is found.

        `one_by_one`: a role stands for each of its holders, not for whoever takes the task.
        """
        if approver.kind == Kind.ROLE:
            return self.role(approver.role, one_by_one=one_by_one)
        employee = self._named(approver)
        return self.person(employee) if employee is not None else []

    def person(self, employee):
        """The employee, or for his own document his next superior."""
        if employee.pk in self.own:
            employee = self.stand_in(employee)
        return [as_person(employee)] if employee is not None and is_living(employee) else []

    def role(self, role, *, one_by_one=False):
        """The role while others than the document's own people hold it (if just one, he himself), else a holder's next superior."""
        holders = self.holders(role.pk)
        others = [employee for employee in holders if employee.pk not in self.own]
        if len(others) == 1:
            return [as_person(others[0]) | {"role": role.pk}]
        if others:
            return [as_person(employee) for employee in others] if one_by_one else [as_role(role)]
        return next((found for found in map(self.person, holders) if found), [])

    def _named(self, approver):
        if approver.kind == Kind.EMPLOYEE:
            return approver.employee
        if approver.kind == Kind.SUPERIOR:
            return self._superior(approver)
        if approver.kind == Kind.DEPARTMENT_HEAD:
            return self._head(self.document.department or getattr(self.owner, "department", None), approver.steps)
        return self._head(self.document.region or getattr(self.owner, "region", None), approver.steps)

    def _superior(self, approver):
        """The n-th superior; with a role the nearest holder of it from the owner upwards, or the direct superior where none is above."""
        if self.owner is None:
            return None
        above = list(superiors(self.owner))
        if approver.role_id:
            holders = {employee.pk for employee in self.holders(approver.role_id)}
            nearest = next((person for person in [self.owner, *above] if person.pk in holders), None)
            return nearest or next(iter(above), None)
        return above[min(approver.steps, len(above)) - 1] if above else None

    @staticmethod
    def _head(unit, steps):
        """The head of a unit (1) or of a unit above it (2 …); units without a head are passed over."""
        if unit is None:
            return None
        heads = [node.manager for node in [unit, *unit.ancestors()] if node.manager_id]
        return heads[min(steps, len(heads)) - 1] if heads else None
