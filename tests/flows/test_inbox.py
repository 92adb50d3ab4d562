"""What each person finds in his inbox, and what a document tells of its approval."""

from types import SimpleNamespace

import pytest

from flows import buttons, inbox
from flows.diagram import diagram
from flows.panel import panel
from flows.route import claim, decide, processes_of
from models.sales.operations.quotes import submit_quote
from tests.flows.conftest import approver, level, make_chain, make_quote, task_of

pytestmark = [pytest.mark.books, pytest.mark.django_db]


@pytest.fixture
def quote(company):
    """A quote below the floor, for the supervisor and then one of the accountants."""
    make_chain(
        company,
        level(approver(), when=["below_floor is yes"]),
        level(approver("role", role=company.roles["accountant"]), when=["amount > 10"]),
    )
    quote = make_quote(company, price=84)
    submit_quote(quote, by=company.sales)
    return quote


def keys(document, user):
    return [deed.key for deed, _task in buttons.decisions(document, user)]


def badge(user):
    return inbox.badge(SimpleNamespace(user=user))


def test_tasks_move_from_one_inbox_to_the_next(company, quote):
    assert inbox.mine(company.supervisor).get().process.number == quote.number
    assert [badge(user) for user in (company.supervisor, company.accountant, company.sales)] == [1, None, None]
    assert inbox.started(company.sales).get().number == quote.number
    decide(task_of(quote, "Su"), company.supervisor, "approve")
    assert not inbox.mine(company.supervisor).exists()
    assert inbox.done(company.supervisor).get().decision == "approve"
    for user in (company.accountant, company.accountant2):
        assert inbox.queue(user).count() == 1 and badge(user) == 1
    claim(task_of(quote, "accountant"), company.accountant)
    assert (inbox.queue(company.accountant2).count(), inbox.mine(company.accountant).count()) == (0, 1)
    decide(task_of(quote, "Kuai"), company.accountant, "return", "Please.")
    assert inbox.mine(company.sales).get().flow_task.name == "revise", "a returned document waits for its submitter"
    assert badge(company.sales) == 1


def test_ones_own_document_is_in_no_queue_of_ones_own(company):
    make_chain(company, level(approver("role", role=company.roles["accountant"])))
    with_three = company.roles["accountant"].holders.model
    from models.audit.changes import changes

    with changes("form"):
        with_three.objects.create(role=company.roles["accountant"], employee=company.people["sales"])
        with_three.objects.create(role=company.roles["accountant"], employee=company.people["assistant"])
    submit_quote(make_quote(company), by=company.assistant)
    assert [inbox.queue(user).count() for user in (company.accountant, company.sales, company.assistant)] == [1, 0, 0]
    assert [badge(user) for user in (company.accountant, company.sales, company.assistant)] == [1, None, None]


def test_needless_tasks_are_not_among_the_done(company):
    make_chain(company, level(*(approver("employee", employee=company.people[code]) for code in ("accountant", "finance"))))
    quote = make_quote(company)
    submit_quote(quote, by=company.sales)
    decide(task_of(quote, "Cai"), company.finance, "reject", "No.")
    assert not inbox.done(company.accountant).exists() and not inbox.mine(company.accountant).exists()


def test_buttons_fit_the_person(company, quote):
    assert keys(quote, company.supervisor) == ["approve", "return", "add_signer", "reassign", "reject"]
    assert keys(quote, company.sales) == ["nudge"]
    assert keys(quote, company.accountant) == []  # may submit quotes, but this one is not hers
    decide(task_of(quote, "Su"), company.supervisor, "approve")
    assert keys(quote, company.accountant) == ["approve", "return", "claim", "add_signer", "reassign", "reject"]
    claim(task_of(quote, "accountant"), company.accountant)
    assert keys(quote, company.accountant) == ["approve", "return", "add_signer", "reassign", "release", "reject"]
    buttons.carry_out("approve", quote, company.accountant, task=task_of(quote, "Kuai"))
    quote.refresh_from_db()
    assert quote.approval == "approved" and keys(quote, company.accountant) == []


def test_the_panel_says_why_who_and_what_follows(company, quote):
    shown = panel(quote, company.supervisor)
    assert shown.why == ["Below the owner's discount floor"] and shown.mine.owner == company.supervisor
    assert [(row["name"], row["who"], row["state"]) for row in shown.levels] == [
        ("Level 1", ["Su"], "current"),
        ("Level 2", ["accountant"], "next"),
    ]
    assert dict(shown.facts) == {"Below the owner's discount floor": "Yes", "Amount": "84.00"}
    assert panel(quote, company.sales).why == [] and panel(quote, company.sales).mine is None


def test_the_timeline_tells_everything_in_order(company, quote):
    decide(task_of(quote, "Su"), company.supervisor, "return", "Dearer.")
    submit_quote(quote, by=company.sales)
    decide(task_of(quote, "Su"), company.supervisor, "approve", "Well.")
    claim(task_of(quote, "accountant"), company.accountant)
    decide(task_of(quote, "Kuai"), company.accountant, "approve")
    told = [(entry.who, str(entry.what), entry.comment, entry.round) for entry in panel(quote, company.gm).timeline]
    assert told == [
        ("Ye", "Submitted", "", 1),
        ("Su", "Returned", "Dearer.", 1),
        ("Ye", "Submitted again", "", 1),
        ("Su", "Approved", "Well.", 2),
        ("Kuai", "Took the task", "", 2),
        ("Kuai", "Approved", "", 2),
    ]


def test_a_draft_has_no_panel(company):
    assert panel(make_quote(company), company.sales) is None


def test_the_diagram_shows_every_node(company, quote):
    picture = diagram(processes_of(quote).get())
    assert picture.startswith("<svg") and "route-assigned" in picture and "Take effect" in picture
