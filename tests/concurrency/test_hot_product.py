"""However many sell the last piece at once, as many are sold as were there."""

import pytest

from tests.concurrency import crowd, server

pytestmark = pytest.mark.timeout(1800)
WRITERS = 50


def refusals(outcome):
    return {tuple(answer[:2]) for answer in outcome.flat if answer[0] == "refused"}


def sentences(outcome):
    return [answer[2] for answer in outcome.flat if answer[0] == "refused"]


@pytest.mark.postgresql
@pytest.mark.parametrize("arrives", ["before", "between"])
def test_fifty_writers_sell_what_is_there(installation, rounds, arrives):
    tries, there = rounds((2, 60), (40, 1000))
    outcome = crowd.run(installation, "selling", WRITERS, on_hand=there, tries=tries, arrives=arrives)
    print(f"{WRITERS * tries / outcome.seconds:.0f} tries a second, {outcome.seconds:.1f} s")
    assert not outcome.errors, outcome.errors[0]
    assert outcome.figures["sold"] == outcome.figures["dispatched"] == there
    assert not any(outcome.figures["left"].values())
    assert refusals(outcome) == {("refused", "stock")}
    assert len(sentences(outcome)) == WRITERS * tries - there
    assert all("Not enough stock" in sentence for sentence in sentences(outcome))
    assert outcome.deadlocks == 0
    assert outcome.figures["problems"] == []


@pytest.mark.postgresql
def test_lines_in_any_order_never_lock_each_other_out(installation, rounds):
    """2 to 8 of ten goods on each order, in any order, some of them short: all of a delivery leaves, or nothing."""
    writers, tries = rounds((16, 3), (20, 50))
    outcome = crowd.run(installation, "selling", writers, products=10, on_hand=8 * tries, tries=tries, arrives="between", buyers=3)
    assert not outcome.errors, outcome.errors[0]
    assert outcome.deadlocks == 0
    assert refusals(outcome) == {("refused", "stock")}
    assert outcome.figures["dispatched"] == len(outcome.flat) - len(sentences(outcome)) > 0
    assert outcome.figures["problems"] == []


@pytest.mark.books
def test_every_deed_at_once_leaves_the_books_right(installation, rounds):
    writers, deeds = rounds((10, 12), (16, 150))
    outcome = crowd.run(installation, "trading", writers, deeds=deeds)
    assert not outcome.errors, outcome.errors[0]
    assert outcome.deadlocks == 0
    assert outcome.figures["problems"] == []
    assert min(outcome.figures["on_hand"]) >= 0


@pytest.mark.books
def test_pressed_in_browsers_the_goods_go_once(installation, rounds):
    """Web server with three processes: as many get through as there are goods, the others read why not."""
    browsers, there = rounds((20, 12), (50, 30))
    with server.running(installation) as address:
        outcome = crowd.run(installation, "pressing", browsers, address=address, deliveries=browsers, on_hand=there)
    assert not outcome.errors, outcome.errors[0]
    answers = [(status, said) for status, _place, said in outcome.answers]
    assert sorted(answers) == sorted([(302, False)] * there + [(200, True)] * (browsers - there))
    assert outcome.figures["on_hand"] == 0
    assert outcome.figures["problems"] == []
    assert outcome.deadlocks == 0
