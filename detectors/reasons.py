"""Turns the terms of a score into reasons: a stable code, its share of the statistic, a sentence with the numbers.

A reason is listed only when what it claims is true of the payment; everything else stays in `other`, so that the
contributions always add up. Codes and their meaning are in docs/reasons.md.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

from detectors.assessment import Reason
from detectors.observation import Details
from detectors.sentences import (
    Row,
    Told,
    amount_of_account,
    amount_of_segment,
    balance_drain,
    duration,
    far_from_clusters,
    history,
    ip_country,
    isolated_pattern,
    learned_pattern,
    login_attempts,
    new_country,
    new_device,
    new_merchant,
    recent_outlier,
    spending,
    time_of_day,
    time_since_last,
    travel,
    velocity,
)

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
    "isolation_forest": "ISOLATED_PATTERN",
    "kmeans": "FAR_FROM_CLUSTERS",
    "logistic": "LEARNED_PATTERN",
    "zscore": "",
}
"""The code of each feature and of each detector that enters as one term; "" is a term without a cause."""

_TELL: dict[str, Callable[[Row, Details], Told]] = {
    "AMOUNT_ABOVE_ACCOUNT_NORM": amount_of_account,
    "AMOUNT_UNUSUAL": amount_of_segment,
    "RECENT_AMOUNT_OUTLIER": recent_outlier,
    "TX_VELOCITY_HIGH": velocity,
    "SPEND_VELOCITY_HIGH": spending,
    "TIME_SINCE_LAST_UNUSUAL": time_since_last,
    "NEW_DEVICE": new_device,
    "NEW_MERCHANT": new_merchant,
    "NEW_COUNTRY": new_country,
    "IMPOSSIBLE_TRAVEL": travel,
    "UNUSUAL_TIME_OF_DAY": time_of_day,
    "LOGIN_ATTEMPTS_HIGH": login_attempts,
    "BALANCE_DRAIN": balance_drain,
    "UNUSUAL_DURATION": duration,
    "IP_COUNTRY_MISMATCH": ip_country,
    "NO_HISTORY": history,
    "ISOLATED_PATTERN": isolated_pattern,
    "FAR_FROM_CLUSTERS": far_from_clusters,
    "LEARNED_PATTERN": learned_pattern,
}

CODES = (*_TELL, "AMOUNT_BELOW_ACCOUNT_NORM", "UNUSUAL_TRAVEL", "DEGRADED_ENRICHMENT", "CURRENCY_UNKNOWN")
"""Every code there is. The last two are notes: they explain what is missing and contribute nothing."""


def reasons_for(
    row: Row, details: Details, names: tuple[str, ...], contributions: Sequence[float], limit: int = 4
) -> tuple[tuple[Reason, ...], float]:
    """The `limit` largest reasons, largest first, then the notes; and what is left over.

    `names` and `contributions` are the terms of the statistic: a name is "<detector>:<feature>", "<feature>" or
    "<detector>". Terms of one code are added in the order given. The reasons' contributions and what is left
    over add up to the sum of the terms.
    """
    codes, places = _places(names)
    sums = [0.0] * len(codes)
    for position, contribution in zip(places, contributions, strict=True):
        sums[position] += contribution
    found: list[Reason] = []
    for amount, position in sorted((-amount, position) for position, amount in enumerate(sums) if amount > 0.0):
        if len(found) == limit:
            break
        tell = _TELL.get(codes[position])
        told = tell(row, details) if tell else None
        if told is not None:
            found.append(Reason(told[0], -amount, told[1]))
            sums[position] = 0.0
    return (*found, *_notes(details)), sum(sums)


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
    if details.amount != details.amount:  # NaN
        text = f"no exchange rate for {details.transaction.currency}; amounts were left out"
        notes += (Reason("CURRENCY_UNKNOWN", 0.0, text),)
    return notes
