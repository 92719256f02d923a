"""What the value of a feature means, in words with the number: "6.3 deviations above the account's usual"."""

import math
from collections.abc import Callable
from typing import Final

from detectors.features import FEATURES
from detectors.sentences import plural, span

Telling = Callable[[float], str]
"""Tells a value that is present."""

DETECTOR_WORDS: Final = {
    "zscore": "z-score, without a feature of its own",
    "kmeans": "far from the common kinds of payment (k-means)",
    "isolation_forest": "a rare combination of features (isolation forest)",
    "logistic": "resembles what the logistic model was taught to suspect",
}
"""The detectors whose term stays whole."""


def feature_text(feature: str, value: float | None) -> str:
    """Return what a person reads of a feature's value; None is missing.

    >>> feature_text("amount_z", 6.31), feature_text("new_device", 0.0), feature_text("gap", None)
    ("amount: 6.3 deviations above the account's usual", 'device: known', 'time since last payment: not known')
    """
    title, tell = _TELL[feature]
    return f"{title}: {'not known' if value is None else tell(value)}"


def _deviations(above: str = "above", below: str = "below") -> Telling:
    return lambda value: f"{abs(value):.1f} deviations {above if value >= 0 else below} the account's usual"


def _count(value: float) -> str:
    return plural(math.expm1(value), "payment")


def _money(value: float) -> str:
    return f"{math.expm1(value):,.2f}"


def _times(of: str) -> Telling:
    return lambda value: f"{math.exp(value):,.2g} times {of}"


def _either(yes: str, no: str) -> Telling:
    return lambda value: yes if value >= 0.5 else no


def _share(of: str) -> Telling:
    return lambda value: f"{value:.0%} {of}"


_TELL: Final[dict[str, tuple[str, Telling]]] = {
    "log_amount": ("amount", _money),
    "amount_z": ("amount", _deviations()),
    "amount_ratio": ("amount", _times("the account's mean")),
    "max_amount_z_1d": ("largest amount of a day", _deviations()),
    "max_amount_z_7d": ("largest amount of 7 days", _deviations()),
    "max_amount_z_30d": ("largest amount of 30 days", _deviations()),
    "count_1h": ("earlier in the last hour", _count),
    "count_1d": ("earlier in the last day", _count),
    "count_7d": ("earlier in the last 7 days", _count),
    "count_30d": ("earlier in the last 30 days", _count),
    "amount_1d": ("spent in a day", _money),
    "amount_7d": ("spent in 7 days", _money),
    "amount_30d": ("spent in 30 days", _money),
    "velocity_ratio": ("payments of a day", _times("the account's daily mean")),
    "gap": ("time since last payment", lambda value: span(math.expm1(value))),
    "gap_z": ("time since last payment", _deviations("shorter than", "longer than")),
    "new_device": ("device", _either("new", "known")),
    "new_merchant": ("merchant", _either("new", "known")),
    "new_country": ("country", _either("new", "known")),
    "travel_speed": ("travel from the last place", lambda value: f"{math.expm1(value):,.0f} km/h"),
    "hour_rarity": ("hour of the day", lambda value: f"{math.exp(-value):.1%} of payments fall near it"),
    "login_attempts": ("log-in attempts", lambda value: f"{math.expm1(value):,.0f}"),
    "login_attempts_z": ("log-in attempts", _deviations()),
    "balance_share": ("share of the balance", _share("of it")),
    "balance_share_z": ("share of the balance", _deviations()),
    "duration_z": ("time the payment took", _deviations()),
    "ip_country_mismatch": ("country of the IP address", _either("another", "the same")),
    "history": ("known of the account", _count),
    "merchant_count_1d": ("at the merchant in a day", _count),
    "merchant_count_7d": ("at the merchant in 7 days", _count),
    "merchant_count_30d": ("at the merchant in 30 days", _count),
    "merchant_velocity_ratio": ("the merchant's payments of a day", _times("its daily mean")),
    "merchant_z_1d": ("customers' amounts at the merchant in a day", lambda value: f"{value:+.2f} deviations"),
    "merchant_z_7d": ("customers' amounts at the merchant in 7 days", lambda value: f"{value:+.2f} deviations"),
    "merchant_risk_1d": ("frauds at the merchant in a day", _share("of its payments")),
    "merchant_risk_7d": ("frauds at the merchant in 7 days", _share("of its payments")),
    "merchant_risk_30d": ("frauds at the merchant in 30 days", _share("of its payments")),
    "merchant_run": ("run of frauds at the merchant", _share("of what a run can be")),
}
"""Title and telling of each of `FEATURES`."""

TITLES: Final = {feature: _TELL[feature][0] for feature in FEATURES}
