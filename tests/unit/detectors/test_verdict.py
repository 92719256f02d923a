"""What is said about a payment beside its score."""

from typing import Any

import msgspec
import numpy as np
import pytest

from detectors.assess import assess
from detectors.assessment import ACTIONS, Assessment
from detectors.explanation.split import splits_of
from detectors.verdict import assessment_id
from tests.unit.detectors.histories import history, probability_bundle, rarity_bundle
from tests.unit.detectors.payments import payment

FIRST = dict[bytes, bytes]().get


def verdict(**fields: Any) -> Assessment:
    """The assessment of an account's first payment."""
    ((_, assessed),) = assess([payment(**fields)], FIRST, probability_bundle()).assessments
    return assessed


def test_what_the_producer_said_is_passed_on() -> None:
    sent = history()[17]
    ((_, assessed),) = assess([sent], FIRST, probability_bundle()).assessments
    for name in ("transaction_id", "account_id", "merchant_id", "event_time", "amount", "currency", "country"):
        assert getattr(assessed, name) == getattr(sent, name)


def test_the_action_follows_from_the_level() -> None:
    verdicts = [each for _, each in assess(history(), FIRST, probability_bundle()).assessments]
    assert len({each.risk_level for each in verdicts}) >= 3
    assert all(each.recommended_action == ACTIONS[each.risk_level] for each in verdicts)


def test_forest_and_k_means_are_split_from_medium_up() -> None:
    verdicts = [each for _, each in assess(history(), FIRST, probability_bundle()).assessments]
    low = [each for each in verdicts if each.risk_level == "low"]
    risky = [each for each in verdicts if each.risk_level != "low"]
    assert low
    assert risky
    assert not any(each.approximate for each in low)
    assert all(each.approximate for each in risky)
    for each in risky:
        rows = np.array([[np.nan if value is None else value for value in each.features]])
        assert (each.approximate,) == tuple(splits_of(rows, probability_bundle()))


def test_maturity_grows_with_the_payments_known() -> None:
    verdicts = [
        each
        for _, each in assess(
            [payment(number * 3600) for number in range(80)], FIRST, probability_bundle()
        ).assessments
    ]
    maturities = [each.maturity for each in verdicts]
    assert list(dict.fromkeys(maturities)) == ["new", "warming", "mature"]


def test_a_verdict_names_its_bundle() -> None:
    manifest = probability_bundle().manifest
    said = verdict()
    assert said.bundle_version == probability_bundle().version
    assert said.feature_version == manifest.feature_version
    assert said.score_kind == manifest.score_kind == "probability"
    assert said.provisional is manifest.provisional


class TestId:
    def test_it_is_the_same_for_the_same_payment_under_the_same_bundle(self) -> None:
        assert verdict(transaction_id="T").assessment_id == verdict(transaction_id="T").assessment_id
        assert len(verdict().assessment_id) == 32

    def test_account_payment_and_bundle_all_make_it(self) -> None:
        one = payment(transaction_id="T", account_id="A")
        others = [
            assessment_id(one, "another bundle"),
            assessment_id(msgspec.structs.replace(one, transaction_id="U"), "bundle"),
            assessment_id(msgspec.structs.replace(one, account_id="B"), "bundle"),
            assessment_id(msgspec.structs.replace(one, account_id="AT", transaction_id=""), "bundle"),
        ]
        assert len({assessment_id(one, "bundle"), *others}) == 5

    def test_amount_and_time_do_not(self) -> None:
        """A correction under the same id is rejected, and a second look at a payment is the same verdict."""
        one = payment(transaction_id="T")
        assert assessment_id(one, "b") == assessment_id(msgspec.structs.replace(one, amount=7.0), "b")


class TestPlace:
    def test_it_is_the_payments_own(self) -> None:
        said = verdict(latitude=52.5, longitude=13.4, ip_latitude=1.0, ip_longitude=2.0)
        assert (said.latitude, said.longitude) == (52.5, 13.4)

    def test_else_that_of_its_address(self) -> None:
        said = verdict(ip_latitude=1.0, ip_longitude=2.0, ip_country="DE")
        assert (said.latitude, said.longitude, said.ip_country, said.country) == (1.0, 2.0, "DE", None)

    def test_nought_is_a_place(self) -> None:
        assert verdict(latitude=0.0, longitude=0.0, ip_latitude=1.0, ip_longitude=2.0).latitude == 0.0


class TestDegraded:
    def test_what_enrichment_could_not_do_is_passed_on(self) -> None:
        assert verdict(degraded=("geo",)).degraded == ("geo", "merchant")
        assert verdict().degraded == ("merchant",)

    def test_a_currency_without_a_rate_is_named_and_its_amount_compared_with_nothing(self) -> None:
        said = verdict(degraded=("geo",), currency="XTS")
        assert said.degraded == ("geo", "merchant", "currency")
        assert said.features[0] is None
        assert 0 <= said.fraud_risk_score <= 100


def test_history_says_so() -> None:
    assert verdict(backfill=True).backfill
    assert not verdict().backfill


def test_a_detector_that_cannot_speak_says_nothing_instead_of_nought() -> None:
    """With an amount that cannot be converted there is nothing to compare with the account's past."""
    said = verdict(currency="XTS")
    assert (said.scores.zscore, said.tails.zscore) == (None, None)
    assert verdict(currency="USD").scores.zscore is not None


@pytest.mark.parametrize("bundle", [probability_bundle, rarity_bundle])
def test_scores_are_rounded_to_four_decimals_between_0_and_100(bundle: Any) -> None:
    for _, each in assess(history()[:300], FIRST, bundle()).assessments:
        assert 0 <= each.fraud_risk_score <= 100
        assert each.fraud_risk_score == round(each.fraud_risk_score, 4)
