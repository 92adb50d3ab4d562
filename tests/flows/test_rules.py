"""Nobody decides on his own, nobody twice in a row, and never nobody."""

import pytest

from flows.models import ApprovalProcess
from flows.route import decide, open_process
from models.audit.changes import changes
from models.base.operations import Refusal
from models.org.models import Employee
from models.sales.models import Quote
from models.sales.operations.quotes import submit_quote
from tests.flows.conftest import approver, level, make_chain, make_quote, task_of, tasks

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def submitted(company, owner="sales", by=None):
    quote = make_quote(company, owner=owner)
    submit_quote(quote, by=getattr(company, by or owner))
    return quote


def lose(employee):
    """The employee leaves."""
    with changes("form"):
        Employee.objects.filter(pk=employee.pk).update(status=Employee.Status.LEFT)


def test_without_a_chain_the_document_is_approved_and_that_is_recorded(company):
    quote = submitted(company)
    process = ApprovalProcess.objects.get(code="quote", object_id=quote.pk)
    assert (quote.approval, process.status, process.outcome, process.chain) == ("approved", "DONE", "no_rule", None)
    assert process.submitter == company.sales


def test_within_the_limits_of_a_chain_nobody_is_asked(company):
    chain = make_chain(company, level(approver(), when=["amount > 1000000"]))
    process = ApprovalProcess.objects.get(object_id=submitted(company).pk, code="quote")
    assert (process.outcome, process.chain, process.facts) == ("no_rule", chain, {"amount": "100.00"})


@pytest.mark.parametrize(
    ("owner", "kind", "who"),
    [
        ("supervisor", {"kind": "employee", "employee": "supervisor"}, "Dong"),  # his own: the next superior
        ("supervisor", {"kind": "superior", "role": "sales_supervisor"}, "Dong"),  # the nearest supervisor is he himself
        ("director", {"kind": "superior", "role": "sales_supervisor"}, "Gao"),  # none above: the direct superior
        ("director", {"kind": "department_head"}, "Gao"),
        ("gm", {"kind": "superior"}, "Cai"),  # the top person's own go to the fallback
        ("gm", {"kind": "role", "role": "general_manager"}, "Cai"),
        ("accountant", {"kind": "role", "role": "accountant"}, "Kang"),  # of two holders the other one
    ],
)
def test_nobody_is_asked_about_his_own_document(company, owner, kind, who):
    named = {"role": company.roles.get(kind.get("role")), "employee": company.people.get(kind.get("employee"))}
    make_chain(company, level(kind | {name: value for name, value in named.items() if value}))
    assert list(tasks(submitted(company, owner))) == [who]


def test_the_document_of_whom_one_enters_it_for_is_no_more_his_to_decide(company):
    make_chain(company, level(approver("employee", employee=company.people["supervisor"])))
    assert list(tasks(submitted(company, owner="supervisor", by="assistant"))) == ["Dong"]


def test_who_submits_for_another_is_not_asked(company):
    make_chain(company, level(approver()))
    assert list(tasks(submitted(company, owner="sales", by="supervisor"))) == ["Dong"]


def test_one_who_takes_a_task_of_his_role_cannot_decide_on_his_own(company):
    with changes("form"):
        company.roles["accountant"].holders.model.objects.create(role=company.roles["accountant"], employee=company.people["sales"])
    make_chain(company, level(approver("role", role=company.roles["accountant"])))
    quote = submitted(company)
    with pytest.raises(Refusal, match="your own"):
        decide(task_of(quote, "accountant"), company.sales, "approve")
    quote.refresh_from_db()
    assert quote.approval == "pending"


def test_the_same_approver_twice_in_a_row_decides_once(company):
    make_chain(
        company,
        level(approver("employee", employee=company.people["finance"])),
        level(approver("role", role=company.roles["finance_manager"])),
        level(approver("role", role=company.roles["accountant"])),
        level(approver("employee", employee=company.people["finance"])),
    )
    quote = submitted(company)
    decide(task_of(quote, "Cai"), company.finance, "approve")
    assert list(tasks(quote)) == ["accountant"], "the second level is hers again"
    process = open_process(quote)
    assert [(event.kind, event.by, event.level) for event in process.events.all()] == [("skipped", company.finance, 1)]
    decide(task_of(quote, "accountant"), company.accountant, "approve")
    assert list(tasks(quote)) == ["Cai"], "another decided in between: she is asked again"


def test_in_a_level_of_all_only_those_are_asked_who_did_not_agree_just_before(company):
    both = [approver("employee", employee=company.people[code]) for code in ("finance", "gm")]
    make_chain(company, level(both[0]), level(*both, mode="all"))
    quote = submitted(company)
    decide(task_of(quote, "Cai"), company.finance, "approve")
    assert list(tasks(quote)) == ["Gao"]
    decide(task_of(quote, "Gao"), company.gm, "approve")
    quote.refresh_from_db()
    assert quote.approval == "approved"


def test_who_has_left_is_not_asked_but_the_fallback_is(company):
    make_chain(company, level(approver()))
    lose(company.people["supervisor"])
    quote = submitted(company)
    assert list(tasks(quote)) == ["Cai"]
    process = open_process(quote)
    assert process.levels[0]["is_fallback"] and [event.kind for event in process.events.all()] == ["fallback"]


def test_who_cannot_log_in_is_not_asked(company):
    make_chain(company, level(approver(), approver("region_head")))
    with changes("form"):
        company.supervisor.is_active = False
        company.supervisor.save()
    assert list(tasks(submitted(company))) == ["Gao"]


def test_a_role_whose_only_holder_has_left_goes_to_the_fallback(company):
    make_chain(company, level(approver("role", role=company.roles["general_manager"])))
    lose(company.people["gm"])
    assert list(tasks(submitted(company))) == ["Cai"]


def test_the_fallback_of_his_own_document_is_his_superior(company):
    make_chain(company, level(approver("employee", employee=company.people["sales2"])))
    lose(company.people["sales2"])
    assert list(tasks(submitted(company, owner="finance"))) == ["Gao"]


def test_nobody_at_all_refuses_the_submit_and_changes_nothing(company):
    make_chain(company, level(approver()))
    lose(company.people["supervisor"])
    lose(company.people["finance"])
    quote = make_quote(company)
    with pytest.raises(Refusal) as refused:
        submit_quote(quote, by=company.sales)
    assert refused.value.code == "no_approver" and "administrator" in str(refused.value)
    quote = Quote.objects.get(pk=quote.pk)
    assert (quote.approval, quote.number) == ("draft", "")
    assert not ApprovalProcess.objects.filter(code="quote", object_id=quote.pk).exists()
