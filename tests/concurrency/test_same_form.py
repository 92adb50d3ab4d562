"""The same form sent any number of times makes one document and gives the same answer to all, whenever the server dies."""

from collections import Counter

import pytest

from tests.concurrency import crowd, server
from tests.concurrency.sending import KINDS, MAKES

pytestmark = [pytest.mark.books, pytest.mark.timeout(1800)]
BEFORE_COMMIT, *AFTER_COMMIT = ("before the commit", "after the commit", "before the answer")  # see mortal.py
SENDERS = (2, 5, 50)


@pytest.fixture
def sent(installation):
    """Play rounds of sending; returns the outcome and the answers of each round's senders."""

    def sent(rounds):
        with server.running(installation, "tests.concurrency.mortal:application") as address:
            outcome = crowd.run(installation, "sending", max(senders for _what, senders, _moment in rounds), address=address, rounds=rounds)
        assert not outcome.errors, outcome.errors[0]
        return outcome, list(zip(*outcome.answers, strict=True))

    return sent


def one_answer(answers, senders):
    """Where all the senders of a round were led."""
    told = [answer["told"] for answer in answers if answer["told"]]
    assert len(told) == senders
    assert len({tuple(one) for one in told}) == 1, Counter(map(tuple, told))
    status, place = told[0]
    assert status == 302 and place.endswith("/change/"), told[0]
    return place


def made(rounds):
    """What there is after the rounds: each made its things once."""
    return [sum(column) for column in zip(*(MAKES[what] for what, *_rest in rounds), strict=True)]


def test_sent_at_once_it_is_done_once(sent):
    rounds = [(what, senders, "") for what in KINDS for senders in SENDERS]
    outcome, answers = sent(rounds)
    places = [one_answer(answers[number], senders) for number, (_what, senders, _moment) in enumerate(rounds)]
    assert len(set(places)) == len(rounds)
    quotes, lines, deliveries, movements = made(rounds)
    assert outcome.figures["count"] == [quotes, lines, deliveries + len(SENDERS), movements]  # those to dispatch were there before
    assert outcome.figures["problems"] == []


def test_sent_again_after_the_server_was_killed_it_is_done_once(sent, rounds):
    senders = 3
    deaths = [(what, senders, moment) for what in KINDS for moment in (BEFORE_COMMIT, *AFTER_COMMIT) for _ in range(rounds(1, 10))]
    outcome, answers = sent(deaths)
    for (what, _senders, moment), told in zip(deaths, answers, strict=True):
        before, after = told[0]["made"]
        done = [now - then for now, then in zip(after, before, strict=True)]
        assert done == ([0] * 4 if moment == BEFORE_COMMIT else list(MAKES[what])), (what, moment)
        one_answer(told, senders)
    quotes, lines, deliveries, movements = made(deaths)
    assert outcome.figures["count"] == [quotes, lines, 2 * deliveries, movements]
    assert outcome.figures["problems"] == []
