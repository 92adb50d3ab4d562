"""Routes outlive the program that began them: nodes and whole flows that are gone stay readable."""

import pytest

from flows.diagram import diagram
from flows.models import ApprovalTask
from flows.panel import panel
from flows.route import decide, open_process, processes_of
from models.audit.changes import changes
from models.base.operations import Refusal, find_operation
from models.sales.models import Quote
from models.sales.operations.quotes import submit_quote
from tests.flows.conftest import approver, level, make_chain, make_quote, task_of

pytestmark = [pytest.mark.books, pytest.mark.django_db]


@pytest.fixture
def quote(company):
    make_chain(company, level(approver()))
    quote = make_quote(company)
    submit_quote(quote, by=company.sales)
    return quote


def rename_node(task):
    """As if the node of this open task were no longer in the program."""
    with changes("form"):
        ApprovalTask.objects.filter(pk=task.pk).update(flow_task="flows/quote.QuoteApproval.approve_as_before")


def test_a_task_whose_node_is_gone_refuses_in_words_and_can_be_withdrawn(company, quote):
    task = task_of(quote, "Su")
    rename_node(task)
    assert panel(quote, company.sales).process == open_process(quote)
    assert diagram(open_process(quote)).startswith("<svg")
    with pytest.raises(Refusal, match="withdraw"):
        decide(ApprovalTask.objects.get(pk=task.pk), company.supervisor, "approve")
    find_operation(Quote, "withdraw_quote")(quote, by=company.sales, reason="Again.")
    assert (quote.approval, processes_of(quote).get().status) == ("withdrawn", "CANCELED")
    assert not ApprovalTask.objects.filter(process__object_id=quote.pk, finished=None).exists()
    submit_quote(quote, by=company.sales)
    assert quote.approval == "pending"


def test_a_person_who_has_gone_stays_named(company, quote):
    decide(task_of(quote, "Su"), company.supervisor, "approve", "Fine.")
    with changes("form"):
        company.supervisor.is_active = False
        company.supervisor.save()
    assert ("Su", "Fine.") in [(entry.who, entry.comment) for entry in panel(quote, company.gm).timeline]
