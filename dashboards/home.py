"""The first page of the day: what waits for this person and, for those who lead others, the overview of the business."""

from django.db.models import Q
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from dashboards import views
from dashboards.boards import boards_for
from dashboards.work import Decisions, work_of
from models.base import policy
from models.org.models import Assistance, Department, Employee, Region
from models.sales.models import Opportunity, Order


def leads_others(user):
    """True for whoever heads people, a department or a region and sees the selling of others than those he enters for."""
    if user.employee_id is None:
        return user.is_superuser
    me = user.employee_id
    enters_for = Assistance.objects.filter(assistant=me).values_list("salesperson", flat=True)
    own = Q(owner_id__in=frozenset([me, *enters_for]))
    if any(not policy.may(user, "view", model) or policy.condition(user, model) == own for model in (Order, Opportunity)):
        return False
    working = (Employee.Status.EMPLOYED, Employee.Status.TRIAL)
    return (
        Employee.objects.filter(superior=me, status__in=working).exists()
        or Department.objects.filter(manager=me).exists()
        or Region.objects.filter(manager=me).exists()
    )


def home(request, extra_context=None):
    """The overview board for those who lead others, with what waits for them above it; else the workbench."""
    offered = boards_for(request.user)
    if not offered or not leads_others(request.user):
        return workbench(request, extra_context)
    context = views.board_context(request, offered[0], offered)
    context |= {"title": _("Start"), "work": [urgent] if (urgent := Decisions(request.user).shown()) else []}
    return TemplateResponse(request, "dashboards/board.html", {**context, **(extra_context or {})})


def workbench(request, extra_context=None):
    """What waits for this person."""
    context = {
        "title": _("My work"),
        "boards": views.tabs(boards_for(request.user)),
        "work": work_of(request.user),
        "tabs_label": _("Boards"),
    }
    return TemplateResponse(request, "dashboards/workbench.html", {**context, **(extra_context or {})})
