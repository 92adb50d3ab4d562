"""Two people press at the same moment: one of them has decided, the other is told so, and everything is posted once."""

import pytest

from tests.concurrency import crowd

NOTHING = {"decided": 0, "Movement": 0, "Reservation": 0, "CashEntry": 0, "CustomerEntry": 0}
# What the ledgers hold of a document, by the race and, where two things can come of it, by the state that came of it.
POSTED = {
    "approve order": {"approved": NOTHING | {"decided": 1, "Reservation": 1}},
    "approve receipt": {"approved": NOTHING | {"decided": 1, "CashEntry": 1, "CustomerEntry": 1}},
    "approve or reject order": {"approved": NOTHING | {"decided": 1, "Reservation": 1}, "rejected": NOTHING | {"decided": 1}},
    "approve or withdraw order": {"approved": NOTHING | {"decided": 1, "Reservation": 1}, "withdrawn": NOTHING},
    "dispatch": {"": NOTHING | {"Movement": 1, "Reservation": 1, "CustomerEntry": 1}},
    "take in": {"approved": NOTHING | {"Movement": 1, "CustomerEntry": 1}},
}
SENTENCES = ("Already approved by", "Already rejected by", "was withdrawn", "is not possible while")


@pytest.mark.books
@pytest.mark.timeout(1800)
def test_two_at_the_same_moment_post_once(installation, rounds):
    outcome = crowd.run(installation, "deciding", 2, rounds=rounds(30, 200))
    print(f"{len(outcome.facts['rounds'])} rounds in {outcome.seconds:.1f} s")
    assert not outcome.errors, outcome.errors[0]
    met = 0
    for (race, _key), posted, *both in zip(outcome.facts["rounds"], outcome.figures["posted"], *outcome.answers, strict=True):
        answers, pressed, answered = zip(*both, strict=True)
        met += max(pressed) < min(answered)
        assert sorted(answer[0] for answer in answers) == ["done", "refused"], (race, answers)
        refused = next(answer for answer in answers if answer[0] == "refused")
        assert any(sentence in refused[2] for sentence in SENTENCES), refused
        state = posted.pop("state")
        assert POSTED[race][state] == posted, (race, answers)
    assert outcome.figures["problems"] == []
    assert outcome.deadlocks == 0
    assert met > len(outcome.facts["rounds"]) * 0.8, "they did not press at the same moment"
