"""What is usual among all accounts of a segment: the prior of every account, fixed when a bundle is trained.

It also holds the rate table, since amounts in different currencies are never averaged.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import msgspec

from detectors.errors import TrainingError
from detectors.numerics import NUMERICS, SD_FLOORS, Prior
from detectors.transaction import Transaction
from detectors.windows import HOUR, whole_seconds

EVERYBODY = "*"
"""The segment of customers without one of their own."""
MIN_SEGMENT_PAYMENTS = 200
"""Fewer payments do not make a segment; its customers are compared with everybody."""
MIN_SEGMENT_VALUES = 100
"""With fewer values of a numeric, a segment takes everybody's prior for it."""
MAX_AMOUNT = 1e11
"""Amounts in base currency are cut here, so that sums of cents stay encodable integers."""
MAX_BALANCE_SHARE = 10.0
MAX_LOGIN_ATTEMPTS = 1000
WINSOR_SHARE = 0.005
"""Priors pull this share of values at either end in to the quantile there: a few frauds do no harm."""


class Segment(msgspec.Struct, frozen=True):
    """The habits of a group of customers."""

    payments: int
    """How many it was learned from."""
    priors: tuple[Prior | None, ...]
    """In the order of NUMERICS; None where the history never had the numeric."""
    hours: tuple[float, ...]
    """Share of payments in and around each hour of the day (UTC), never 0; they add up to 1."""


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """Priors, rates and the two constants of account habits. JSON-able: it travels in the bundle's manifest."""

    base_currency: str
    rates: dict[str, float]
    """Currency -> value of one unit in base currency; the base itself is listed as 1."""
    segments: dict[str, Segment]
    """By customer_occupation; EVERYBODY is always there."""
    guard_z: float = 3.0
    """A value that deviates further is scored but not learned."""
    explained_z: float = 1.5
    """A fraud whose amount deviates this far upwards is explained by its account: no merchant is blamed for it."""
    shrinkage: float = 5.0
    """The k of the weight n / (n + k) that an account's own n payments have against its segment."""

    def segment_of(self, transaction: Transaction) -> Segment:
        """The segment that a payment's customer is compared with."""
        segments = self.segments
        return segments.get(transaction.customer_occupation or EVERYBODY) or segments[EVERYBODY]

    def amount_of(self, transaction: Transaction) -> float:
        """The amount in base currency; NaN where its currency has no rate."""
        currency = transaction.currency
        rate = 1.0 if currency is None else self.rates.get(currency, math.nan)
        amount = transaction.amount * rate
        return MAX_AMOUNT if amount > MAX_AMOUNT else amount


def balance_share(transaction: Transaction) -> float:
    """Amount over balance, both in the payment's currency, 0 to 10; an empty account gives 10, none NaN."""
    balance = transaction.account_balance
    if balance is None:
        return math.nan
    if balance <= 0:
        return MAX_BALANCE_SHARE if transaction.amount > 0 else 0.0
    return min(transaction.amount / balance, MAX_BALANCE_SHARE)


def login_attempts(transaction: Transaction) -> float:
    """Log-in attempts as a number, cut at 1,000; NaN where missing."""
    attempts = transaction.login_attempts
    return math.nan if attempts is None else float(min(attempts, MAX_LOGIN_ATTEMPTS))


def log_duration(transaction: Transaction) -> float:
    """log1p of the seconds that the payment took; NaN where missing."""
    return math.nan if transaction.duration_s is None else math.log1p(transaction.duration_s)


def fit_baseline(
    transactions: Iterable[Transaction], base_currency: str = "USD", rates: Mapping[str, float] | None = None
) -> Baseline:
    """Learns the priors of every segment from a history; the order of the history does not matter.

    Raises TrainingError for an empty history and for a rate that is not a positive number.
    """
    baseline = Baseline(base_currency=base_currency, rates=_rate_table(base_currency, rates or {}), segments={})
    values: dict[str, list[list[float]]] = {EVERYBODY: [[] for _ in NUMERICS]}
    hours: dict[str, Counter[int]] = {EVERYBODY: Counter()}
    times: dict[str, list[tuple[int, str]]] = {}
    for tx in transactions:
        name, time = tx.customer_occupation or EVERYBODY, whole_seconds(tx.event_time)
        times.setdefault(tx.account_id, []).append((time, name))
        hours.setdefault(name, Counter())[time // HOUR % 24] += 1
        own = values.setdefault(name, [[] for _ in NUMERICS])
        log_amount = math.log1p(baseline.amount_of(tx))
        numerics = (log_amount, math.nan, log_duration(tx), login_attempts(tx), balance_share(tx))
        for known, value in zip(own, numerics, strict=True):
            if not math.isnan(value):
                known.append(value)
    if not times:
        raise TrainingError("The history has no payments: give a file with at least a few weeks of them.")
    _append_gaps(values, times.values())
    return msgspec.structs.replace(baseline, segments=_segments(values, hours))


def _rate_table(base_currency: str, rates: Mapping[str, float]) -> dict[str, float]:
    for currency, rate in rates.items():
        if not (math.isfinite(rate) and rate > 0):
            raise TrainingError(
                f"The rate of {currency} is {rate}: give the value of one {currency} in {base_currency}."
            )
    if rates.get(base_currency, 1.0) != 1.0:
        raise TrainingError(
            f"The rate of the base currency {base_currency} is {rates[base_currency]}: it must be 1, or left out."
        )
    return dict(sorted({**rates, base_currency: 1.0}.items()))


def _append_gaps(values: dict[str, list[list[float]]], accounts: Iterable[list[tuple[int, str]]]) -> None:
    """Adds the time between consecutive payments of each account to the segment of the later one."""
    for payments in accounts:
        payments.sort()
        for (earlier, _), (later, name) in pairwise(payments):
            values[name][1].append(math.log1p(later - earlier))


def _segments(values: dict[str, list[list[float]]], hours: dict[str, Counter[int]]) -> dict[str, Segment]:
    """The segments that are large enough, and everybody; what a segment lacks it takes from everybody."""
    whole = [[x for own in values.values() for x in own[i]] for i in range(len(NUMERICS))]
    everybody = Segment(
        payments=sum(sum(counts.values()) for counts in hours.values()),
        priors=tuple(_prior(whole[i], i) for i in range(len(NUMERICS))),
        hours=_hour_shares(sum(hours.values(), Counter()), [1 / 24] * 24),
    )
    segments = {EVERYBODY: everybody}
    for name in sorted(hours):
        payments = sum(hours[name].values())
        if name == EVERYBODY or payments < MIN_SEGMENT_PAYMENTS:
            continue
        own = values[name]
        segments[name] = Segment(
            payments=payments,
            priors=tuple(
                _prior(own[i], i) if len(own[i]) >= MIN_SEGMENT_VALUES else everybody.priors[i]
                for i in range(len(NUMERICS))
            ),
            hours=_hour_shares(hours[name], everybody.hours),
        )
    return segments


def _prior(values: list[float], index: int) -> Prior | None:
    """Winsorised mean and variance, summed in ascending order so that no other order can change a bit."""
    if not values:
        return None
    values.sort()
    cut = int(len(values) * WINSOR_SHARE)
    low, high = values[cut], values[-1 - cut]
    values = [min(max(x, low), high) for x in values]
    mean = math.fsum(values) / len(values)
    var = math.fsum((x - mean) ** 2 for x in values) / len(values)
    return Prior(mean=mean, var=max(var, SD_FLOORS[index] ** 2))


def _hour_shares(counts: Counter[int], prior: Sequence[float]) -> tuple[float, ...]:
    """Shares of the hours of the day, neighbours counted half, with 24 payments' worth of prior: none is 0."""
    near = [(counts[(hour - 1) % 24] + 2 * counts[hour] + counts[(hour + 1) % 24]) / 4 for hour in range(24)]
    total = sum(counts.values()) + 24
    return tuple((count + 24 * share) / total for count, share in zip(near, prior, strict=True))
