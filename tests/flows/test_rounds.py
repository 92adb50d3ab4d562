"""A document comes back, goes again, is taken back, is rejected: rounds and ends."""

import pytest

from flows.models import ApprovalProcess
from flows.route import decide, open_process, processes_of
from models.audit.changes import changes
from models.base.operations import Refusal, find_operation
from models.sales.models import Quote
from models.sales.operations.quotes import submit_quote
from tests.flows.conftest import approver, level, make_chain, make_quote, open_revision, task_of, tasks

pytestmark = [pytest.mark.books, pytest.mark.django_db]

withdraw_quote = find_operation(Quote, "withdraw_quote")
reopen_quote = find_operation(Quote, "reopen_quote")


@pytest.fixture
def quote(company):
    """A quote at the second of two levels."""
    make_chain(company, level(approver()), level(approver("employee", employee=company.people["finance"])))
    quote = make_quote(company)
    submit_quote(quote, by=company.sales)
    decide(task_of(quote, "Su"), company.supervisor, "approve")
    return quote


def test_returned_changed_and_submitted_again(company, quote):
    number = quote.number
    decide(task_of(quote, "Cai"), company.finance, "return", "Without the discount, please.")
    quote.refresh_from_db()
    assert (quote.approval, tasks(quote)) == ("returned", {})
    assert open_revision(quote).owner == company.sales
    with changes("form"):
        quote.lines.update(quantity=3)
    submit_quote(quote, by=company.sales)
    process = open_process(quote)
    assert (quote.approval, quote.number, process.round, process.level) == ("pending", number, 2, 0)
    assert (process.amount, list(tasks(quote))) == (quote.gross, ["Su"])
    decide(task_of(quote, "Su"), company.supervisor, "approve")
    decide(task_of(quote, "Cai"), company.finance, "approve")
    quote.refresh_from_db()
    assert quote.approval == "approved" and processes_of(quote).count() == 1
    told = process.task_set.exclude(decision="").order_by("finished").values_list("round", "decision", "owner__username")
    assert list(told) == [
        (1, "approve", "supervisor"),
        (1, "return", "finance"),
        (1, "resubmit", "sales"),
        (2, "approve", "supervisor"),
        (2, "approve", "finance"),
    ]


def test_every_round_asks_all_levels_anew(company, quote):
    """Who agreed in the round before has to look again: the document is another one."""
    decide(task_of(quote, "Cai"), company.finance, "return", "No.")
    submit_quote(quote, by=company.sales)
    assert list(tasks(quote)) == ["Su"]


def test_the_chain_is_sought_anew_with_the_changed_document(company, quote):
    decide(task_of(quote, "Cai"), company.finance, "return", "Smaller.")
    make_chain(company, level(approver("region_head")), priority=1, when=["amount < 60"])
    with changes("form"):
        quote.lines.update(price=50)
    submit_quote(quote, by=company.sales)
    assert list(tasks(quote)) == ["Gao"]


def test_a_change_that_needs_nobody_any_more_approves(company, quote):
    decide(task_of(quote, "Cai"), company.finance, "return", "No.")
    with changes("form"):
        ApprovalProcess.objects.get(code="quote", object_id=quote.pk).chain.levels.all().delete()
    submit_quote(quote, by=company.sales)
    assert (quote.approval, processes_of(quote).get().outcome) == ("approved", "no_rule")


def test_somebody_else_may_submit_again_for_the_owner(company, quote):
    decide(task_of(quote, "Cai"), company.finance, "return", "No.")
    submit_quote(quote, by=company.assistant)
    assert open_process(quote).submitter == company.assistant


def test_withdrawn_in_approval(company, quote):
    withdraw_quote(quote, by=company.sales, reason="A mistake.")
    process = processes_of(quote).get()
    assert (quote.approval, process.status, process.outcome) == ("withdrawn", "CANCELED", "withdrawn")
    assert not process.task_set.filter(status__in=("NEW", "ASSIGNED", "STARTED")).exists()
    assert [(event.kind, event.by, event.comment) for event in process.events.all()] == [("withdrawn", company.sales, "A mistake.")]


def test_deciding_after_the_withdrawal_is_refused_in_words(company, quote):
    task = task_of(quote, "Cai")
    withdraw_quote(quote, by=company.sales, reason="A mistake.")
    with pytest.raises(Refusal, match="withdrawn"):
        decide(task, company.finance, "approve")


def test_withdrawn_after_the_return(company, quote):
    decide(task_of(quote, "Cai"), company.finance, "return", "No.")
    withdraw_quote(quote, by=company.sales, reason="Given up.")
    assert (quote.approval, open_process(quote)) == ("withdrawn", None)


def test_submitted_again_after_the_withdrawal_is_a_new_route(company, quote):
    withdraw_quote(quote, by=company.sales, reason="A mistake.")
    submit_quote(quote, by=company.sales)
    assert [process.outcome for process in processes_of(quote)] == ["pending", "withdrawn"]
    assert list(tasks(quote)) == ["Su"]


def test_rejected_can_be_reopened_as_a_draft(company, quote):
    decide(task_of(quote, "Cai"), company.finance, "reject", "Never.")
    quote.refresh_from_db()
    assert (quote.approval, processes_of(quote).get().status, open_process(quote)) == ("rejected", "DONE", None)
    reopen_quote(quote, by=company.sales)
    submit_quote(quote, by=company.sales)
    assert list(tasks(quote)) == ["Su"]


@pytest.mark.parametrize("decision", ["reject", "return"])
def test_a_no_wants_a_reason(company, quote, decision):
    with pytest.raises(Refusal, match="why"):
        decide(task_of(quote, "Cai"), company.finance, decision, "  ")
    quote.refresh_from_db()
    assert quote.approval == "pending"


def test_what_is_decided_is_decided(company, quote):
    task = task_of(quote, "Cai")
    decide(task, company.finance, "approve")
    with pytest.raises(Refusal, match="Already approved by Cai"):
        decide(task, company.finance, "reject", "Oh no.")
    quote.refresh_from_db()
    assert quote.approval == "approved"


def test_only_the_asked_decide(company, quote):
    for user in (company.sales, company.supervisor, company.gm, company.accountant):
        with pytest.raises(Refusal, match="waits for Cai"):
            decide(task_of(quote, "Cai"), user, "approve")
    quote.refresh_from_db()
    assert quote.approval == "pending"


def test_submitting_twice_makes_one_route(company, quote):
    with pytest.raises(Refusal):
        submit_quote(quote, by=company.sales)
    assert processes_of(quote).count() == 1


def test_taken_back_after_the_approval_it_goes_a_new_way(company, quote):
    decide(task_of(quote, "Cai"), company.finance, "approve")
    find_operation(Quote, "unverify_quote").by_route(quote, by=company.gm, reason="Wrong price.")
    assert quote.approval == "draft"
    submit_quote(quote, by=company.sales)
    assert [process.outcome for process in processes_of(quote)] == ["pending", "approved"]


def test_nobody_takes_back_what_is_not_his(company, quote):
    with pytest.raises(Refusal, match="Ye submitted this"):
        withdraw_quote(quote, by=company.accountant, reason="Wrong customer.")
    quote.refresh_from_db()
    assert quote.approval == "pending" and open_process(quote).events.count() == 0
    assert not withdraw_quote.allowed(quote, company.accountant) and withdraw_quote.allowed(quote, company.sales)
