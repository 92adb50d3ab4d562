"""The outbox owes each message once, retries with growing pauses, gives up visibly; workers that die lose nothing."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone

from models.audit import jobs, outbox, progress
from models.audit.models import Job, OutboxMessage, Periodic, WorkerHeartbeat
from models.audit.tasks import deliver, prune, sweep

pytestmark = [pytest.mark.books, pytest.mark.django_db]
State = OutboxMessage.State


@pytest.fixture
def sent(monkeypatch):
    """What a fake channel was given; it fails as often as the payload says."""
    calls = []

    def send(payload, *, idempotency_key):
        calls.append(idempotency_key)
        if len(calls) <= payload.get("failures", 0):
            raise OSError("line is dead")

    monkeypatch.setitem(outbox.SENDERS, "pigeon", send)
    return calls


def make_due(**values):
    OutboxMessage.objects.update(due_at=timezone.now() - timedelta(seconds=1), **values)


def test_it_works(sent):
    outbox.post_message("order-7-confirmed", "pigeon", {})
    assert outbox.deliver_due() == 1
    assert outbox.deliver_due() == 0
    message = OutboxMessage.objects.get()
    assert (message.state, message.attempts, message.error) == (State.SENT, 1, "")
    assert message.sent_at is not None
    assert sent == ["order-7-confirmed"]


def test_the_same_key_is_owed_once(sent):
    first = outbox.post_message("key", "pigeon", {"n": 1})
    assert outbox.post_message("key", "pigeon", {"n": 2}) == first
    outbox.deliver_due()
    assert sent == ["key"] and OutboxMessage.objects.get().payload == {"n": 1}


def test_a_deed_that_is_rolled_back_owes_nothing(sent):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        outbox.post_message("key", "pigeon", {})
        _ = 1 / 0
    assert outbox.deliver_due() == 0 and sent == []


def test_the_worker_is_called_after_the_commit(django_capture_on_commit_callbacks, sent):
    from django_tasks_db.models import DBTaskResult

    with django_capture_on_commit_callbacks(execute=True):
        message = outbox.post_message("key", "pigeon", {})
        assert DBTaskResult.objects.count() == 0
    assert DBTaskResult.objects.get().args_kwargs["args"] == [message.pk]


def test_pauses_double_and_six_failures_are_the_end(sent):
    outbox.post_message("key", "pigeon", {"failures": 9})
    for attempt in range(1, 6):
        make_due()
        began = timezone.now()
        outbox.deliver_due()
        message = OutboxMessage.objects.get()
        assert (message.state, message.attempts) == (State.READY, attempt)
        assert 2**attempt <= (message.due_at - began).total_seconds() < 2**attempt + 5
        assert "line is dead" in message.error
    make_due()
    outbox.deliver_due()
    message = OutboxMessage.objects.get()
    assert (message.state, message.attempts) == (State.DEAD, 6)
    make_due()
    assert outbox.deliver_due() == 0 and len(sent) == 6


def test_what_was_given_up_can_be_tried_again(sent):
    message = outbox.post_message("key", "pigeon", {"failures": 1})
    make_due(state=State.DEAD, attempts=6)
    outbox.retry_message(message)
    outbox.deliver_due()
    make_due()
    assert outbox.deliver_due() == 1


def test_a_message_in_the_hands_of_another_worker_is_left_alone_until_its_lease_ends(sent):
    message = outbox.post_message("key", "pigeon", {})
    OutboxMessage.objects.update(state=State.SENDING, attempts=1, due_at=timezone.now() + timedelta(minutes=1))
    assert outbox.deliver_message(message.pk) == "" and sent == []
    make_due()
    assert outbox.deliver_message(message.pk) == State.SENT


def test_a_message_that_kills_its_workers_is_given_up(sent):
    message = outbox.post_message("key", "pigeon", {})
    make_due(state=State.SENDING, attempts=6)
    assert outbox.deliver_message(message.pk) == ""
    assert OutboxMessage.objects.get().state == State.DEAD and sent == []


def test_an_unknown_channel_says_so():
    outbox.post_message("key", "smoke", {})
    outbox.deliver_due()
    assert "smoke" in OutboxMessage.objects.get().error


def test_mail_carries_the_same_message_id_at_every_attempt():
    for key in ("a", "a", "b"):
        outbox.send_mail({"to": "clerk@example.com", "subject": "Hello", "body": "Text", "html": "<p>Text</p>"}, idempotency_key=key)
    first, repeat, other = (message.extra_headers["Message-ID"] for message in mail.outbox)
    assert first == repeat != other
    assert re.fullmatch(r"<[0-9a-f]{32}@[\w.-]+>", first)
    assert mail.outbox[0].to == ["clerk@example.com"]


def test_the_tasks_do_what_their_names_say(sent):
    message = outbox.post_message("key", "pigeon", {})
    assert deliver.call(message.pk) == State.SENT
    outbox.post_message("other", "pigeon", {})
    assert sweep.call() == 1
    OutboxMessage.objects.update(sent_at=timezone.now() - timedelta(days=91))
    prune.call()
    assert OutboxMessage.objects.count() == 0


def test_repeating_jobs_are_enqueued_once_per_interval(monkeypatch):
    class Bell:
        rung = 0

        def enqueue(self):
            self.rung += 1

    bell = Bell()
    monkeypatch.setattr(jobs, "REPEATING", {"bell": (bell, timedelta(seconds=60))})
    assert jobs.tick() == ["bell"] and jobs.tick() == []
    Periodic.objects.update(next_at=timezone.now() - timedelta(seconds=1))
    assert jobs.tick() == ["bell"] and bell.rung == 2


def running_task(worker_ids, minutes_ago=5):
    from django_tasks_db.models import DBTaskResult

    result = sweep.enqueue()
    started = timezone.now() - timedelta(minutes=minutes_ago)
    DBTaskResult.objects.filter(pk=result.id).update(status="RUNNING", started_at=started, worker_ids=worker_ids)
    return DBTaskResult.objects.get(pk=result.id)


@pytest.mark.parametrize(
    ("worker_ids", "minutes_ago", "state"),
    [(["dead"], 5, "READY"), (["dead", "dead", "dead"], 5, "FAILED"), (["alive"], 5, "RUNNING"), (["dead"], 0, "RUNNING")],
)
def test_tasks_of_dead_workers_are_recovered(worker_ids, minutes_ago, state):
    jobs.beat("alive")
    task = running_task(worker_ids, minutes_ago)
    jobs.recover()
    task.refresh_from_db()
    assert task.status == state


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_beats_until_it_is_stopped():
    from threading import Event

    class Once(Event):
        def wait(self, timeout=None):
            self.set()

    jobs.heartbeat(lambda: "worker-1", Once())
    assert WorkerHeartbeat.objects.get().worker == "worker-1"


def test_a_job_reports_and_ends():
    job = Job.objects.create(kind="import", title="customers.xlsx")
    with progress.running(job) as mine, transaction.atomic():
        assert mine
        progress.report(job.pk, done=10, total=100)
    with progress.running(job) as mine:
        assert not mine
    job.refresh_from_db()
    assert job.state == Job.State.DONE


@pytest.mark.django_db(transaction=True)
def test_progress_is_seen_while_the_work_is_in_its_transaction():
    job = Job.objects.create(kind="import")
    with progress.running(job):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            progress.report(job.pk, done=10, total=100, message="Reading")
            _ = 1 / 0
        job.refresh_from_db()
        assert job.state == Job.State.RUNNING
        assert progress.progress_of(job) == (10, 100, "Reading")


def test_a_job_stops_when_asked_and_tells_why_it_failed():
    job, broken = Job.objects.create(kind="import"), Job.objects.create(kind="export")
    with progress.running(job):
        progress.request_cancel(job.pk)
        progress.report(job.pk, done=1)
        raise AssertionError("not reached")
    with pytest.raises(ValueError, match="disk"), progress.running(broken):
        raise ValueError("disk is full")
    job.refresh_from_db()
    broken.refresh_from_db()
    assert (job.state, broken.state, broken.message) == (Job.State.CANCELLED, Job.State.FAILED, "disk is full")
