"""Training sees the features that the stream publishes: the same events give the same rows, to the bit."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache

import msgspec
import numpy as np
import pytest

from detectors.features import FEATURES
from detectors.labels import Label
from detectors.training.history import FeatureHistory, feature_history
from detectors.transaction import EnrichedTransaction
from stream.backtest import backtest
from tests.unit.detectors.histories import history, labels, rarity_bundle

PAID = history()[:440]
BUNDLE = rarity_bundle


@cache
def plain() -> FeatureHistory:
    return feature_history(PAID, BUNDLE().baseline, labels(), BUNDLE().manifest.timing)


def published(payments: Sequence[EnrichedTransaction], known: Sequence[Label]) -> dict[str, list[float | None]]:
    """The feature rows of a backtest with one partition, by transaction id."""
    [fold] = backtest(payments, BUNDLE(), 1, known)
    return {each.transaction_id: list(each.features) for each in fold.assessments}


def as_published(found: FeatureHistory) -> dict[str, list[float | None]]:
    rows = [[None if np.isnan(value) else value for value in row] for row in found.rows.tolist()]
    return dict(zip([each.transaction_id for each in found.transactions], rows, strict=True))


def test_its_rows_are_those_of_the_backtest() -> None:
    assert as_published(plain()) == published(PAID, labels())
    assert any(row[FEATURES.index("merchant_risk_7d")] for row in as_published(plain()).values())


def contradictions() -> list[Label]:
    """Labels of one payment that came at the same time, and half a second after one another."""
    fraud = labels()[:20]
    return [
        *fraud,
        *(msgspec.structs.replace(each, disposition="false_positive") for each in fraud[:10]),
        *(
            msgspec.structs.replace(
                each, disposition="false_positive", observed_at=each.observed_at + timedelta(milliseconds=500)
            )
            for each in fraud[10:]
        ),
    ]


@pytest.mark.parametrize("turned", [False, True], ids=["as given", "turned round"])
def test_they_are_also_where_labels_contradict_each_other(turned: bool) -> None:
    known = contradictions()[::-1] if turned else contradictions()
    found = feature_history(PAID, BUNDLE().baseline, known, BUNDLE().manifest.timing)
    assert as_published(found) == published(PAID, known)


def test_labels_observed_later_change_nothing_before() -> None:
    cut = PAID[350].event_time
    early = [each for each in labels() if each.observed_at <= cut]
    found = feature_history(PAID, BUNDLE().baseline, early, BUNDLE().manifest.timing)
    assert found.rows[:350].tobytes() == plain().rows[:350].tobytes()
    assert found.rows.tobytes() != plain().rows.tobytes()


def test_payments_yet_to_come_change_nothing() -> None:
    found = feature_history(PAID[:350], BUNDLE().baseline, labels(), BUNDLE().manifest.timing)
    assert found.rows.tobytes() == plain().rows[:350].tobytes()


def test_repeats_are_left_out_and_the_rest_stays_in_event_time_order() -> None:
    found = feature_history([*PAID[100:], *PAID[:100], *PAID[-3:]], BUNDLE().baseline, labels())
    assert found.transactions == PAID
    assert found.rows.tobytes() == plain().rows.tobytes()
    assert len(found) == len(found.payments) == 440


def test_a_history_without_payments_has_no_rows() -> None:
    empty = feature_history([], BUNDLE().baseline, labels())
    assert (len(empty), empty.rows.shape) == (0, (0, len(FEATURES)))
