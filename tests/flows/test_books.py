"""What a route does to documents: locked on the way, all or nothing at the end, every step in the history."""

from decimal import Decimal

import pytest
from django.db import connection
from django.utils import translation

from flows.models import ApprovalProcess, ApprovalTask
from flows.route import decide, open_process
from models.audit.changes import changes
from models.audit.models import ChangeSet
from models.base.guards import LockedDocument
from models.base.operations import Refusal
from models.finance.models import CreditOverride
from models.org.models import RoleGrant
from models.sales.models import Order, Quote, QuoteLine, SalesFigure
from models.sales.operations.orders import submit_order
from models.sales.operations.quotes import order_quote, submit_quote
from tests.flows.conftest import approver, level, make_chain, make_order, make_quote, task_of

pytestmark = [pytest.mark.books, pytest.mark.django_db]

SECOND_LEVEL = {"when": ["credit_excess > 0"]}


@pytest.fixture
def pending(company):
    make_chain(company, level(approver()))
    quote = make_quote(company)
    submit_quote(quote, by=company.sales)
    return quote


@pytest.mark.parametrize(
    "write",
    [
        lambda quote: quote.save(),
        lambda quote: Quote.objects.filter(pk=quote.pk).update(discount=50),
        lambda quote: Quote.objects.bulk_update([quote], ["discount"]),
        lambda quote: quote.lines.update(price=1),
        lambda quote: quote.lines.all().delete(),
        lambda quote: QuoteLine.objects.create(quote=quote, product=quote.lines.get().product, unit="piece"),
        lambda quote: quote.delete(),
        lambda quote: connection.cursor().execute("UPDATE sales_quoteline SET quantity = 2 WHERE quote_id = %s", [quote.pk]),
    ],
    ids=["save", "update", "bulk_update", "lines", "delete lines", "add line", "delete", "raw"],
)
def test_a_document_in_approval_cannot_be_changed(pending, write):
    pending.discount = Decimal(50)
    with pytest.raises(LockedDocument), changes("form"):
        write(pending)
    stored = Quote.objects.get(pk=pending.pk)
    assert (stored.discount, stored.lines.get().price) == (100, 100)


def test_a_returned_document_can_be_changed(company, pending):
    decide(task_of(pending, "Su"), company.supervisor, "return", "Please.")
    with changes("form"):
        pending.lines.update(price=1)
    assert pending.lines.get().price == 1


def limit(company, amount):
    with changes("form"):
        company.customer.credit_limit = Decimal(amount)
        company.customer.save()


def may_override(company, role):
    with changes("form"):
        RoleGrant.objects.create(role=company.roles[role], record_type="sales.order", verb="override_credit_order", scope="all")


def state_of(document):
    """All that a decision could have changed."""
    return (
        type(document).objects.values_list("approval", "progress").get(pk=document.pk),
        list(ApprovalTask.objects.filter(process__object_id=document.pk).order_by("pk").values_list("pk", "status", "decision", "owner")),
        list(ApprovalProcess.objects.filter(object_id=document.pk).values_list("status", "outcome", "level")),
        SalesFigure.objects.count(),
        CreditOverride.objects.count(),
        ChangeSet.objects.count(),
    )


def test_a_refusal_of_the_document_takes_everything_back(company):
    """The customer is beyond his limit and the last to agree may not override: nothing at all has happened."""
    make_chain(company, level(approver()), document="order")
    order = make_order(company)
    submit_order(order, by=company.sales)
    limit(company, 50)
    task, before = task_of(order, "Su"), state_of(order)
    with pytest.raises(Refusal) as refused:
        decide(task, company.supervisor, "approve", "Go.")
    assert refused.value.code == "credit" and "the credit limit is 50.00" in str(refused.value)
    assert state_of(order) == before
    limit(company, 5000)
    decide(task, company.supervisor, "approve", "Go.")
    order.refresh_from_db()
    assert order.approval == "approved"


def test_who_agrees_because_of_credit_lets_the_order_pass(company):
    """The finance manager agrees beyond the limit; that the last word is another's, who may not override, does not matter."""
    may_override(company, "finance_manager")
    limit(company, 50)
    finance = approver("role", role=company.roles["finance_manager"])
    make_chain(company, level(finance, **SECOND_LEVEL), level(approver()), document="order")
    order = make_order(company)
    submit_order(order, by=company.sales)
    decide(task_of(order, "Cai"), company.finance, "approve", "He pays on Friday.")
    decide(task_of(order, "Su"), company.supervisor, "approve")
    order.refresh_from_db()
    override = CreditOverride.objects.get()
    assert order.approval == "approved"
    assert (override.granted_by, override.excess, override.reason) == (company.people["finance"], Decimal(50), "He pays on Friday.")


def test_an_override_without_words_is_told_by_its_figures_in_the_readers_language(company):
    may_override(company, "finance_manager")
    limit(company, 50)
    make_chain(company, level(approver("role", role=company.roles["finance_manager"]), **SECOND_LEVEL), document="order")
    order = make_order(company)
    submit_order(order, by=company.sales)
    decide(task_of(order, "Cai"), company.finance, "approve")
    override = CreditOverride.objects.get()
    told = CreditOverride.IN_WORDS["reason"]
    assert (override.reason, told(override.reason, override)) == ("", "Beyond the credit limit by 50.00")
    with translation.override("zh-hans"):
        assert told(override.reason, override) == "超信用额度金额 50.00"


def test_an_order_as_quoted_needs_nobody(company):
    make_chain(company, level(approver(), when=["unchanged_from_quote is no"]), document="order")
    quote = make_quote(company)
    submit_quote(quote, by=company.sales)
    same, other = order_quote(quote, by=company.sales), make_order(company)
    submit_order(same, by=company.sales)
    submit_order(other, by=company.sales)
    assert (same.approval, other.approval) == ("approved", "pending")


def test_an_order_changed_since_its_quote_is_asked_about(company):
    make_chain(company, level(approver(), when=["unchanged_from_quote is no"]), document="order")
    quote = make_quote(company)
    submit_quote(quote, by=company.sales)
    order = order_quote(quote, by=company.sales)
    with changes("form"):
        order.lines.update(quantity=2)
    submit_order(order, by=company.sales)
    assert order.approval == Order.Approval.PENDING


def test_every_decision_is_in_the_history_with_its_person(company, pending):
    task = task_of(pending, "Su")
    decide(task, company.supervisor, "approve", "Fine.")
    last = task.history.latest("history_id")
    changeset = ChangeSet.objects.get(pk=last.changeset)
    assert (last.decision, last.comment, changeset.user_id, changeset.kind) == ("approve", "Fine.", company.supervisor.pk, "operation")
    assert Quote.history.filter(changeset=last.changeset, id=pending.pk).latest("history_id").approval == "approved"


def test_a_person_with_decisions_cannot_be_deleted(company, pending):
    task = task_of(pending, "Su")
    decide(task, company.supervisor, "approve")
    with pytest.raises(Exception, match="protected foreign keys"), changes("form"):
        company.supervisor.delete()


def test_one_open_route_per_document(pending):
    process = open_process(pending)
    process.pk = None
    with pytest.raises(Exception, match=r"(?i)unique"), changes("form"):
        process.save(force_insert=True)
