import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.account import AccountFold
from detectors.assessment import Reason
from detectors.features import FEATURES
from detectors.observation import Details, Observation
from detectors.reasons import CODES, REASON_OF, reasons_for
from detectors.sentences import Row
from tests.unit.detectors.payments import payment, sequences
from tests.unit.detectors.test_account import BASELINE, DAY, HOUR, folded, habit

_DOCS = Path(__file__).parents[3] / "docs" / "reasons.md"
_TERMS = (*(f"zscore:{name}" for name in FEATURES), "zscore", "kmeans", "isolation_forest", "logistic:amount_z")


def reasons_of(
    row: Row, details: Details, names: tuple[str, ...], terms: Sequence[float], limit: int = 4
) -> tuple[tuple[Reason, ...], float]:
    """The reasons of one payment and what is left over."""
    (reasons,), other = reasons_for([row], [details], names, np.array([terms]), limit)
    return reasons, float(other[0])


def reason(fold: AccountFold, feature: str, *args: Any, **fields: Any) -> Reason | None:
    """The reason for a term of one feature, of a payment with these fields."""
    seen = fold.observe(payment(*args, **fields), BASELINE)
    reasons, other = reasons_of(seen.row, seen.details, (feature,), (2.0,))
    assert sum(r.contribution for r in reasons) + other == 2.0
    return reasons[0] if reasons else None


def told(fold: AccountFold, feature: str, *args: Any, **fields: Any) -> tuple[str, str]:
    found = reason(fold, feature, *args, **fields)
    assert found is not None
    return found.code, found.text


def observation() -> Observation:
    tx = payment(30 * DAY, amount=900.0, device_id="D9", login_attempts=7, account_balance=1000.0)
    return habit(device_id="D1").observe(tx, BASELINE)


def test_every_feature_has_a_reason() -> None:
    assert set(FEATURES) <= set(REASON_OF)
    assert {code for code in REASON_OF.values() if code} <= set(CODES)


def test_every_code_is_documented() -> None:
    rows = [line.split("`")[1] for line in _DOCS.read_text().splitlines() if line.startswith("| `")]
    assert sorted(rows) == sorted(CODES)


@given(
    sequences(6).filter(bool),
    st.lists(st.floats(-50, 50), min_size=len(_TERMS), max_size=len(_TERMS)),
    st.integers(0, 6),
)
@settings(max_examples=25, deadline=None)
def test_reasons_and_the_rest_add_up_to_the_terms(transactions: list[Any], terms: list[float], limit: int) -> None:
    fold = AccountFold()
    for tx in transactions:
        seen = fold.observe(tx, BASELINE)
        if seen.repeat != "none":
            continue
        reasons, other = reasons_of(seen.row, seen.details, _TERMS, terms, limit)
        listed = [r for r in reasons if r.contribution]
        assert len(listed) <= limit
        assert [r.contribution for r in listed] == sorted((r.contribution for r in listed), reverse=True)
        assert sum(r.contribution for r in reasons) + other == pytest.approx(sum(terms), abs=1e-9)
        assert {r.code for r in reasons} <= set(CODES)


def test_terms_of_one_code_are_one_reason() -> None:
    seen = observation()
    names = ("zscore:amount_z", "logistic:amount_z", "logistic:amount_ratio", "kmeans")
    reasons, other = reasons_of(seen.row, seen.details, names, (1.0, 2.0, -0.5, 2.25))
    assert [(r.code, r.contribution) for r in reasons] == [
        ("AMOUNT_ABOVE_ACCOUNT_NORM", 2.5),
        ("FAR_FROM_CLUSTERS", 2.25),
    ]
    assert other == 0


def test_ties_are_listed_in_alphabetical_order() -> None:
    seen = observation()
    reasons, _ = reasons_of(seen.row, seen.details, ("new_device", "kmeans", "balance_share"), (1.0, 1.0, 1.0))
    assert [r.code for r in reasons] == ["BALANCE_DRAIN", "FAR_FROM_CLUSTERS", "NEW_DEVICE"]


def test_only_the_largest_are_listed_and_a_term_without_cause_never() -> None:
    seen = observation()
    names = ("new_device", "kmeans", "balance_share", "zscore")
    reasons, other = reasons_of(seen.row, seen.details, names, (1.0, 2.0, 3.0, 9.0), limit=2)
    assert [r.code for r in reasons] == ["BALANCE_DRAIN", "FAR_FROM_CLUSTERS"]
    assert other == 10


def test_none_and_nan_are_both_missing() -> None:
    seen = observation()
    nullable = [None if math.isnan(value) else value for value in seen.row]
    terms = [1.0] * len(_TERMS)
    assert reasons_of(nullable, seen.details, _TERMS, terms) == reasons_of(seen.row, seen.details, _TERMS, terms)


def test_an_amount_is_told_against_the_habit() -> None:
    code, text = told(habit(), "amount_z", 30 * DAY, amount=1919.11)
    assert code == "AMOUNT_ABOVE_ACCOUNT_NORM"
    assert text.startswith("amount 1,919.11 is 1")
    assert text.endswith("deviations above this account's usual 19.90 over 30 payments")
    code, text = told(habit(), "amount_z", 30 * DAY, amount=0.5)
    assert code == "AMOUNT_BELOW_ACCOUNT_NORM"
    assert "deviations below this account's usual 19.90" in text


def test_a_first_amount_is_told_against_similar_customers() -> None:
    assert told(AccountFold(), "amount_z", amount=400.0) == (
        "AMOUNT_ABOVE_ACCOUNT_NORM",
        "amount 400.00 is 3.0 deviations above the usual 19.09 of similar customers",
    )
    assert told(AccountFold(), "log_amount", amount=400.0, currency="EUR") == (
        "AMOUNT_UNUSUAL",
        "amount 440.00 USD; similar customers usually pay 19.09",
    )


def test_velocity_is_told_in_the_window_that_shows_it() -> None:
    fold = habit()
    assert reason(fold, "count_30d", 30 * DAY) is None, "one a day is usual"
    fold = folded([payment(n * DAY) for n in range(30)] + [payment(29 * DAY + 60 * n) for n in range(1, 6)])
    assert told(fold, "count_1h", 29 * DAY + 400) == (
        "TX_VELOCITY_HIGH",
        "6 earlier payments in the last hour; usual is 1.2 a day",
    )
    assert (
        told(fold, "count_1h", 29 * DAY + 5 * HOUR)[1] == "7 earlier payments in the last day; usual is 1.2 a day"
    )


def test_spending_is_told_per_day() -> None:
    fold = habit()
    fold.observe(payment(30 * DAY, amount=400.0), BASELINE)
    assert told(fold, "amount_1d", 30 * DAY + HOUR) == (
        "SPEND_VELOCITY_HIGH",
        "400 spent in the last day; usual is 33 a day",
    )


def test_an_earlier_outlier_is_told_with_its_window() -> None:
    fold = habit()
    fold.observe(payment(30 * DAY, amount=400.0), BASELINE)
    code, text = told(fold, "max_amount_z_30d", 33 * DAY)
    assert code == "RECENT_AMOUNT_OUTLIER"
    assert text.startswith("a payment in the last 7 days was ")
    assert reason(habit(), "max_amount_z_30d", 30 * DAY) is None


@pytest.mark.parametrize(
    ("feature", "fields", "code", "text"),
    [
        ("new_device", {"device_id": "D2"}, "NEW_DEVICE", "a device this account has not used lately"),
        ("new_merchant", {"merchant_id": "M2"}, "NEW_MERCHANT", "a merchant this account has not paid lately"),
        (
            "new_country",
            {"ip_country": "BR"},
            "NEW_COUNTRY",
            "paid from BR, where this account has not paid lately",
        ),
        (
            "travel_speed",
            {"latitude": -33.9, "longitude": 151.2},
            "IMPOSSIBLE_TRAVEL",
            "over 20,000 km/h from the last payment's place",
        ),
        (
            "travel_speed",
            {"latitude": 52.5, "longitude": 14.9},
            "UNUSUAL_TRAVEL",
            "609 km/h from the last payment's place",
        ),
        (
            "ip_country_mismatch",
            {"country": "DE", "ip_country": "BR"},
            "IP_COUNTRY_MISMATCH",
            "paid in DE, from an IP address in BR",
        ),
        ("login_attempts", {"login_attempts": 5}, "LOGIN_ATTEMPTS_HIGH", "5 log-in attempts; usual is 1.0"),
        ("balance_share", {"account_balance": 21.0}, "BALANCE_DRAIN", "95% of the balance; usual is 3%"),
        ("balance_share", {"account_balance": 8.0}, "BALANCE_DRAIN", "2.5 times the balance; usual is 3%"),
        ("balance_share", {"account_balance": 0.0}, "BALANCE_DRAIN", "far more than the balance; usual is 3%"),
        ("duration_z", {"duration_s": 3.0}, "UNUSUAL_DURATION", "took 3 s; usual is 107 s"),
        ("gap_z", {}, "TIME_SINCE_LAST_UNUSUAL", "10 min after the last payment; usual is 16.9 hours"),
        ("isolation_forest", {}, "ISOLATED_PATTERN", "few payments look like this one when all features"),
        ("logistic", {}, "LEARNED_PATTERN", "resembles the payments that the logistic model was taught"),
    ],
)
def test_a_true_claim_is_told_with_its_numbers(feature: str, fields: dict[str, Any], code: str, text: str) -> None:
    usual: dict[str, Any] = {
        "device_id": "D1",
        "country": "DE",
        "latitude": 52.5,
        "longitude": 13.4,
        "login_attempts": 1,
        "duration_s": 120.0,
        "account_balance": 1000.0,
    }
    found = told(habit(**usual), feature, 29 * DAY + 600, **fields)
    assert found[0] == code
    assert found[1].startswith(text)


@pytest.mark.parametrize(
    ("feature", "fields"),
    [
        ("new_device", {"device_id": "D1"}),
        ("new_device", {}),
        ("login_attempts", {"login_attempts": 1}),
        ("balance_share", {"account_balance": 1e9}),
        ("travel_speed", {}),
        ("hour_rarity", {}),
        ("history", {}),
        ("amount_z", {"currency": "XYZ"}),
        ("duration_z", {}),
    ],
)
def test_a_claim_that_is_untrue_is_not_told(feature: str, fields: dict[str, Any]) -> None:
    found = reason(habit(device_id="D1", login_attempts=1), feature, 30 * DAY, **fields)
    assert found is None or found.contribution == 0


def test_an_unusual_hour_is_told() -> None:
    assert told(habit(), "hour_rarity", 30 * DAY + 12 * HOUR) == (
        "UNUSUAL_TIME_OF_DAY",
        "00:00 UTC; 0.9% of this account's payments fall near it",
    )


def test_a_young_account_says_how_little_is_known() -> None:
    assert told(AccountFold(), "history") == ("NO_HISTORY", "first payment of this account")
    assert told(habit(2), "history", 2 * DAY) == ("NO_HISTORY", "only 2 earlier payments of this account known")


def test_notes_say_what_is_missing_and_contribute_nothing() -> None:
    seen = AccountFold().observe(payment(currency="XYZ", degraded=("geo",)), BASELINE)
    reasons, other = reasons_of(seen.row, seen.details, ("kmeans",), (1.5,), limit=1)
    assert other == 0
    assert reasons[1:] == (
        Reason("DEGRADED_ENRICHMENT", 0.0, "geo unavailable; what depends on it was left out"),
        Reason("CURRENCY_UNKNOWN", 0.0, "no exchange rate for XYZ; amounts were left out"),
    )
