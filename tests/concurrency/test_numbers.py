"""Numbers are unique and without gaps, whoever draws at the same moment and whatever goes wrong afterwards."""

import pytest

from tests.concurrency import crowd

WRITERS = 16


@pytest.mark.books
@pytest.mark.timeout(1800)
def test_sixteen_processes_leave_no_double_and_no_gap(installation, rounds):
    """Three of ten tries are refused with their number drawn, and some writers are killed in the middle of a transaction."""
    tries, killed = rounds((4, 2), (60, 5))
    outcome = crowd.run(installation, "numbering", WRITERS, tries=tries, killed=list(range(killed)))
    done = sum(answer[0] == "done" for answer in outcome.flat)
    refused = {answer[1] for answer in outcome.flat if answer[0] == "refused"}
    print(f"{done / outcome.seconds:.0f} documents a second")
    assert not outcome.errors, outcome.errors[0]
    assert outcome.answers[:killed] == [None] * killed
    assert refused == {"credit"}
    numbers = [number for drawn in outcome.figures["numbers"].values() for number in drawn]
    survived = len(set(numbers)) - done  # what the killed ones had done before
    assert 0 < survived <= killed * (tries - 1)
    assert outcome.figures["problems"] == []
    assert outcome.deadlocks == 0
