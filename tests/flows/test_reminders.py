"""What is not done in its time is reminded, then told to the superior; never approved by time."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from flows.hours import add_working_hours
from flows.models import ApprovalTask
from flows.reminders import look_after_tasks, tick
from flows.route import decide
from models.audit.changes import changes
from models.audit.jobs import REPEATING
from models.audit.models import OutboxMessage
from models.sales.models import Quote
from models.sales.operations.quotes import submit_quote
from tests.flows.conftest import approver, level, make_chain, make_quote, open_process, task_of, tasks

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def shanghai(text):
    return datetime.fromisoformat(text).replace(tzinfo=timezone.get_default_timezone())


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-23 09:00", 3, "2026-11-23 12:00"),
        ("2026-11-23 10:00", 8, "2026-11-24 10:00"),
        ("2026-11-23 11:30", 1, "2026-11-23 13:30"),  # lunch
        ("2026-11-27 17:00", 2, "2026-11-30 10:00"),  # a week-end
        ("2026-11-28 15:00", 8, "2026-11-30 18:00"),  # begun on a Saturday
        ("2026-11-23 22:00", 16, "2026-11-25 18:00"),  # after work
        ("2026-11-23 12:30", 1, "2026-11-23 14:00"),  # at lunch
    ],
)
def test_working_hours(start, hours, end):
    assert add_working_hours(shanghai(start), hours) == shanghai(end)
    assert add_working_hours(shanghai(start).astimezone(UTC), hours) == shanghai(end)


def pass_time(hours=400):
    """Let every open task's time pass."""
    with changes("form"):
        for task in ApprovalTask.objects.filter(attention_at__isnull=False):
            task.attention_at -= timedelta(hours=hours)
            task.due_at -= timedelta(hours=hours)
            task.save()
    OutboxMessage.objects.all().delete()


def mails():
    return sorted(OutboxMessage.objects.values_list("payload__to", flat=True))


@pytest.fixture
def quote(company):
    make_chain(company, level(approver()))
    quote = make_quote(company)
    submit_quote(quote, by=company.sales)
    return quote


def test_nothing_is_due_at_once(quote):
    assert tick() == 0
    task = task_of(quote, "Su")
    assert timezone.now() < task.attention_at < task.due_at


@pytest.mark.req("WFL-04")
def test_reminded_then_the_superior_then_silence(company, quote):
    pass_time()
    assert (tick(), mails()) == (1, ["supervisor@example.com"])
    OutboxMessage.objects.all().delete()
    assert (tick(), mails()) == (1, ["director@example.com"])
    OutboxMessage.objects.all().delete()
    assert (tick(), mails()) == (0, [])
    assert [(event.kind, event.by, event.to) for event in open_process(quote).events.all()] == [
        ("reminded", None, company.supervisor),
        ("escalated", None, company.director),
    ]
    assert list(tasks(quote)) == ["Su"], "told, not handed over"
    assert Quote.objects.get(pk=quote.pk).approval == "pending", "never approved by time"
    decide(task_of(quote, "Su"), company.supervisor, "approve")


@pytest.mark.req("WFL-04")
def test_a_level_may_hand_over(company):
    make_chain(company, level(approver(), on_timeout="hand_over"))
    quote = make_quote(company)
    submit_quote(quote, by=company.sales)
    pass_time()
    tick(), tick()
    assert list(tasks(quote)) == ["Dong"]
    decide(task_of(quote, "Dong"), company.director, "approve")
    assert Quote.objects.get(pk=quote.pk).approval == "approved"


@pytest.mark.req("WFL-04")
def test_a_queue_reminds_everybody_who_could_take_it(company):
    make_chain(company, level(approver("role", role=company.roles["accountant"])))
    submit_quote(make_quote(company), by=company.sales)
    pass_time()
    assert (tick(), mails()) == (1, ["accountant2@example.com", "accountant@example.com"])
    OutboxMessage.objects.all().delete()
    assert (tick(), mails()) == (1, ["finance@example.com"])


def test_what_is_decided_is_left_alone(company, quote):
    pass_time()
    decide(task_of(quote, "Su"), company.supervisor, "approve")
    assert tick() == 0


@pytest.mark.req("WFL-04")
def test_a_level_without_hours_never_bothers(company):
    make_chain(company, level(approver(), reminder_hours=0, escalation_hours=0))
    quote = make_quote(company)
    submit_quote(quote, by=company.sales)
    assert task_of(quote, "Su").attention_at is None


def test_the_worker_looks_every_five_minutes():
    assert REPEATING[look_after_tasks.module_path][1] == timedelta(minutes=5)
