from collections.abc import Sequence

import pytest

from tests.chaos.comparing import Entry, Findings

EXPECTED = [("a", b"1"), ("b", b"2"), ("c", b"3")]


def compared(found: Sequence[Entry]) -> Findings:
    findings = Findings()
    findings.compare("log", EXPECTED, found)
    return findings


def counts(findings: Findings) -> tuple[int, int, int, int]:
    return findings.lost, findings.doubled, findings.differing, findings.repeated


def test_what_had_to_come_out_is_clean() -> None:
    assert compared(EXPECTED).clean
    assert counts(compared(EXPECTED)) == (0, 0, 0, 0)


def test_the_same_again_with_the_same_bytes_is_no_fault() -> None:
    findings = compared([*EXPECTED, *EXPECTED[1:]])
    assert findings.clean
    assert counts(findings) == (0, 0, 0, 2)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (EXPECTED[1:], (1, 0, 0, 0)),
        ([*EXPECTED, ("d", b"4")], (0, 1, 0, 0)),
        ([*EXPECTED[:2], ("c", b"4")], (0, 0, 1, 0)),
        ([*EXPECTED, ("c", b"4")], (0, 0, 1, 0)),
        ([EXPECTED[1], EXPECTED[0], EXPECTED[2]], (0, 0, 2, 0)),
        ([], (3, 0, 0, 0)),
    ],
    ids=["missing", "nobody expects", "differs", "again with other bytes", "out of order", "nothing"],
)
def test_everything_else_is_a_fault_and_is_named(found: list[Entry], expected: tuple[int, int, int, int]) -> None:
    findings = compared(found)
    assert counts(findings) == expected
    assert not findings.clean
    assert findings.words
