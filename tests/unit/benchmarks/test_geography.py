import math

import numpy as np
import pytest

from benchmarks.geography import measure
from benchmarks.geography.measure import ALL, PATTERN_NAMES, judge
from benchmarks.geography.scoring import KINDS
from benchmarks.geography.traffic import VARIANTS, Traffic, draw_traffic, without


@pytest.fixture(scope="module")
def traffic() -> Traffic:
    return draw_traffic(seed=3, accounts=20, days=14)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_variant_lacks_its_fields_and_nothing_else(traffic: Traffic, variant: str):
    removed = VARIANTS[variant]
    for payment, kept in zip(without(removed, traffic), traffic.payments, strict=True):
        for field in payment.__struct_fields__:
            assert getattr(payment, field) == (None if field in removed else getattr(kept.transaction, field))


def test_the_cut_leaves_the_same_share_of_days_for_training(traffic: Traffic):
    days = (traffic.cut - traffic.payments[0].transaction.event_time).total_seconds() / 86_400

    assert 9 < days <= 10


def test_recall_counts_one_pattern_where_one_in_a_hundred_genuine_payments_is_alerted():
    scores = np.array([*range(100), 99.5, 97.5, 200.0])
    patterns = [""] * 100 + ["card_testing", "card_testing", "amount_burst"]

    assert judge(scores, patterns, "card_testing") == (0.5, pytest.approx((1 + 2 / 4) / 2))
    assert judge(scores, patterns, ALL)[0] == pytest.approx(2 / 3)


def test_a_pattern_without_a_fraud_has_no_figures():
    recall, precision = judge(np.arange(3.0), ["", "", "card_testing"], "amount_burst")

    assert math.isnan(recall)
    assert math.isnan(precision)


def test_the_report_compares_every_variant_with_everything(monkeypatch: pytest.MonkeyPatch, traffic: Traffic):
    def scores_after(payments, frauds, cut, kind):
        """Finds frauds where there is an address, and else nothing."""
        after = [payment for payment in payments if payment.event_time > cut]
        return np.array([float(frauds[each.transaction_id] and each.ip_address is not None) for each in after])

    town = draw_traffic(seed=3, accounts=100, days=14)
    monkeypatch.setattr(measure, "scores_after", scores_after)
    monkeypatch.setattr(measure, "draw_traffic", lambda seed: town)

    report = measure.measure(seeds=2)

    assert report.simulated
    assert set(report.kinds) == set(KINDS)
    assert set(report.kinds["labelled"]) == set(PATTERN_NAMES)
    whole = report.kinds["labelled"][ALL]
    assert whole["everything"].recall_lost.mean == 0.0
    found = whole["everything"].recall_at_1pct.mean
    assert 0 < found == whole["no address"].recall_lost.mean == whole["neither"].recall_lost.mean
    assert "SIMULATED" in measure.in_words(report)
