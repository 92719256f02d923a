"""Facts about the short way from JSON to the archive's columns."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.assessment import Assessment, Readings, Reason, Share, Split
from sinks.json_columns import parse_columns
from sinks.kinds import ASSESSMENT
from sinks.schema import columnise
from tests.unit.sinks.assessments import assessment

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
READINGS = st.builds(Readings, *[st.none() | FLOATS] * 4)
SHARES = st.lists(st.builds(Share, feature=TEXTS, text=TEXTS, value=FLOATS, share=FLOATS), max_size=2).map(tuple)
ASSESSMENTS = st.builds(
    assessment,
    st.integers(0, 99),
    amount=FLOATS,
    location=st.none() | TEXTS,
    latitude=st.none() | FLOATS,
    event_time=st.datetimes(timezones=st.just(UTC)),
    scores=READINGS,
    reasons=st.lists(st.builds(Reason, TEXTS, FLOATS, TEXTS), max_size=3).map(tuple),
    features=st.lists(st.none() | FLOATS, max_size=4).map(tuple),
    degraded=st.lists(TEXTS, max_size=2).map(tuple),
    late=st.booleans(),
    approximate=st.lists(st.builds(Split, detector=TEXTS, features=SHARES), max_size=2).map(tuple),
)


def _encoded(*assessments: Assessment) -> list[bytes]:
    return [msgspec.json.encode(each) for each in assessments]


def _changed(**changes: Any) -> bytes:
    return msgspec.json.encode(msgspec.to_builtins(assessment()) | changes)


@given(st.lists(ASSESSMENTS, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_both_ways_lead_to_the_same_table(rows: list[Assessment]) -> None:
    offsets = range(40, 40 + len(rows))

    parsed = parse_columns(_encoded(*rows), 3, offsets)

    assert parsed is not None
    assert parsed.equals(columnise(rows, 3, offsets), check_metadata=True)


def test_event_times_are_put_into_utc() -> None:
    local = datetime(2026, 3, 15, 1, 30, tzinfo=timezone(timedelta(hours=2)))

    parsed = parse_columns(_encoded(assessment(event_time=local)), 0, [0])

    assert parsed is not None
    assert parsed["event_time"].to_pylist() == [local.astimezone(UTC)]


REFUSED = {
    "empty": b"",
    "no JSON": b"nonsense",
    "cut off": _changed()[:-1],
    "another kind of value": b"[1]",
    "over two lines": _changed().replace(b",", b",\n", 1),
    "two in one": _changed() + _changed(),
    "not UTF-8": _changed().replace("ü".encode(), b"\xfc"),
    "an unknown word": _changed(risk_level="enormous"),
    "a number as text": _changed(amount="412.5"),
    "null where something must be": _changed(account_id=None),
    "a reason without a code": _changed(reasons=[{"contribution": 1.0, "text": "so"}]),
    "null among the degraded": _changed(degraded=[None]),
    "null among the shares": _changed(approximate=[{"detector": "kmeans", "features": [None]}]),
    "a split that says nothing": _changed(approximate=[{"detector": "kmeans"}]),
    "no time": _changed(event_time="yesterday"),
}


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED)
def test_what_may_be_no_assessment_is_left_to_the_long_way(value: bytes) -> None:
    good = _encoded(assessment(1), assessment(2))

    assert parse_columns([good[0], value, good[1]], 0, range(3)) is None


def test_an_assessment_of_an_earlier_release_has_no_split() -> None:
    """It takes the long way, since nothing there says so."""
    earlier = msgspec.to_builtins(assessment())
    del earlier["approximate"]
    value = msgspec.json.encode(earlier)

    assert parse_columns([value], 0, [0]) is None
    assert columnise([ASSESSMENT.decode(value)], 0, [0])["approximate"].to_pylist() == [[]]


def test_nothing_is_left_to_the_long_way() -> None:
    assert parse_columns([], 0, []) is None
