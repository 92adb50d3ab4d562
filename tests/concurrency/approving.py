"""Scene: two people decide on the same receipts, each pair of decisions at the same moment."""

from decimal import Decimal

from flows.models import ApprovalChain, ApprovalProcess, ApprovalTask, ChainApprover, ChainLevel
from flows.route import decide
from models.audit.changes import changes
from models.base.operations import Refusal
from models.finance.models import CashEntry, Receipt
from models.org.models import Employee, Role, RoleHolder
from tests import people

DECIDERS = ("zong", "quyu")


def prepare(receipts=20, mode="any"):
    """Submitted receipts, each with two people who may decide: both asked (any, all) or both holding the role asked (queue)."""
    people.load()
    _make_chain(mode)
    payer = people.customer()
    made = [people.receive(payer, Decimal(100 + number), approved=False) for number in range(receipts)]
    return {"receipts": [receipt.pk for receipt in made]}


def _make_chain(mode):
    with changes("command"):
        role = Role.objects.create(code="decider", name="Decider")
        fallback = Role.objects.get(code="general_manager")
        chain = ApprovalChain.objects.create(code="two", document="receipt", labels={"en": "Two"}, priority=1, fallback_role=fallback)
        level = ChainLevel.objects.create(chain=chain, labels={"en": "Both"}, mode="all" if mode == "all" else "any")
        for name in DECIDERS:
            employee = Employee.objects.get(user__username=name)
            RoleHolder.objects.create(role=role, employee=employee)
            if mode != "queue":
                ChainApprover.objects.create(level=level, kind="employee", employee=employee)
        if mode == "queue":
            ChainApprover.objects.create(level=level, kind="role", role=role)


def work(number, facts, together):
    """["approved"] or ["refused", sentence] for each receipt."""
    me, answers = people.named(DECIDERS[number]), []
    for key in facts["receipts"]:
        tasks = ApprovalTask.objects.filter(process__object_id=key, process__code="receipt", level=0)
        task = tasks.filter(owner=me).first() or tasks.get(owner=None)
        together()
        try:
            decide(task, me, "approve")
            answers.append(["approved"])
        except Refusal as refusal:
            answers.append(["refused", str(refusal)])
    return answers


def figures(facts):
    """How often each receipt was posted, and what is still open."""
    posted = list(CashEntry.objects.filter(source_type__model="receipt").values_list("source_id", flat=True))
    return {
        "posted": [posted.count(key) for key in facts["receipts"]],
        "approved": Receipt.objects.filter(pk__in=facts["receipts"], approval="approved").count(),
        "processes": sorted(set(ApprovalProcess.objects.filter(code="receipt").values_list("status", "outcome"))),
        "open": ApprovalTask.objects.filter(process__code="receipt", finished=None).count(),
    }
