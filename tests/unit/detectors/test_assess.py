"""`assess`, the one path of stream, backtest and command line: what it gives does not depend on how it is fed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from detectors.account_memory import decode_account
from detectors.assess import Stretch, assess, assess_together
from detectors.assessment import DETECTORS, Assessment
from detectors.bundle import Bundle
from detectors.decoding import Rejection
from detectors.drift import DriftEvent
from detectors.features import feature_matrix
from detectors.fusion import fuse
from detectors.memory_keys import account_key, centroids_key, clock_key, drift_key
from detectors.panel import detect
from detectors.transaction import EnrichedTransaction
from tests.unit.detectors.histories import history, probability_bundle, rarity_bundle
from tests.unit.detectors.payments import payment

PARTITION = 3
FIRST = dict[bytes, bytes]().get
"""Reads the memories of a partition that has none."""
encode = msgspec.json.Encoder().encode


@dataclass
class Fed:
    """The sum of all outcomes so far; positions count from the first payment."""

    assessments: list[tuple[int, bytes]] = field(default_factory=list)
    rejections: list[tuple[int, Rejection]] = field(default_factory=list)
    duplicates: int = 0
    drifts: list[DriftEvent] = field(default_factory=list)
    memories: dict[bytes, bytes] = field(default_factory=dict)


def feed(payments: Sequence[EnrichedTransaction], cuts: Sequence[int] = (), bundle: Bundle | None = None) -> Fed:
    """Assess payments in batches that end at `cuts`, each on the memories that the one before left."""
    fed = Fed()
    borders = [0, *sorted(cuts), len(payments)]
    for start, end in pairwise(borders):
        outcome = assess(payments[start:end], fed.memories.get, bundle or probability_bundle(), PARTITION)
        fed.assessments += [(start + index, encode(each)) for index, each in outcome.assessments]
        fed.rejections += [(start + index, each) for index, each in outcome.rejections]
        fed.duplicates += outcome.duplicates
        fed.drifts += outcome.drifts
        fed.memories.update(outcome.memories)
    return fed


@cache
def stream() -> tuple[EnrichedTransaction, ...]:
    """Six hundred payments of sixty accounts; some late, some sent twice, some contradicting themselves."""
    rng = np.random.default_rng(5)
    payments = list(history()[:600])
    for position in rng.integers(50, 550, 12).tolist():
        payments[position], payments[position - 20] = payments[position - 20], payments[position]
    for position in rng.integers(0, 600, 20).tolist():
        payments.insert(position + 1, payments[position])
        corrected = msgspec.structs.replace(payments[position], amount=payments[position].amount + 1)
        payments.insert(position + 2, corrected)
    return tuple(payments)


@cache
def whole() -> Fed:
    return feed(stream())


def assessed(payments: Sequence[EnrichedTransaction], bundle: Bundle | None = None) -> list[Assessment]:
    outcome = assess(payments, FIRST, bundle or probability_bundle(), PARTITION)
    return [each for _, each in outcome.assessments]


class TestBatchBorders:
    @settings(max_examples=8, deadline=None)
    @given(st.lists(st.integers(0, len(stream())), max_size=12))
    @example([256, 512])
    @example([*range(0, 90), 300, 300, 301])
    def test_they_change_no_bit(self, cuts: list[int]) -> None:
        """Four detectors, reasons, levels, alerts, drift and memories, with empty batches and single payments."""
        assert feed(stream(), cuts) == whole()

    def test_the_stream_that_shows_it_holds_everything_that_could_differ(self) -> None:
        decoded = [msgspec.json.decode(value, type=Assessment) for _, value in whole().assessments]
        last = decoded[-1].scores
        assert None not in (last.zscore, last.kmeans, last.isolation_forest, last.logistic)
        assert len({each.risk_level for each in decoded}) >= 3
        assert {each.alert for each in decoded} >= {"none", "new"}
        assert any(each.late for each in decoded)
        assert whole().duplicates >= 10
        assert len(whole().rejections) >= 10
        assert len(stream()) > 512, "two blocks of the drift detectors"

    def test_they_change_no_bit_without_labels_either(self) -> None:
        payments = stream()[:200]
        assert feed(payments, [1, 60, 61, 140], rarity_bundle()) == feed(payments, bundle=rarity_bundle())


def test_history_changes_memories_and_verdicts_exactly_as_live_payments_do() -> None:
    """Backfill, then live: the same as one uninterrupted live run, but for the mark."""
    payments = history()[:400]
    past = [msgspec.structs.replace(each, backfill=True) for each in payments[:250]]
    live = feed(payments)
    resumed = feed([*past, *payments[250:]], [250])
    assert resumed.memories == live.memories
    assert resumed.assessments[250:] == live.assessments[250:]
    for (_, marked), (_, unmarked) in zip(resumed.assessments[:250], live.assessments[:250], strict=True):
        assert marked.replace(b'"backfill":true', b'"backfill":false') == unmarked != marked


class TestMemories:
    def test_every_account_has_one_and_the_partition_three(self) -> None:
        outcome = assess(history()[:50], FIRST, probability_bundle(), PARTITION)
        accounts = {account_key(each.account_id) for each in history()[:50]}
        assert outcome.memories.keys() == accounts | {
            key(PARTITION) for key in (centroids_key, clock_key, drift_key)
        }

    def test_reading_and_computing_change_nothing_that_was_there(self) -> None:
        before = dict(feed(history()[:100]).memories)
        kept = dict(before)
        assess(history()[100:200], before.get, probability_bundle(), PARTITION)
        assert before == kept

    def test_each_partition_has_centres_of_its_own(self) -> None:
        stranger = [payment(account_id="a stranger")]
        read = feed(history()[:100]).memories.get
        other = assess(stranger, read, probability_bundle(), PARTITION + 1)
        assert other == assess(stranger, FIRST, probability_bundle(), PARTITION + 1)
        assert other.memories[centroids_key(PARTITION + 1)] != read(centroids_key(PARTITION))

    def test_an_empty_batch_touches_none(self) -> None:
        outcome = assess([], FIRST, probability_bundle(), PARTITION)
        assert (outcome.assessments, outcome.rejections, outcome.memories) == ([], [], {})


class TestRepeats:
    def test_a_payment_sent_twice_is_counted_and_says_nothing_more(self) -> None:
        one = payment()
        outcome = assess([one, one], FIRST, probability_bundle())
        assert [index for index, _ in outcome.assessments] == [0]
        assert (outcome.duplicates, outcome.rejections) == (1, [])
        assert outcome.memories == assess([one], FIRST, probability_bundle()).memories

    def test_a_contradiction_is_rejected_without_showing_the_ids(self) -> None:
        one = payment(transaction_id="TX-SECRET-0042", account_id="ACCOUNT-SECRET-0099")
        outcome = assess([one, msgspec.structs.replace(one, amount=1.0)], FIRST, probability_bundle())
        ((index, rejection),) = outcome.rejections
        assert (index, rejection.reason, rejection.field) == (1, "CONFLICTING_DUPLICATE", "transaction_id")
        assert "SECRET" not in rejection.message
        assert "0042" in rejection.message
        assert [index for index, _ in outcome.assessments] == [0]

    def test_a_batch_of_nothing_else_touches_no_memory(self) -> None:
        one = payment()
        memories = assess([one], FIRST, probability_bundle()).memories
        outcome = assess([one, one], memories.get, probability_bundle())
        assert (outcome.assessments, outcome.duplicates, outcome.memories) == ([], 2, {})


class TestVerdicts:
    @pytest.mark.parametrize("bundle", [probability_bundle, rarity_bundle])
    def test_the_reasons_add_up_to_the_statistic(self, bundle: Callable[[], Bundle]) -> None:
        for each in assessed(history()[:300], bundle()):
            told = each.baseline + each.other + sum(reason.contribution for reason in each.reasons)
            assert told == pytest.approx(each.statistic, abs=1e-9)

    @pytest.mark.parametrize("bundle", [probability_bundle, rarity_bundle])
    def test_the_published_features_reproduce_every_score(self, bundle: Callable[[], Bundle]) -> None:
        trained = bundle()
        verdicts = assessed(history()[:300], trained)
        rows = feature_matrix([[np.nan if f is None else f for f in each.features] for each in verdicts])
        scores, _ = detect(rows, None, trained)
        fused = fuse(scores, rows, trained)
        for column, name in enumerate(DETECTORS):
            published = [getattr(each.scores, name) for each in verdicts]
            assert [None if np.isnan(value) else value for value in scores[:, column].tolist()] == published
        assert fused.score.tolist() == [each.fraud_risk_score for each in verdicts]

    def test_a_payment_is_judged_on_what_came_before_it_and_never_on_what_comes_after(self) -> None:
        assert assessed(history()[:200]) == assessed(history()[:400])[:200]


def test_a_burst_is_one_alert_and_then_escalations_only() -> None:
    """An account of habit, then twenty large payments within an hour."""
    day = 86_400
    calm = [payment(number * day / 2, amount=20.0 + number % 3, login_attempts=1) for number in range(60)]
    burst = [
        payment(31 * day + number * 120, amount=900.0 + number, login_attempts=5, device_id=f"new-{number}")
        for number in range(20)
    ]
    verdicts = assessed([*calm, *burst])
    assert {each.alert for each in verdicts[:60]} == {"none"}
    risky = [each.alert for each in verdicts[60:] if each.alert != "none"]
    assert len(risky) >= 15
    assert risky[0] == "new"
    assert risky.count("new") == 1
    assert risky.count("folded") > 0
    assert risky.count("escalation") <= 4

    outcome = assess([*calm, *burst], FIRST, probability_bundle(), PARTITION)
    memory = decode_account(outcome.memories[account_key("A1")])
    assert memory.alert is not None
    assert memory.alert.level == max((each.risk_level for each in verdicts[60:]), key=("high", "critical").index)


@settings(max_examples=8, deadline=None)
@given(cuts=st.lists(st.integers(0, 300), min_size=3, max_size=3).map(sorted))
def test_partitions_that_are_assessed_together_come_out_as_if_each_were_alone(cuts: list[int]) -> None:
    payments = stream()
    parts = [payments[start:end] for start, end in pairwise([0, *cuts])]
    stretches = [Stretch(part, {}.get, partition) for partition, part in enumerate(parts)]
    together = assess_together(stretches, probability_bundle())
    alone = [assess(part, {}.get, probability_bundle(), partition) for partition, part in enumerate(parts)]
    for one, other in zip(together, alone, strict=True):
        assert encode(one.assessments) == encode(other.assessments)
        assert one.memories == other.memories
        assert one.drifts == other.drifts
        assert one.payments == other.payments
