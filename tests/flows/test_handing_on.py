"""Tasks change hands: taken, given back, reassigned, signed by one more, hurried."""

import pytest
from django.utils import timezone

from flows.models import ApprovalEvent
from flows.route import add_signer, claim, decide, nudge, open_process, reassign, release
from models.audit.changes import changes
from models.audit.models import OutboxMessage
from models.base.operations import Refusal
from models.org.models import RoleGrant
from models.sales.operations.quotes import submit_quote
from tests.flows.conftest import approver, level, make_chain, make_quote, task_of, tasks

pytestmark = [pytest.mark.books, pytest.mark.django_db]


@pytest.fixture
def quote(company):
    """A quote that waits for one of two accountants."""
    make_chain(company, level(approver("role", role=company.roles["accountant"])))
    quote = make_quote(company)
    submit_quote(quote, by=company.sales)
    return quote


def events(quote):
    return [(event.kind, event.by, event.to) for event in open_process(quote).events.all()]


def test_taken_and_given_back(company, quote):
    claim(task_of(quote, "accountant"), company.accountant)
    assert task_of(quote, "Kuai").owner == company.accountant
    with pytest.raises(Refusal, match="waits for Kuai"):
        decide(task_of(quote, "Kuai"), company.accountant2, "approve")
    with pytest.raises(Refusal, match="Kuai has taken"):
        claim(task_of(quote, "Kuai"), company.accountant2)
    release(task_of(quote, "Kuai"), company.accountant)
    decide(task_of(quote, "accountant"), company.accountant2, "approve")
    quote.refresh_from_db()
    assert quote.approval == "approved"


def test_only_a_holder_of_the_role_takes_it(company, quote):
    with pytest.raises(Refusal, match="waits for accountant"):
        claim(task_of(quote, "accountant"), company.supervisor)


def test_deciding_from_the_queue_takes_the_task(company, quote):
    task = decide(task_of(quote, "accountant"), company.accountant, "approve")
    assert (task.owner, task.role) == (company.accountant, company.roles["accountant"])


def test_reassigned_to_a_colleague(company, quote):
    claim(task_of(quote, "accountant"), company.accountant)
    reassign(task_of(quote, "Kuai"), company.accountant, company.people["finance"], "On leave.")
    assert list(tasks(quote)) == ["Cai"]
    assert events(quote)[-1] == ("reassigned", company.accountant, company.finance)
    with pytest.raises(Refusal, match="waits for Cai"):
        decide(task_of(quote, "Cai"), company.accountant, "approve")
    decide(task_of(quote, "Cai"), company.finance, "approve")
    quote.refresh_from_db()
    assert quote.approval == "approved"


def test_nobody_is_given_his_own_document_or_what_he_may_not_see(company, quote):
    claim(task_of(quote, "accountant"), company.accountant)
    with pytest.raises(Refusal, match="own"):
        reassign(task_of(quote, "Kuai"), company.accountant, company.people["sales"])
    with changes("form"):
        RoleGrant.objects.filter(role=company.roles["general_manager"], record_type="sales.quote").delete()
    with pytest.raises(Refusal, match="may not see"):
        reassign(task_of(quote, "Kuai"), company.accountant, company.people["gm"])
    with changes("form"):
        company.finance.is_active = False
        company.finance.save()
    with pytest.raises(Refusal, match="cannot log in"):
        reassign(task_of(quote, "Kuai"), company.accountant, company.people["finance"])
    assert list(tasks(quote)) == ["Kuai"]


def test_only_its_holder_or_an_administrator_hands_a_task_on(company, quote):
    with pytest.raises(Refusal, match="waits for accountant"):
        reassign(task_of(quote, "accountant"), company.supervisor, company.people["finance"])
    with changes("form"):
        RoleGrant.objects.create(role=company.roles["general_manager"], record_type="flows.approvaltask", verb="change", scope="all")
    reassign(task_of(quote, "accountant"), company.gm, company.people["finance"])
    assert list(tasks(quote)) == ["Cai"]


@pytest.mark.parametrize("first", ["signer", "approver"])
def test_an_added_signer_has_to_agree_too(company, quote, first):
    """Although the level needs only one of them."""
    add_signer(task_of(quote, "accountant"), company.accountant, company.people["finance"], "Please look.")
    assert set(tasks(quote)) == {"accountant", "Cai"}
    steps = [("Cai", company.finance), ("accountant", company.accountant)]
    for name, user in steps if first == "signer" else steps[::-1]:
        quote.refresh_from_db()
        assert quote.approval == "pending"
        decide(task_of(quote, name), user, "approve")
    quote.refresh_from_db()
    assert quote.approval == "approved"


def test_an_added_signer_can_reject(company, quote):
    add_signer(task_of(quote, "accountant"), company.accountant, company.people["finance"])
    decide(task_of(quote, "Cai"), company.finance, "reject", "No.")
    quote.refresh_from_db()
    assert (quote.approval, tasks(quote)) == ("rejected", {})


def test_a_signer_is_added_once(company, quote):
    add_signer(task_of(quote, "accountant"), company.accountant, company.people["finance"])
    with pytest.raises(Refusal, match="asked already"):
        add_signer(task_of(quote, "accountant"), company.accountant, company.people["finance"])


def test_hurrying_asks_those_who_have_it_and_not_twice_at_once(company, quote):
    claim(task_of(quote, "accountant"), company.accountant)
    OutboxMessage.objects.all().delete()
    assert nudge(quote, company.sales) == ["Kuai"]
    mail = OutboxMessage.objects.get()
    assert mail.payload["to"] == "accountant@example.com" and "Ye asks you to hurry" in mail.payload["body"]
    with pytest.raises(Refusal, match="a moment ago"):
        nudge(quote, company.sales)
    assert events(quote).count(("nudged", company.sales, None)) == 1


def test_who_cannot_submit_it_cannot_hurry(company, quote):
    with changes("form"):
        RoleGrant.objects.filter(role=company.roles["general_manager"], verb="submit_quote").delete()
    with pytest.raises(Refusal):
        nudge(quote, company.gm)


def test_messages_go_with_the_deed(company, quote):
    """To both accountants when it arrives, to the submitter when it ends."""
    assert set(OutboxMessage.objects.values_list("payload__to", flat=True)) == {"accountant@example.com", "accountant2@example.com"}
    OutboxMessage.objects.all().delete()
    decide(task_of(quote, "accountant"), company.accountant, "reject", "Too cheap.")
    mail = OutboxMessage.objects.get()
    assert mail.payload["to"] == "sales@example.com"
    assert "Rejected" in mail.payload["subject"] and "Too cheap." in mail.payload["body"]


def test_without_an_address_there_is_no_message(company):
    with changes("form"):
        for employee in company.people.values():
            employee.email = ""
            employee.save()
    make_chain(company, level(approver()))
    quote = make_quote(company)
    submit_quote(quote, by=company.sales)
    decide(task_of(quote, "Su"), company.supervisor, "approve")
    assert not OutboxMessage.objects.exists()


def test_events_are_only_added(company, quote):
    claim(task_of(quote, "accountant"), company.accountant)
    with pytest.raises(Exception, match="cannot be changed or deleted"), changes("form"):
        ApprovalEvent.objects.update(at=timezone.now())
