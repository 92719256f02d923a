from datetime import timedelta

import msgspec
import numpy as np
import pytest

from detectors.baseline import fit_baseline
from detectors.bundle import dumps_bundle
from detectors.errors import TrainingError
from detectors.fusion import LOGISTIC, fuse
from detectors.labels import Label, labels_from_truth
from detectors.panel import detect
from detectors.training import train
from detectors.training.history import feature_history
from tests.unit.detectors.histories import history, labels, probability_bundle, rarity_bundle, rows


def test_the_same_payments_in_any_order_give_the_same_bytes() -> None:
    again = train(history()[::-1], labels(), label_source="made up")
    assert dumps_bundle(again) == dumps_bundle(probability_bundle())


def test_another_seed_gives_another_bundle() -> None:
    assert train(history()[:130], seed=1).version != train(history()[:130]).version


def test_without_labels_the_score_is_a_rarity_and_says_why() -> None:
    manifest = rarity_bundle().manifest
    assert manifest.score_kind == "rarity"
    assert "no labels" in manifest.why
    assert manifest.calibration is None
    assert manifest.operating_points == {}


def test_weak_labels_explain_but_do_not_score() -> None:
    bundle = rarity_bundle()
    assert bundle.manifest.weak_logistic
    assert bundle.manifest.fusion.weights[LOGISTIC] == 0.0
    assert bundle.logistic is not None
    scores, _ = detect(rows(), None, bundle)
    assert np.isfinite(scores[:, LOGISTIC]).all()


def test_too_few_known_frauds_give_a_rarity_with_feedback() -> None:
    manifest = train(history()[:600], labels()).manifest
    assert manifest.score_kind == "rarity+feedback"
    assert "too few" in manifest.why


def test_a_probability_is_judged_on_rows_that_its_model_had_not_seen() -> None:
    manifest = probability_bundle().manifest
    assert manifest.metrics["average_precision"] > 0.8
    assert manifest.metrics["said_over_found"] == pytest.approx(1.0, abs=0.2)
    assert manifest.calibration is not None
    assert all(weight >= 0 for weight in manifest.fusion.weights)
    points = manifest.operating_points["all"]
    assert [point.false_positive_rate for point in points] == sorted(point.false_positive_rate for point in points)


def test_labels_observed_after_training_teach_nothing() -> None:
    until = history()[-1].event_time
    early = [label for label in labels() if label.observed_at <= until]
    assert len(early) < len(labels())
    assert dumps_bundle(train(history(), early, label_source="made up")) == dumps_bundle(probability_bundle())


def test_payments_younger_than_the_label_delay_are_neither_fraud_nor_genuine() -> None:
    counts = probability_bundle().manifest.counts
    week = sum(tx.event_time > history()[-1].event_time - timedelta(days=7) for tx in history())
    assert counts.young == week
    assert counts.labelled == counts.fitting - week


def test_an_inconclusive_payment_is_left_out_and_a_withdrawn_fraud_is_genuine() -> None:
    first, second = labels()[40], labels()[41]
    later = first.observed_at + timedelta(hours=1)
    changed = [
        *labels(),
        msgspec.structs.replace(first, disposition="inconclusive", observed_at=later),
        msgspec.structs.replace(
            second, disposition="false_positive", observed_at=second.observed_at + timedelta(1)
        ),
    ]
    before, after = probability_bundle().manifest.counts, train(history(), changed).manifest.counts
    assert (after.frauds, after.labelled, after.inconclusive) == (before.frauds - 2, before.labelled - 1, 1)


def test_a_probability_without_enough_labels_is_refused() -> None:
    with pytest.raises(TrainingError, match="cannot be learned"):
        train(history()[:600], labels(), kind="probability")


@pytest.mark.parametrize("days", [(9, 10, 11, 12), (20, 28, 33, 34)], ids=["all early", "nearly all late"])
def test_frauds_too_close_together_give_a_rarity_with_feedback(days: tuple[int, ...]) -> None:
    """Sixty on four days, of which no model of earlier days can be judged on any, or on a few only."""
    start = history()[0].event_time
    paid = [[tx for tx in history() if (tx.event_time - start).days == day] for day in days]
    counts = (15, 15, 15, 15) if days[0] == 9 else (1, 1, 30, 30)
    frauds = [tx for some, count in zip(paid, counts, strict=True) for tx in some[:count]]
    known = labels_from_truth(frauds, {tx.transaction_id: True for tx in frauds}, timedelta(days=7))
    manifest = train(history(), known).manifest
    assert (manifest.score_kind, manifest.counts.frauds) == ("rarity+feedback", len(frauds))
    assert "too close together" in manifest.why


def test_too_short_a_history_is_refused_with_what_would_be_right() -> None:
    with pytest.raises(TrainingError, match=r"at least 100 must be left.*10,000"):
        train(history()[:120])


def test_the_shortest_history_that_is_accepted_gives_a_working_bundle() -> None:
    bundle = train(history()[:130])
    assert bundle.manifest.provisional
    assert np.isfinite(detect(rows(), None, bundle)[0][:, 1:]).all()


def test_one_account_that_always_pays_the_same_can_be_learned_from() -> None:
    """Constant columns, equal scores everywhere, fewer distinct rows than clusters."""
    plain = history()[0]
    same = [
        msgspec.structs.replace(plain, transaction_id=f"S{n}", event_time=plain.event_time + timedelta(days=n))
        for n in range(200)
    ]
    bundle = train(same)
    assert np.isfinite(detect(rows(20), None, bundle)[0][:, 1:]).all()


@pytest.mark.parametrize("known", [None, labels()], ids=["rarity", "probability"])
def test_a_history_whose_amounts_cannot_be_compared_can_still_be_learned_from(
    known: tuple[Label, ...] | None,
) -> None:
    """All amounts are in a currency without a rate: the columns of amounts are empty, in training and after."""
    foreign = [msgspec.structs.replace(tx, currency="XYZ") for tx in history()]
    bundle = train(foreign, known)
    found = feature_history(foreign[-50:], bundle.baseline).rows
    assert np.isfinite(fuse(detect(found, None, bundle)[0], found, bundle).score).all()


def test_features_are_made_in_event_time_order_and_repeats_count_once() -> None:
    baseline = fit_baseline(history())
    plain = feature_history(history(), baseline)
    shuffled = feature_history([*history()[::-1], *history()[-5:]], baseline)
    assert shuffled.rows.tobytes() == plain.rows.tobytes()
    assert shuffled.payments.tolist() == plain.payments.tolist()
