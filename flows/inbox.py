"""What waits for a person, what waits for his roles, what he has submitted and decided: questions about many tasks."""

from django.db.models import Q
from viewflow.workflow.status import STATUS

from flows.records import ApprovalProcess, ApprovalTask
from flows.rights import role_ids

JOINED = ("process__submitter__employee", "role", "owner__employee")


def mine(user, model=ApprovalTask):
    """Tasks that wait for this person, returned documents of his own included."""
    return model._default_manager.filter(owner=user, status=STATUS.ASSIGNED)


def queue(user, model=ApprovalTask):
    """Tasks that anybody with one of his roles may take; not those about his own documents."""
    tasks = model._default_manager.filter(status=STATUS.NEW, role__in=role_ids(user)).exclude(process__submitter=user)
    return tasks.exclude(process__document_owner=user.employee_id) if user.employee_id else tasks


def done(user, model=ApprovalTask):
    """Tasks this person has decided. One that another's decision made needless is none of them."""
    return model._default_manager.filter(owner=user, finished__isnull=False).exclude(decision="")


def started(user, model=ApprovalProcess):
    """Routes of the documents this person has submitted."""
    return model._default_manager.filter(submitter=user)


def waiting(user):
    """How much waits for a person: his own tasks and his roles'."""
    roles = role_ids(user)
    own = Q(owner=user, status=STATUS.ASSIGNED)
    of_roles = Q(status=STATUS.NEW, role__in=roles) & ~Q(process__submitter=user) if roles else Q(pk__in=[])
    tasks = ApprovalTask.objects.filter(own | of_roles)
    return tasks.exclude(Q(process__document_owner=user.employee_id, status=STATUS.NEW)).count() if user.employee_id else tasks.count()


def next_task(user):
    """What the person should decide next: the longest waiting of his own tasks, else of his roles'. None where nothing waits."""
    own = mine(user).filter(level__gte=0).order_by("created", "pk").first()
    return own or queue(user).order_by("created", "pk").first()


def badge(request):
    """The count beside “Inbox”; nothing where nothing waits."""
    count = waiting(request.user) if request.user.is_authenticated else 0
    return count or None


def oldest_first(tasks):
    """Tasks with what a list shows of them, the longest waiting first."""
    return tasks.select_related(*JOINED).order_by("created", "pk")
