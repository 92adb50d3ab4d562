"""Who is asked: chains, conditions, modes, and the ways to name an approver."""

import pytest

from flows.models import ApprovalProcess
from flows.route import decide, open_process
from models.audit.changes import changes
from models.org.models import Company
from models.sales.models import Quote
from models.sales.operations.quotes import submit_quote
from tests.flows.conftest import approver, level, make_chain, make_quote, task_of, tasks

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def submitted(company, **fields):
    quote = make_quote(company, **fields)
    submit_quote(quote, by=company.sales)
    return quote


def test_it_works(company):
    make_chain(company, level(approver()))
    quote = submitted(company)
    assert (quote.approval, list(tasks(quote))) == ("pending", ["Su"])
    decide(task_of(quote, "Su"), company.supervisor, "approve", "Fine.")
    quote.refresh_from_db()
    assert (quote.approval, tasks(quote)) == ("approved", {})
    process = ApprovalProcess.objects.get(object_id=quote.pk, code="quote")
    assert (process.status, process.outcome, process.number, process.subject) == ("DONE", "approved", quote.number, "Kind Ltd")
    decision = process.task_set.get(decision="approve")
    assert (decision.owner, decision.comment) == (company.supervisor, "Fine.")


@pytest.mark.parametrize(
    ("kind", "who"),
    [
        ({"kind": "superior"}, "Su"),
        ({"kind": "superior", "steps": 2}, "Dong"),
        ({"kind": "superior", "steps": 9}, "Gao"),
        ({"kind": "superior", "role": "regional_director"}, "Dong"),
        ({"kind": "superior", "role": "accountant"}, "Su"),
        ({"kind": "department_head"}, "Dong"),
        ({"kind": "region_head"}, "Gao"),
        ({"kind": "employee", "employee": "accountant"}, "Kuai"),
        ({"kind": "role", "role": "general_manager"}, "Gao"),
        ({"kind": "role", "role": "accountant"}, "accountant"),
    ],
)
def test_ways_to_name_an_approver(company, kind, who):
    named = {"role": company.roles.get(kind.get("role")), "employee": company.people.get(kind.get("employee"))}
    make_chain(company, level(kind | {name: value for name, value in named.items() if value}))
    assert list(tasks(submitted(company))) == [who]


def test_a_head_two_units_up_is_found_past_a_unit_without_head(company):
    with changes("form"):
        company.department.parent = type(company.department).objects.create(
            company=company.firm, code="D0", name="All", manager=company.people["gm"]
        )
        company.department.save()
    make_chain(company, level(approver("department_head", steps=2)))
    assert list(tasks(submitted(company))) == ["Gao"]


def test_levels_follow_each_other(company):
    make_chain(company, level(approver()), level(approver("employee", employee=company.people["finance"])))
    quote = submitted(company)
    decide(task_of(quote, "Su"), company.supervisor, "approve")
    quote.refresh_from_db()
    assert (quote.approval, list(tasks(quote))) == ("pending", ["Cai"])
    decide(task_of(quote, "Cai"), company.finance, "approve")
    quote.refresh_from_db()
    assert quote.approval == "approved"


def test_one_of_several_decides_and_the_others_are_no_longer_asked(company):
    people = [approver("employee", employee=company.people[code]) for code in ("accountant", "accountant2", "finance")]
    make_chain(company, level(*people))
    quote = submitted(company)
    assert set(tasks(quote)) == {"Kuai", "Kang", "Cai"}
    decide(task_of(quote, "Kang"), company.accountant2, "approve")
    quote.refresh_from_db()
    assert quote.approval == "approved"
    left = ApprovalProcess.objects.get(code="quote", object_id=quote.pk).task_set.filter(flow_task_type="HUMAN", status="CANCELED")
    assert {(task.owner.title(), task.decision) for task in left} == {("Kuai", ""), ("Cai", "")}


def test_all_have_to_agree(company):
    make_chain(company, level(approver("role", role=company.roles["accountant"]), approver(), mode="all"))
    quote = submitted(company)
    assert set(tasks(quote)) == {"Kuai", "Kang", "Su"}
    for name, user in (("Su", company.supervisor), ("Kuai", company.accountant)):
        decide(task_of(quote, name), user, "approve")
        quote.refresh_from_db()
        assert quote.approval == "pending"
    decide(task_of(quote, "Kang"), company.accountant2, "approve")
    quote.refresh_from_db()
    assert quote.approval == "approved"


def test_one_rejection_ends_a_level_of_all(company):
    make_chain(company, level(approver("role", role=company.roles["accountant"]), approver(), mode="all"))
    quote = submitted(company)
    decide(task_of(quote, "Su"), company.supervisor, "approve")
    decide(task_of(quote, "Kuai"), company.accountant, "reject", "Too cheap.")
    quote.refresh_from_db()
    assert (quote.approval, tasks(quote)) == ("rejected", {})


def test_one_after_the_other(company):
    people = [approver("employee", employee=company.people[code]) for code in ("accountant", "finance", "gm")]
    make_chain(company, level(*people, mode="sequence"))
    quote = submitted(company)
    for name, user in (("Kuai", company.accountant), ("Cai", company.finance), ("Gao", company.gm)):
        quote.refresh_from_db()
        assert (quote.approval, list(tasks(quote))) == ("pending", [name])
        decide(task_of(quote, name), user, "approve")
    quote.refresh_from_db()
    assert quote.approval == "approved"


def test_levels_are_asked_by_their_conditions_and_say_why(company):
    make_chain(
        company,
        level(approver(), when=["amount > 500", "below_floor is yes"]),
        level(approver("role", role=company.roles["general_manager"]), when=["lowest_discount < 85"]),
    )
    small, cheap = submitted(company, price=96), submitted(company, price=84)
    assert (small.approval, list(tasks(small))) == ("approved", [])
    assert [task.data["why"] for task in tasks(cheap).values()] == [
        [{"fact": "below_floor", "operator": "is", "value": "yes", "found": True}],
    ]
    decide(task_of(cheap, "Su"), company.supervisor, "approve")
    assert task_of(cheap, "Gao").data["why"] == [{"fact": "lowest_discount", "operator": "<", "value": "85", "found": "84.0000"}]


def test_a_level_may_want_all_its_conditions(company):
    make_chain(company, level(approver(), when=["amount > 50", "margin < 30"], match="all"))
    assert submitted(company, price=100).approval == "approved"
    assert submitted(company, price=80).approval == "pending"


def test_the_first_fitting_chain_is_taken(company):
    everything = make_chain(company, level(approver()), priority=50)
    large = make_chain(company, level(approver("role", role=company.roles["general_manager"])), when=["amount > 1000"], priority=10)
    elsewhere = make_chain(company, level(approver("region_head")), priority=1)
    with changes("form"):
        elsewhere.company = Company.objects.create(code="C2", name="Another")
        elsewhere.save()
    assert open_process(submitted(company, quantity=20)).chain == large
    assert open_process(submitted(company, quantity=2)).chain == everything


def test_the_levels_are_frozen_at_submit(company):
    chain = make_chain(company, level(approver()), level(approver("region_head")))
    quote = submitted(company)
    with changes("form"):
        chain.levels.all().delete()
        company.people["sales"].superior = company.people["gm"]
        company.people["sales"].save()
    decide(task_of(quote, "Su"), company.supervisor, "approve")
    assert list(tasks(quote)) == ["Gao"]


def test_an_inactive_chain_asks_nobody(company):
    make_chain(company, level(approver()), is_active=False)
    assert submitted(company).approval == Quote.Approval.APPROVED
