"""Payments, labels and time marks of a partition: what they mean to merchants, and that borders mean nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from detectors.account_memory import decode_account
from detectors.assess import Outcome, assess
from detectors.clock import decode_clock
from detectors.events import Event, TimeMark
from detectors.features import FEATURES
from detectors.labels import Disposition, Label
from detectors.memory_keys import account_key, clock_key
from detectors.merchants.activity import LabelChange
from detectors.merchants.features import MERCHANT_FEATURES
from detectors.merchants.local import LocalMerchants
from detectors.merchants.profile import MerchantProfile
from detectors.merchants.view import NO_MERCHANTS, Merchants
from detectors.timing import Timing
from detectors.transaction import EnrichedTransaction
from detectors.verdict import MERCHANT
from detectors.windows import HOUR, whole_seconds
from tests.unit.detectors.histories import history, labels, probability_bundle
from tests.unit.detectors.payments import START, payment

PARTITION = 3
FIRST = dict[bytes, bytes]().get
TIMING = Timing()
DELAY = TIMING.delay_hours
NOW = whole_seconds(START) // HOUR
"""The hour of START, which is its first second."""
EXPLAINED = 1e6
"""An amount that no account of these tests is used to."""
encode = msgspec.json.Encoder().encode


@dataclass
class View:
    """Merchants without payments, closed up to an hour."""

    edge: int

    def profile(self, merchant_id: str) -> MerchantProfile | None:
        return None


def run(*events: Event, merchants: Merchants = NO_MERCHANTS) -> Outcome:
    return assess(events, FIRST, probability_bundle(), PARTITION, merchants)


def mark(after_h: float) -> TimeMark:
    return TimeMark(START + timedelta(hours=after_h))


def label(of: EnrichedTransaction, observed_h: float, disposition: Disposition = "confirmed_fraud") -> Label:
    """A label observed so many hours after START."""
    return Label(
        transaction_id=of.transaction_id,
        account_id=of.account_id,
        merchant_id=of.merchant_id,
        event_time=of.event_time,
        disposition=disposition,
        source="chargeback",
        observed_at=START + timedelta(hours=observed_h),
    )


def hours(outcome: Outcome) -> list[int]:
    """Of payments, relative to START."""
    return [entry.hour - NOW for entry in outcome.payments]


class TestHours:
    def test_a_payment_counts_in_its_own_hour_though_younger_ones_came_before_it(self) -> None:
        """As long as the grace is not over."""
        outcome = run(payment(HOUR + TIMING.grace_s - 1), payment(HOUR - 1))
        assert hours(outcome) == [1, 0]

    def test_a_late_payment_counts_in_the_first_open_hour(self) -> None:
        outcome = run(payment(5 * HOUR + TIMING.grace_s), payment(0), payment(4 * HOUR))
        assert hours(outcome) == [5, 5, 5]
        assert (outcome.edge_before, outcome.edge) == (0, NOW + 5)

    def test_a_time_mark_closes_hours_where_nothing_is_paid(self) -> None:
        outcome = run(payment(0), mark(7.5), payment(HOUR))
        assert hours(outcome) == [0, 7]
        assert decode_clock(outcome.memories[clock_key(PARTITION)]).edge == outcome.edge == NOW + 7

    def test_a_time_mark_of_the_past_reopens_nothing(self) -> None:
        assert run(mark(9), mark(2)).edge == run(mark(9)).edge

    @pytest.mark.parametrize("amount", [20.0, 21.0], ids=["duplicate", "conflict"])
    def test_a_payment_sent_twice_is_told_to_nobody_and_moves_no_clock(self, amount: float) -> None:
        one = payment(0)
        again = msgspec.structs.replace(one, amount=amount)
        assert len(run(one, again).payments) == 1
        moved = msgspec.structs.replace(one, event_time=START + timedelta(days=3))
        assert run(one, moved).edge == run(one).edge

    def test_labels_move_no_clock(self) -> None:
        assert run(label(payment(), 500)).edge == 0

    def test_a_payment_carries_its_deviation_in_thousandths(self) -> None:
        outcome = run(payment(amount=EXPLAINED), payment(currency="XYZ"))
        assert [entry.z_milli for entry in outcome.payments] == [8000, None]


class TestLabelHours:
    def test_a_label_on_time_counts_in_the_hour_of_its_payment(self) -> None:
        paid = payment(2 * HOUR + 1)
        outcome = run(paid, label(paid, 2 + DELAY))
        assert outcome.label_changes == [LabelChange(1, "M1", NOW + 2, 1)]

    def test_one_that_took_longer_counts_as_much_later(self) -> None:
        paid = payment(0)
        assert run(paid, label(paid, DELAY + 30)).label_changes[0].hour == NOW + 30

    def test_one_that_came_early_waits_for_the_hour_of_its_payment(self) -> None:
        paid = payment(5 * HOUR)
        assert run(paid, label(paid, 6)).label_changes[0].hour == NOW + 5

    def test_one_that_arrives_after_its_hour_was_read_counts_in_the_first_that_was_not(self) -> None:
        paid = payment(0)
        outcome = run(paid, mark(DELAY + 50), label(paid, DELAY))
        assert outcome.label_changes[0].hour == outcome.edge - DELAY == NOW + 49

    def test_a_retraction_counts_in_an_hour_of_its_own(self) -> None:
        """The fraud stays where it was counted: what was read then is still true."""
        paid = payment(0)
        outcome = run(paid, label(paid, DELAY), label(paid, DELAY + 40, "false_positive"))
        assert [(each.hour - NOW, each.change) for each in outcome.label_changes] == [(0, 1), (40, -1)]

    def test_a_payment_that_explains_its_earlier_label_takes_the_fraud_back(self) -> None:
        paid = payment(0, amount=EXPLAINED)
        outcome = run(label(paid, 1), mark(DELAY + 20), paid)
        assert [(each.position, each.hour - NOW, each.change) for each in outcome.label_changes] == [
            (0, 0, 1),
            (2, 19, -1),
        ]

    def test_an_explained_fraud_is_told_to_nobody(self) -> None:
        paid = payment(0, amount=EXPLAINED)
        outcome = run(paid, label(paid, DELAY))
        assert (outcome.label_changes, outcome.labels, outcome.labels_repeated) == ([], 1, 0)

    def test_labels_are_counted_as_news_or_as_repeated(self) -> None:
        paid = payment(0)
        outcome = run(paid, label(paid, DELAY), label(paid, DELAY), label(paid, DELAY - 1))
        assert (outcome.labels, outcome.labels_repeated) == (1, 2)

    def test_a_label_is_kept_in_the_account_though_it_has_not_paid_yet(self) -> None:
        outcome = run(label(payment(account_id="A9"), 0))
        memory = decode_account(outcome.memories[account_key("A9")])
        assert (memory.payments, bool(memory.labelled)) == (0, True)


class TestDegraded:
    @pytest.mark.parametrize(("behind", "degraded"), [(-1, ()), (0, ()), (1, (MERCHANT,))])
    def test_merchants_are_unknown_exactly_until_the_view_has_passed_the_edge(
        self, behind: int, degraded: tuple[str, ...]
    ) -> None:
        paid = payment(3 * HOUR + TIMING.grace_s)
        [(_, assessment)] = run(paid, merchants=View(NOW + 3 - behind)).assessments
        assert assessment.degraded == degraded
        told = dict(zip(FEATURES, assessment.features, strict=True))
        assert (told["merchant_count_30d"] is None) == bool(degraded)
        assert not degraded or {told[name] for name in MERCHANT_FEATURES} == {None}

    def test_within_the_grace_the_hour_before_is_enough(self) -> None:
        paid = payment(3 * HOUR + TIMING.grace_s - 1)
        [(_, assessment)] = run(paid, merchants=View(NOW + 2)).assessments
        assert assessment.degraded == ()


@dataclass
class Fed:
    """The sum of all outcomes so far; positions count from the first event."""

    assessments: list[tuple[int, bytes]] = field(default_factory=list)
    news: list[Any] = field(default_factory=list)
    counts: list[int] = field(default_factory=lambda: [0, 0, 0])
    memories: dict[bytes, bytes] = field(default_factory=dict)
    edge: int = 0


def feed(events: Sequence[Event], cuts: Sequence[int], merchants: Merchants) -> Fed:
    fed = Fed()
    for start, end in pairwise([0, *sorted(cuts), len(events)]):
        outcome = assess(events[start:end], fed.memories.get, probability_bundle(), PARTITION, merchants)
        assert outcome.edge_before == fed.edge
        fed.assessments += [(start + index, encode(each)) for index, each in outcome.assessments]
        fed.news += [msgspec.structs.replace(each, position=start + each.position) for each in outcome.payments]
        fed.news += [
            msgspec.structs.replace(each, position=start + each.position) for each in outcome.label_changes
        ]
        counted = (outcome.duplicates, outcome.labels, outcome.labels_repeated)
        fed.counts = [one + other for one, other in zip(fed.counts, counted, strict=True)]
        fed.memories.update(outcome.memories)
        fed.edge = outcome.edge
    fed.news.sort(key=lambda each: (each.position, repr(each)))
    return fed


@cache
def log() -> tuple[Event, ...]:
    """Payments, some late or twice; their labels, some early, twice or contradicted; a mark now and then."""
    paid = history()[:400]
    timed: list[tuple[datetime, Event]] = [(each.event_time, each) for each in paid]
    for number, each in enumerate(labels()[:30]):
        late = timedelta(hours=7 * (number % 5) - 200 * (number % 3 == 0))
        observed = max(each.event_time, each.observed_at + late)
        timed.append((observed - timedelta(days=5), msgspec.structs.replace(each, observed_at=observed)))
        if number % 4 == 0:
            taken_back = msgspec.structs.replace(
                each, disposition="false_positive", observed_at=observed + timedelta(hours=number)
            )
            timed += [(observed - timedelta(days=4), taken_back), (observed - timedelta(days=4), each)]
    timed += [(each.event_time, TimeMark(each.event_time + timedelta(minutes=50))) for each in paid[::37]]
    timed += [(each.event_time + timedelta(minutes=number), each) for number, each in enumerate(paid[::23])]
    return tuple(event for _, event in sorted(timed, key=lambda each: each[0]))


@cache
def merchants_seen() -> LocalMerchants:
    """What merchants were up to when half of the log had come."""
    merchants = LocalMerchants(1, TIMING)
    half = assess(log()[: len(log()) // 2], FIRST, probability_bundle(), PARTITION)
    merchants.tell(0, half.edge, half.payments, half.label_changes)
    merchants.close()
    return merchants


@cache
def whole() -> Fed:
    return feed(log(), (), merchants_seen())


class TestBatchBorders:
    @settings(max_examples=3)
    @given(st.lists(st.integers(0, len(log())), max_size=12))
    @example([*range(0, 60), 200, 200, 201])
    def test_they_change_no_bit_of_payments_labels_and_marks_together(self, cuts: list[int]) -> None:
        assert feed(log(), cuts, merchants_seen()) == whole()

    def test_the_log_that_shows_it_holds_everything_that_could_differ(self) -> None:
        assert min(whole().counts) >= 5
        changes = [each.change for each in whole().news if isinstance(each, LabelChange)]
        assert {1, -1} == set(changes)
        assert any(b'"merchant"]' in told for _, told in whole().assessments)
        assert any(b'"degraded":[]' in told for _, told in whole().assessments)
