from datetime import timedelta

import msgspec
import numpy as np
import pytest

from detectors.baseline import fit_baseline
from detectors.bundle import dumps_bundle
from detectors.errors import TrainingError
from detectors.fusion import LOGISTIC, fuse
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
    assert manifest.operating_points == ()


def test_weak_labels_explain_but_do_not_score() -> None:
    bundle = rarity_bundle()
    assert bundle.manifest.weak_logistic
    assert bundle.manifest.fusion.weights[LOGISTIC] == 0.0
    assert bundle.logistic is not None
    scores, _ = detect(rows(), None, bundle)
    assert np.isfinite(scores[:, LOGISTIC]).all()


def test_too_few_known_frauds_give_a_rarity() -> None:
    manifest = train(history()[:600], labels()).manifest
    assert manifest.score_kind == "rarity"
    assert "too few" in manifest.why
    assert manifest.metrics["average_precision"] > 0


def test_a_probability_is_judged_on_rows_that_its_model_had_not_seen() -> None:
    manifest = probability_bundle().manifest
    assert manifest.metrics["average_precision"] > 0.8
    assert manifest.metrics["said_over_found"] == pytest.approx(1.0, abs=0.2)
    assert manifest.calibration is not None
    assert all(weight >= 0 for weight in manifest.fusion.weights)
    points = manifest.operating_points
    assert [point.false_positive_rate for point in points] == sorted(point.false_positive_rate for point in points)


def test_unlabelled_payments_teach_nothing_about_frauds() -> None:
    """Leaving out the labels of half of the genuine payments keeps the known frauds and halves the rest."""
    some = {name: fraud for number, (name, fraud) in enumerate(labels().items()) if fraud or number % 2}
    counts = train(history(), some).manifest.counts
    assert counts.frauds == probability_bundle().manifest.counts.frauds
    assert counts.labelled < probability_bundle().manifest.counts.labelled


def test_labels_of_frauds_alone_do_not_make_a_probability() -> None:
    only = {name: True for name, fraud in labels().items() if fraud}
    assert train(history()[:1200], only).manifest.score_kind == "rarity"


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
    known: dict[str, bool] | None,
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
