"""The backtest is a stream fed in step: nothing in it may know what a live system would not have known by then."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

import msgspec
import pytest

from detectors.assessment import Assessment
from detectors.features import FEATURES
from detectors.labels import Label
from detectors.merchants.features import MERCHANT_FEATURES
from detectors.timing import Timing
from detectors.transaction import EnrichedTransaction
from detectors.windows import HOUR, whole_seconds
from stream.backtest import Backtest, backtest
from tests.unit.detectors.histories import history, labels, rarity_bundle
from tests.unit.detectors.payments import START, payment

encode = msgspec.json.Encoder().encode
TIMING = Timing()
PAID = history()[:440]
CUT = PAID[350].event_time
RISKS = [name for name in MERCHANT_FEATURES if name.startswith("merchant_risk")]


def assessed(
    payments: Sequence[EnrichedTransaction], known: Sequence[Label] = (), partitions: int = 1
) -> dict[str, Assessment]:
    """Assessments by transaction id."""
    folds = backtest(payments, rarity_bundle(), partitions, known)
    told = [each for fold in folds for each in fold.assessments]
    assert len({each.transaction_id for each in told}) == len(told)
    return {each.transaction_id: each for each in told}


@cache
def whole(partitions: int = 1) -> dict[str, Assessment]:
    return assessed(PAID, labels(), partitions)


def columns(verdicts: dict[str, Assessment], names: Sequence[str]) -> dict[str, list[float | None]]:
    places = [FEATURES.index(name) for name in names]
    return {name: [each.features[place] for place in places] for name, each in sorted(verdicts.items())}


def before(verdicts: dict[str, Assessment], time: datetime) -> dict[str, bytes]:
    return {name: encode(each) for name, each in verdicts.items() if each.event_time < time}


class TestPartitions:
    def test_their_number_changes_no_feature(self) -> None:
        """Only k-means centres are a partition's own."""
        assert columns(whole(4), FEATURES) == columns(whole(1), FEATURES)

    def test_nor_do_payments_that_are_late_or_sent_twice(self) -> None:
        payments = list(PAID[:200])
        payments[60], payments[90] = payments[90], payments[60]
        payments.insert(120, payments[115])
        one, four = (assessed(payments, labels(), partitions) for partitions in (1, 4))
        assert len(one) == 200
        assert columns(four, FEATURES) == columns(one, FEATURES)

    def test_every_merchant_is_known_in_step(self) -> None:
        assert all(each.degraded == () for verdicts in (whole(1), whole(4)) for each in verdicts.values())
        risks = columns(whole(4), RISKS)
        assert any(risk for row in risks.values() for risk in row), "labels took effect"

    @pytest.mark.parametrize("batch", [9, 5000])
    def test_how_many_payments_are_scored_together_changes_no_bit(self, batch: int) -> None:
        few = PAID[:150]
        [fold] = backtest(few, rarity_bundle(), 1, labels(), batch)
        [other] = backtest(few, rarity_bundle(), 1, labels())
        assert list(map(encode, fold.assessments)) == list(map(encode, other.assessments))
        assert fold.memories == other.memories


class TestLabels:
    @pytest.mark.parametrize("minutes", [0, 5, 15, 59])
    def test_a_label_takes_effect_at_the_border_that_closes_the_hour_in_which_it_was_observed(
        self, minutes: int
    ) -> None:
        """Payments of other accounts at the same merchant, ten minutes apart, around that border."""
        paid = payment(0, account_id="A0")
        observed = START + timedelta(hours=TIMING.delay_hours, minutes=minutes)
        known = Label(
            transaction_id=paid.transaction_id,
            account_id="A0",
            merchant_id=paid.merchant_id,
            event_time=paid.event_time,
            disposition="confirmed_fraud",
            source="chargeback",
            observed_at=observed,
        )
        later = [
            payment((TIMING.delay_hours - 2) * HOUR + 600 * step, account_id=f"A{step % 7}") for step in range(36)
        ]
        verdicts = assessed([paid, *later], [known], partitions=3)
        effective = TIMING.first_second(whole_seconds(observed) // HOUR + 1)
        risk = columns(verdicts, ["merchant_risk_7d"])
        for each in later:
            [told] = risk[each.transaction_id]
            assert (told or 0) > 0 if whole_seconds(each.event_time) >= effective else told == 0

    def test_labels_observed_later_change_nothing_before(self) -> None:
        early = [each for each in labels() if each.observed_at <= CUT]
        assert 0 < len(early) < len(labels())
        partly = assessed(PAID, early, partitions=4)
        assert before(partly, CUT) == before(whole(4), CUT)
        assert columns(partly, RISKS) != columns(whole(4), RISKS), "but they do afterwards"

    def test_a_label_changed_later_changes_nothing_before(self) -> None:
        withdrawn = [
            msgspec.structs.replace(each, disposition="false_positive", observed_at=CUT) for each in labels()[:30]
        ]
        assert before(assessed(PAID, [*labels(), *withdrawn]), CUT) == before(whole(1), CUT)

    def test_their_order_in_the_file_does_not_matter(self) -> None:
        assert assessed(PAID, labels()[::-1], 4) == whole(4)


class TestPast:
    @pytest.mark.parametrize("partitions", [1, 4])
    def test_payments_yet_to_come_change_nothing(self, partitions: int) -> None:
        first = [each for each in PAID if each.event_time < CUT]
        assert before(assessed(first, labels(), partitions), CUT) == before(whole(partitions), CUT)

    def test_an_assessment_is_never_rewritten(self) -> None:
        """What each fold has told so far stays the beginning of what it tells."""
        run = Backtest(rarity_bundle(), 3, labels())
        told: list[list[bytes]] = [[], [], []]
        steps = 0
        for fold in run.run(PAID[:240], batch=20):
            now = list(map(encode, fold.assessments))
            assert now[: len(told[fold.partition])] == told[fold.partition]
            told[fold.partition] = now
            steps += 1
        assert steps > 10
        assert sum(map(len, told)) == 240
