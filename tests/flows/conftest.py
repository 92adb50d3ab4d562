"""A small trading company with people above each other, and chains made for a test."""

from decimal import Decimal
from types import SimpleNamespace

import pytest

from flows.models import ApprovalChain, ApprovalTask, ChainApprover, ChainCondition, ChainLevel
from flows.records import OPEN
from flows.route import open_process, waiting_tasks
from models.audit.changes import changes
from models.customers.models import Customer
from models.org.models import Company, Currency, Department, Employee, Position, Region, Role, RoleGrant, RoleHolder, User
from models.products.models import Product, Unit
from models.sales.models import Order, OrderLine, Quote, QuoteLine

# code: (name, superior's code, role)
PEOPLE = {
    "gm": ("Gao", None, "general_manager"),
    "director": ("Dong", "gm", "regional_director"),
    "supervisor": ("Su", "director", "sales_supervisor"),
    "sales": ("Ye", "supervisor", "salesperson"),
    "sales2": ("Yu", "supervisor", "salesperson"),
    "finance": ("Cai", "gm", "finance_manager"),
    "accountant": ("Kuai", "finance", "accountant"),
    "accountant2": ("Kang", "finance", "accountant"),
    "assistant": ("Nei", "supervisor", "sales_assistant"),
}
VERBS = ["view", "add", "change", "submit_quote", "order_quote", "submit_order", "submit_receipt", "submit_refund", "submit_return"]


@pytest.fixture
def company(db):
    """People by their code, with a log-in and a mail address each; everybody may see and submit everything."""
    with changes("command"):
        ApprovalChain.objects.update(is_active=False)
        Currency.objects.get_or_create(code="CNY", defaults={"name": "Yuan", "symbol": "¥"})
        firm = Company.objects.create(code="C1", name="Company")
        department = Department.objects.create(company=firm, code="D1", name="Sales")
        region = Region.objects.create(code="R1", name="East")
        position = Position.objects.create(code="P95", name="Salesperson", discount_floor=Decimal(95))
        people = {}
        for code, (name, superior, role_code) in PEOPLE.items():
            employee = Employee.objects.create(
                company=firm,
                code=code,
                name=name,
                superior=people.get(superior),
                department=department,
                region=region,
                position=position,
                email=f"{code}@example.com",
            )
            User.objects.create_user(code, "secret", employee=employee)
            role, is_new = Role.objects.get_or_create(code=f"test_{role_code}", defaults={"name": role_code})
            RoleHolder.objects.create(role=role, employee=employee)
            if is_new:
                for kind in ("sales.quote", "sales.order", "sales.return", "finance.receipt", "finance.refund"):
                    RoleGrant.objects.bulk_create([RoleGrant(role=role, record_type=kind, verb=verb, scope="all") for verb in VERBS])
            people[code] = employee
        Department.objects.filter(pk=department.pk).update(manager=people["director"])
        Region.objects.filter(pk=region.pk).update(manager=people["gm"])
        unit = Unit.objects.get_or_create(name="piece")[0]
        product = Product.objects.create(company=firm, code="P1", name="Bolt", unit=unit, cost=Decimal(60))
        customer = Customer.objects.create(company=firm, code="K1", name="Kind Ltd")
    users = {code: User.objects.select_related("employee").get(username=code) for code in PEOPLE}
    return SimpleNamespace(
        firm=firm,
        department=department,
        region=region,
        product=product,
        customer=customer,
        people=people,
        roles={role.code.removeprefix("test_"): role for role in Role.objects.filter(code__startswith="test_")},
        **users,
    )


def make_quote(company, *, owner="sales", price=100, quantity=1, model=Quote, line_model=QuoteLine, **fields):
    """A draft quote of bolts at a list price of 100 and a cost of 60."""
    with changes("form"):
        document = model.objects.create(
            company=company.firm,
            customer=company.customer,
            owner=company.people[owner],
            department=company.department,
            region=company.region,
            **fields,
        )
        line_model.objects.create(
            **{line_model.DOCUMENT_FIELD: document},
            product=company.product,
            unit="piece",
            position=1,
            quantity=Decimal(quantity),
            list_price=Decimal(100),
            price=Decimal(price),
            tax_rate=Decimal(0),
        )
        document.recompute()
    return document


def make_order(company, **fields):
    return make_quote(company, model=Order, line_model=OrderLine, **fields)


def approver(kind="superior", **fields):
    """The description of an approver for `make_chain`."""
    return {"kind": kind, **fields}


def level(*approvers, mode="any", when=(), **fields):
    """The description of a level for `make_chain`; `when`: conditions as text, "amount > 100"."""
    return {"approvers": approvers, "mode": mode, "when": when, **fields}


def make_chain(company, *levels, document="quote", when=(), fallback="finance_manager", **fields):
    """An approval chain of levels."""
    with changes("form"):
        chain = ApprovalChain.objects.create(
            code=fields.pop("code", f"chain-{ApprovalChain.objects.count()}"),
            document=document,
            labels={"en": "Chain"},
            fallback_role=company.roles[fallback],
            **fields,
        )
        _add_conditions(when, chain=chain)
        for position, described in enumerate(levels, 1):
            described = dict(described)
            approvers, conditions = described.pop("approvers"), described.pop("when")
            row = ChainLevel.objects.create(chain=chain, position=position, labels={"en": f"Level {position}"}, **described)
            _add_conditions(conditions, level=row)
            for place, one in enumerate(approvers, 1):
                ChainApprover.objects.create(level=row, position=place, **one)
    return chain


def _add_conditions(conditions, **owner):
    for text in conditions:
        fact, operator, value = text.split(" ", 2)
        condition = ChainCondition(fact=fact, operator=operator, value=value, **owner)
        condition.clean()
        condition.save()


def tasks(document):
    """The open tasks of a document by who has to decide: {name: task}."""
    process = open_process(document)
    return {task.waits_for: task for task in waiting_tasks(process)} if process else {}


def task_of(document, name):
    return tasks(document)[name]


def open_revision(document):
    """The task by which a returned document waits for its submitter."""
    return ApprovalTask.objects.get(process=open_process(document), flow_task__endswith=".revise", status__in=OPEN)
