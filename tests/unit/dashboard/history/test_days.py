from datetime import date
from pathlib import Path

import pytest

from dashboard.errors import RequestError
from dashboard.history.days import Asked, Days, held_days, read_asked
from sinks.archive import open_local_archive
from tests.unit.dashboard.history.archives import archive_of, payment

MARCH = Days(date(2026, 3, 1), date(2026, 3, 31))


def test_days_are_counted_with_both_ends() -> None:
    assert len(Days(date(2026, 3, 1), date(2026, 3, 1))) == 1
    assert (MARCH.since.isoformat(), MARCH.until.isoformat()) == (
        "2026-03-01T00:00:00+00:00",
        "2026-04-01T00:00:00+00:00",
    )


def test_a_question_names_its_days() -> None:
    asked = read_asked({"start": "2026-03-01", "end": "2026-03-31", "backfill": "1"})
    assert asked == Asked(MARCH, backfill=True)


def test_without_days_the_newest_seven_that_the_archive_holds_are_meant() -> None:
    asked = read_asked({})
    assert asked.resolve(MARCH) == Days(date(2026, 3, 25), date(2026, 3, 31))
    assert asked.resolve(Days(date(2026, 3, 30), date(2026, 3, 31))) == Days(date(2026, 3, 30), date(2026, 3, 31))
    assert asked.resolve(None) is None


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ({"start": "2026-03-02", "end": "2026-03-01"}, "start", "after end"),
        ({"start": "2026-03-01"}, "end", "missing"),
        ({"end": "2026-03-01"}, "start", "missing"),
        ({"start": "yesterday", "end": "2026-03-01"}, "start", "YYYY-MM-DD"),
        ({"start": "20260301", "end": "2026-03-02"}, "start", "YYYY-MM-DD"),
        ({"start": "2026-02-30", "end": "2026-03-02"}, "start", "YYYY-MM-DD"),
        ({"start": "2026-03-01'; DROP TABLE held", "end": "2026-03-02"}, "start", "YYYY-MM-DD"),
        ({"start": "2025-01-01", "end": "2026-03-02"}, "start", "at most 400"),
        ({"start": "2026-03-01", "end": "2026-03-02", "backfill": "yes"}, "backfill", "give 1"),
    ],
)
def test_a_wrong_question_is_told_what_is_wrong_with_which_field(
    query: dict[str, str], field: str, said: str
) -> None:
    with pytest.raises(RequestError, match=said) as refused:
        read_asked(query)
    assert (refused.value.status, refused.value.field) == (400, field)


def test_the_archive_holds_days_from_its_first_object_to_its_last(tmp_path: Path) -> None:
    assert held_days(open_local_archive(tmp_path)) is None
    archive = archive_of(tmp_path, payment(1), payment(2, hour=75.0))
    assert held_days(archive) == Days(date(2026, 3, 14), date(2026, 3, 17))
