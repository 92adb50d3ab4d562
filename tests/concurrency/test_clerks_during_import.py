"""A long import does not stop the shop: on a SQLite file clerks go on saving, and nobody is told that the database is locked."""

from statistics import quantiles

import pytest

from tests.concurrency import crowd, server

LONGEST = 3  # seconds that 95 of 100 answers may take


@pytest.mark.timeout(1800)
def test_clerks_save_while_customers_are_imported(installation, rounds, tmp_path):
    clerks, rows = rounds((5, 10_000), (10, 50_000))
    with server.running(installation) as address:
        outcome = crowd.run(installation, "clerking", clerks + 1, address=address, rows=rows, folder=str(tmp_path))
    assert not outcome.errors, outcome.errors[0]
    imported, *clerks = outcome.answers
    saved = [one for clerk in clerks for one in clerk["saved"]]
    waited = [seconds for clerk in clerks for seconds in clerk["waited"]]
    print(f"{rows / imported['seconds']:.0f} rows/s; {_told('answers', waited)}; {_told('of them saves', [one[3] for one in saved])}")
    assert (imported["status"], imported["new"], imported["refused"]) == ("imported", rows, [])
    assert {status for _place, status, *_rest in saved} == {302}
    assert outcome.figures["imported"] == outcome.figures["history"] == rows
    assert outcome.figures["customers"] + outcome.figures["quotes"] == len(saved)
    assert outcome.figures["problems"] == []
    assert p95(waited) < LONGEST


def p95(seconds):
    return quantiles(seconds, n=20)[-1]


def _told(name, seconds):
    return f"{len(seconds)} {name}, p95 {p95(seconds):.2f} s, longest {max(seconds):.2f} s"
