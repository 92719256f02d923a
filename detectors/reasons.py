"""Turns the terms of a score into reasons: a stable code, its share of the statistic, a sentence with the numbers.

A reason is listed only when what it claims is true of the payment; everything else stays in `other`, so that the
contributions always add up. Codes and their meaning are in docs/reasons.md.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from detectors import sentences as say
from detectors.adding import add_up, add_up_by
from detectors.assessment import Reason
from detectors.merchants import sentences as say_of_merchant
from detectors.observation import Details
from detectors.sentences import Row, Told

REASON_OF: dict[str, str] = {
    "log_amount": "AMOUNT_UNUSUAL",
    "amount_z": "AMOUNT_ABOVE_ACCOUNT_NORM",
    "amount_ratio": "AMOUNT_ABOVE_ACCOUNT_NORM",
    "max_amount_z_1d": "RECENT_AMOUNT_OUTLIER",
    "max_amount_z_7d": "RECENT_AMOUNT_OUTLIER",
    "max_amount_z_30d": "RECENT_AMOUNT_OUTLIER",
    "count_1h": "TX_VELOCITY_HIGH",
    "count_1d": "TX_VELOCITY_HIGH",
    "count_7d": "TX_VELOCITY_HIGH",
    "count_30d": "TX_VELOCITY_HIGH",
    "amount_1d": "SPEND_VELOCITY_HIGH",
    "amount_7d": "SPEND_VELOCITY_HIGH",
    "amount_30d": "SPEND_VELOCITY_HIGH",
    "velocity_ratio": "TX_VELOCITY_HIGH",
    "gap": "TIME_SINCE_LAST_UNUSUAL",
    "gap_z": "TIME_SINCE_LAST_UNUSUAL",
    "new_device": "NEW_DEVICE",
    "new_merchant": "NEW_MERCHANT",
    "new_country": "NEW_COUNTRY",
    "travel_speed": "IMPOSSIBLE_TRAVEL",
    "hour_rarity": "UNUSUAL_TIME_OF_DAY",
    "login_attempts": "LOGIN_ATTEMPTS_HIGH",
    "login_attempts_z": "LOGIN_ATTEMPTS_HIGH",
    "balance_share": "BALANCE_DRAIN",
    "balance_share_z": "BALANCE_DRAIN",
    "duration_z": "UNUSUAL_DURATION",
    "ip_country_mismatch": "IP_COUNTRY_MISMATCH",
    "history": "NO_HISTORY",
    "merchant_count_1d": "MERCHANT_VELOCITY_UNUSUAL",
    "merchant_count_7d": "MERCHANT_VELOCITY_UNUSUAL",
    "merchant_count_30d": "MERCHANT_VELOCITY_UNUSUAL",
    "merchant_velocity_ratio": "MERCHANT_VELOCITY_UNUSUAL",
    "merchant_z_1d": "MERCHANT_AMOUNTS_UNUSUAL",
    "merchant_z_7d": "MERCHANT_AMOUNTS_UNUSUAL",
    "merchant_risk_1d": "MERCHANT_RISK_HIGH",
    "merchant_risk_7d": "MERCHANT_RISK_HIGH",
    "merchant_risk_30d": "MERCHANT_RISK_HIGH",
    "merchant_run": "MERCHANT_RISK_HIGH",
    "isolation_forest": "ISOLATED_PATTERN",
    "kmeans": "FAR_FROM_CLUSTERS",
    "logistic": "LEARNED_PATTERN",
    "zscore": "",
}
"""The code of each feature and of each detector that enters as one term; "" is a term without a cause."""

_TELL: dict[str, Callable[[Row, Details], Told]] = {
    "AMOUNT_ABOVE_ACCOUNT_NORM": say.amount_of_account,
    "AMOUNT_UNUSUAL": say.amount_of_segment,
    "RECENT_AMOUNT_OUTLIER": say.recent_outlier,
    "TX_VELOCITY_HIGH": say.velocity,
    "SPEND_VELOCITY_HIGH": say.spending,
    "TIME_SINCE_LAST_UNUSUAL": say.time_since_last,
    "NEW_DEVICE": say.new_device,
    "NEW_MERCHANT": say.new_merchant,
    "NEW_COUNTRY": say.new_country,
    "IMPOSSIBLE_TRAVEL": say.travel,
    "UNUSUAL_TIME_OF_DAY": say.time_of_day,
    "LOGIN_ATTEMPTS_HIGH": say.login_attempts,
    "BALANCE_DRAIN": say.balance_drain,
    "UNUSUAL_DURATION": say.duration,
    "IP_COUNTRY_MISMATCH": say.ip_country,
    "NO_HISTORY": say.history,
    "MERCHANT_RISK_HIGH": say_of_merchant.risk,
    "MERCHANT_AMOUNTS_UNUSUAL": say_of_merchant.amounts,
    "MERCHANT_VELOCITY_UNUSUAL": say_of_merchant.velocity,
    "ISOLATED_PATTERN": say.isolated_pattern,
    "FAR_FROM_CLUSTERS": say.far_from_clusters,
    "LEARNED_PATTERN": say.learned_pattern,
}

CODES = (*_TELL, "AMOUNT_BELOW_ACCOUNT_NORM", "UNUSUAL_TRAVEL", "DEGRADED_ENRICHMENT", "CURRENCY_UNKNOWN")
"""Every code there is. The last two are notes: they explain what is missing and contribute nothing."""


def reasons_for(
    rows: Sequence[Row],
    details: Sequence[Details],
    names: tuple[str, ...],
    terms: NDArray[np.float64],
    limit: int = 4,
) -> tuple[list[tuple[Reason, ...]], NDArray[np.float64]]:
    """The `limit` largest reasons of each payment, largest first, then its notes; and what is left over, (n,).

    `names` and `terms`, (n, T), are what the statistic adds up: a name is "<detector>:<feature>", "<feature>" or
    "<detector>". Terms of one code are added in the order given. The reasons' contributions and what is left over
    add up to the sum of the terms.
    """
    codes, places = _places(names)
    sums = add_up_by(places, terms.T, len(codes))
    some = np.flatnonzero((sums > 0.0).any(axis=1))  # causes that anybody has
    largest = some[np.argsort(-sums[some].T, axis=1, kind="stable")]
    tellers = [_TELL.get(code) for code in codes]
    listed: list[tuple[Reason, ...]] = []
    told_places: list[int] = []
    told_payments: list[int] = []
    columns = zip(rows, details, largest.tolist(), sums.T.tolist(), strict=True)
    for payment, (row, seen, order, amounts) in enumerate(columns):
        found: list[Reason] = []
        for place in order:
            amount = amounts[place]
            if amount <= 0.0 or len(found) == limit:
                break
            tell = tellers[place]
            told = tell(row, seen) if tell else None
            if told is not None:
                found.append(Reason(told[0], amount, told[1]))
                told_places.append(place)
                told_payments.append(payment)
        if seen.transaction.degraded or seen.amount != seen.amount:  # NaN
            found += _notes(seen)
        listed.append(tuple(found))
    sums[told_places, told_payments] = 0.0
    return listed, add_up(sums)


@lru_cache(maxsize=64)
def _places(names: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The codes of some terms, in alphabetical order, and for each term the position of its code among them."""
    of_terms = [REASON_OF[name.rpartition(":")[2]] for name in names]
    codes = tuple(sorted(set(of_terms)))
    return codes, tuple(codes.index(code) for code in of_terms)


def _notes(details: Details) -> tuple[Reason, ...]:
    degraded = details.transaction.degraded
    notes: tuple[Reason, ...] = ()
    if degraded:
        text = f"{' and '.join(degraded)} unavailable; what depends on it was left out"
        notes += (Reason("DEGRADED_ENRICHMENT", 0.0, text),)
    if details.amount != details.amount:
        text = f"no exchange rate for {details.transaction.currency}; amounts were left out"
        notes += (Reason("CURRENCY_UNKNOWN", 0.0, text),)
    return notes
