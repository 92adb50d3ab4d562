"""Two approvers at the same moment, from processes of their own: a document takes effect once."""

from collections import Counter

import pytest

from tests.concurrency import crowd

pytestmark = pytest.mark.books


@pytest.mark.parametrize("mode", ["any", "queue"])
def test_one_decides_and_the_other_is_told_who(installation, rounds, mode):
    receipts = rounds(20, 200)
    outcome = crowd.run(installation, "approving", 2, receipts=receipts, mode=mode)
    assert not outcome.errors, outcome.errors[0]
    told = Counter(answer[0] for answer in outcome.flat)
    assert told == {"approved": receipts, "refused": receipts}
    assert {answer[1] for answer in outcome.flat if answer[0] == "refused"} <= {
        "Already approved by 周启明.",
        "Already approved by 钱国梁.",
    }
    assert_posted_once(outcome, receipts)


def test_two_who_both_have_to_agree_do_not_wait_for_each_other_for_ever(installation, rounds):
    receipts = rounds(20, 200)
    outcome = crowd.run(installation, "approving", 2, receipts=receipts, mode="all")
    assert not outcome.errors, outcome.errors[0]
    assert Counter(answer[0] for answer in outcome.flat) == {"approved": 2 * receipts}
    assert_posted_once(outcome, receipts)


def assert_posted_once(outcome, receipts):
    assert outcome.figures == {"posted": [1] * receipts, "approved": receipts, "processes": [["DONE", "approved"]], "open": 0}
    assert outcome.deadlocks == 0
