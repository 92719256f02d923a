"""Payments and labels come in the order in which they become known; a loop goes round in whole days."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from detectors.labels import Label
from detectors.transaction import MAX_ID_BYTES, Transaction
from stream.timeline import Event, first_payments, in_order, moment, repeat
from tests.strategies import labels, transactions

START = datetime(2026, 1, 5, tzinfo=UTC)


def payment(number: int, minutes: float = 0) -> Transaction:
    return Transaction(
        transaction_id=f"t{number}",
        account_id="a1",
        merchant_id="m1",
        event_time=START + timedelta(minutes=minutes),
        amount=1.0 + number,
    )


def label(number: int, minutes: float) -> Label:
    return Label(
        transaction_id=f"t{number}",
        account_id="a1",
        merchant_id="m1",
        event_time=START,
        disposition="confirmed_fraud",
        source="chargeback",
        observed_at=START + timedelta(minutes=minutes),
    )


def ids(events: list[Event]) -> list[str]:
    return [event.transaction_id for event in events]


@given(st.lists(st.one_of(transactions(), labels()), max_size=8))
def test_nothing_comes_before_it_is_known_and_nothing_is_lost(events: list[Event]) -> None:
    ordered = in_order(events)

    moments = [moment(event) for event in ordered]
    assert moments == sorted(moments)
    assert sorted(map(id, ordered)) == sorted(map(id, events))


def test_events_of_one_moment_keep_their_order() -> None:
    events = [payment(0, minutes=5), payment(1, minutes=1), label(9, minutes=1), payment(2, minutes=1)]

    assert ids(in_order(events)) == ["t1", "t9", "t2", "t0"]


def test_a_limit_counts_payments_and_takes_the_labels_before_the_next_one() -> None:
    events = [label(7, 0), payment(0, 1), payment(1, 2), label(8, 3), payment(2, 4), label(9, 5)]

    assert ids(list(first_payments(events, 2))) == ["t7", "t0", "t1", "t8"]
    assert list(first_payments(events, None)) == events


def test_a_loop_repeats_whole_days_later_with_ids_of_its_own() -> None:
    ordered = [payment(0, minutes=0), payment(1, minutes=60 * 25)]

    passes = list(islice(repeat(ordered, START + timedelta(days=365)), 6))

    assert ids(passes) == ["t0", "t1", "t0-r1", "t1-r1", "t0-r2", "t1-r2"]
    assert [each.event_time for each in passes[2:4]] == [each.event_time + timedelta(days=2) for each in ordered]
    times = [each.event_time for each in passes]
    assert times == sorted(times)
    assert passes[2].account_id == "a1"


def test_a_loop_repeats_labels_for_the_payments_of_the_same_pass() -> None:
    ordered = [payment(0), label(0, minutes=60 * 24 * 7)]

    again = list(islice(repeat(ordered, START + timedelta(days=365)), 4))[3]

    assert isinstance(again, Label)
    assert again.transaction_id == "t0-r1"
    assert (again.event_time - START, again.observed_at - START) == (timedelta(days=8), timedelta(days=15))


def test_a_loop_ends_before_the_future() -> None:
    ordered = [payment(0), payment(1, minutes=60)]

    passes = list(repeat(ordered, until=START + timedelta(days=2, minutes=60)))

    assert ids(passes) == ["t0", "t1", "t0-r1", "t1-r1", "t0-r2", "t1-r2"]


def test_a_loop_over_nothing_ends() -> None:
    assert list(repeat([], until=START)) == []


def test_a_repeated_id_stays_within_the_limit() -> None:
    long = msgspec.structs.replace(payment(0), transaction_id="é" * (MAX_ID_BYTES // 2))

    again = list(islice(repeat([long], START + timedelta(days=9)), 3))[2]

    assert again.transaction_id.endswith("é-r2")
    assert len(again.transaction_id.encode()) <= MAX_ID_BYTES
