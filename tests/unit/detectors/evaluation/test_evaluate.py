from functools import cache

import numpy as np
import pytest

from detectors.evaluation import Evaluation, Scored, evaluate
from detectors.evaluation.scored import DAY, microseconds
from tests.unit.detectors.evaluation.payments import scored
from tests.unit.detectors.histories import probability_bundle, rarity_bundle

BUNDLE = rarity_bundle()
BORDER = microseconds(BUNDLE.manifest.last_event_time)


def labelled(count: int = 400) -> Scored:
    """Half of the payments up to the end of training, half after; the first quarter of scores are frauds."""
    rng = np.random.default_rng(0)
    label = rng.random(count) < 0.2
    return scored(
        count,
        time=BORDER + (np.arange(count) - count // 2 + 1) * DAY // 10,
        label=label,
        score=np.round(100 * np.clip(0.5 * label + 0.6 * rng.random(count), 0, 1), 4),
        level=np.where(label & (rng.random(count) < 0.5), 2, 0),
        scores=rng.random((count, 4)),
        pattern=np.where(label, rng.integers(0, 2, count), -1),
    )


@cache
def measured() -> Evaluation:
    return evaluate(labelled(), BUNDLE)


def test_payments_up_to_the_end_of_training_stand_apart() -> None:
    found = measured()
    assert found.trained is not None
    assert found.evaluated is not None
    assert (found.trained.payments, found.evaluated.payments) == (200, 200)
    assert found.trained.last_event_time == BUNDLE.manifest.last_event_time
    assert sum(week.quality.payments for week in found.weeks if week.trained) == 200
    assert [week.trained for week in found.weeks] == sorted((w.trained for w in found.weeks), reverse=True)


def test_every_payment_is_in_one_week_and_one_maturity() -> None:
    found = measured()
    assert sum(week.quality.payments for week in found.weeks) == 400
    assert sum(one.quality.payments for one in found.maturities) == 200


def test_without_labels_there_are_rates_and_no_ranking() -> None:
    found = evaluate(scored(300, time=BORDER + 1 + np.arange(300)), BUNDLE).evaluated
    assert found is not None
    assert (found.average_precision, found.roc_auc, found.card_precision, found.honesty) == (None,) * 4
    assert found.levels[0].upwards.share == 1.0
    assert found.levels[2].upwards.recall is None


def test_honesty_is_asked_of_probabilities_only() -> None:
    rarity = measured().evaluated
    probability = evaluate(labelled(), probability_bundle(), probability=True).evaluated
    assert rarity is not None
    assert rarity.honesty is None
    assert probability is not None
    assert probability.honesty is not None


def test_a_detector_is_measured_where_it_speaks_beside_the_fused_score_there() -> None:
    payments = labelled()
    payments.scores[::2, 1] = np.nan
    payments.scores[:, 3] = np.nan
    found = {one.detector: one for one in evaluate(payments, BUNDLE).detectors}
    assert set(found) == {"zscore", "kmeans", "isolation_forest"}
    assert found["kmeans"].spoken == 0.5
    assert found["zscore"].fused_average_precision != found["kmeans"].fused_average_precision
    gain = found["zscore"].fused_gain_interval
    assert gain is not None
    assert gain.low > 0.0


def test_merchants_are_told_by_the_amount_of_frauds_that_went_by() -> None:
    payments = scored(
        4, time=BORDER + 1 + np.arange(4), label=[1, 1, 1, 0], level=[0, 0, 3, 0], merchant=[0, 1, 2, 0],
        amount=[5.0, 9.0, 100.0, 7.0],
    )  # fmt: skip
    found = evaluate(payments, BUNDLE, merchants=["a", "b", "c"]).merchants
    assert [(one.merchant, one.payments, one.missed, one.missed_amount) for one in found] == [
        ("b", 1, 1, 9.0),
        ("a", 2, 1, 5.0),
    ]


def test_recall_is_told_by_kind_of_fraud() -> None:
    payments = scored(
        4, time=BORDER + 1 + np.arange(4), label=[1, 1, 1, 0], level=[1, 2, 3, 3], pattern=[1, 1, 0, -1]
    )
    found = evaluate(payments, BUNDLE, patterns=["takeover", "burst"]).patterns
    assert [(one.pattern, one.frauds, one.medium, one.high, one.critical) for one in found] == [
        ("burst", 2, 1.0, 0.5, 0.0),
        ("takeover", 1, 1.0, 1.0, 1.0),
    ]


def test_found_cards_take_part_again_from_monday_on() -> None:
    days = 14
    time = np.repeat(microseconds(BUNDLE.manifest.last_event_time) // DAY * DAY + (7 + np.arange(days)) * DAY, 100)
    account = np.tile(np.arange(100), days)
    payments = scored(len(time), time=time, account=account, label=account == 0, score=account == 0)
    found = evaluate(payments, BUNDLE).evaluated
    assert found is not None
    # Found on the first day of each week, the account is out and the 99 that are left are too few.
    assert found.card_days <= 3
    assert found.card_precision == pytest.approx(0.01)


def test_the_same_seed_gives_the_same_evaluation() -> None:
    assert evaluate(labelled(), BUNDLE, seed=0) == measured()
    assert evaluate(labelled(), BUNDLE, seed=4) != measured()


def test_features_are_compared_within_the_history_or_not_at_all() -> None:
    assert evaluate(scored(50, time=BORDER + 1 + np.arange(50)), BUNDLE).feature_psi == {}
    payments = scored(4_000, time=BORDER + (np.arange(4_000) - 1_999))
    assert set(evaluate(payments, BUNDLE).feature_psi.values()) == {0.0}
