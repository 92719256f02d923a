"""Feature rows as documents: all that scoring a payment needs beside the bundle, made where the memories are.

Whoever holds the memories (worker, function, backtest) makes rows; whoever holds the models scores them, each
for itself: a verdict depends on its row and the bundle alone, not on the rows beside it or on their order.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec

from detectors.account import AccountFold
from detectors.account_memory import AlertMemory
from detectors.assessment import Assessment
from detectors.bundle import Bundle
from detectors.features import FEATURE_VERSION, FEATURES, feature_matrix
from detectors.frozen import freeze
from detectors.judging import judge
from detectors.merchants.features import MERCHANT_FEATURES, UNKNOWN, MerchantReading
from detectors.merchants.reading import Sums
from detectors.numerics import Running
from detectors.observation import Details, Observation
from detectors.transaction import EnrichedTransaction, NonNegative
from detectors.velocity import velocities
from detectors.windows import whole_seconds

LARGEST_DEVIATION: Final = 1e6
"""Of features that count standard deviations; ours stay below ten thousand. Bounded, so that nothing overflows."""
LARGEST_DAYS: Final = 1e6

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Thousandths = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
Feature = Annotated[float, msgspec.Meta(ge=-LARGEST_DEVIATION, le=LARGEST_DEVIATION)]
_Counts = tuple[Count, Count, Count]


class MerchantFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """What the sentences tell of the payment's merchant: sums over windows of 1, 7 and 30 days."""

    known: bool
    """Whether the totals are complete; else `degraded` names the merchant."""
    payments: _Counts = (0, 0, 0)
    deviations: tuple[Thousandths, Thousandths, Thousandths] = (0, 0, 0)
    """Of z-scores, in thousandths."""
    exposed: _Counts = (0, 0, 0)
    """Payments old enough for their labels to be known."""
    frauds: _Counts = (0, 0, 0)


class FeatureRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """One payment as its account and its merchant stood before it. JSON; docs/sagemaker.md has it in words."""

    feature_version: str
    """Of the columns in `features`: a bundle scores one version only."""
    transaction: EnrichedTransaction
    features: tuple[Feature | None, ...]
    """In the order of `features.FEATURES`; None is missing."""
    payments: Count
    """Known of the account before this one."""
    late: bool
    """A younger payment of the account came before it."""
    amount: NonNegative | None
    """In base currency; None where the currency has no rate."""
    days: Annotated[float, msgspec.Meta(ge=-LARGEST_DAYS, le=LARGEST_DAYS)]
    """Since the account was first seen."""
    habits: tuple[Running | None, ...]
    """Count, mean and sum of squared differences of each of `numerics.NUMERICS`, None where nothing is known."""
    approximate: bool
    """Some payments in the windows are known only by their hour."""
    merchant: MerchantFacts
    alert: AlertMemory | None
    """The last alert of the account: time in seconds since 1970, level, codes of its reasons."""


_encode: Final = msgspec.json.Encoder().encode


def feature_row(observation: Observation, account_alert: AlertMemory | None) -> FeatureRow:
    """Return the document of an observed payment, no repeat, of an account whose last alert was this one."""
    return feature_rows([observation], [account_alert])[0]


def feature_rows(
    observations: Sequence[Observation], account_alerts: Sequence[AlertMemory | None]
) -> list[FeatureRow]:
    """Do as `feature_row` does, for many payments."""
    if not observations:
        return []
    matrix = feature_matrix([observation.row for observation in observations]).tolist()
    return [
        _row(observation, tuple(map(_nullable, values)), alert)
        for observation, values, alert in zip(observations, matrix, account_alerts, strict=True)
    ]


def first_rows(transactions: Sequence[EnrichedTransaction], bundle: Bundle) -> list[FeatureRow]:
    """Return the rows of payments scored with empty memory: each as the first that is known of its account."""
    accounts, baseline = [AccountFold() for _ in transactions], bundle.baseline
    begun = [
        account.begin(transaction, baseline, whole_seconds(transaction.event_time))
        for account, transaction in zip(accounts, transactions, strict=True)
    ]
    spent = velocities([each.asked for each in begun])
    observations = [
        account.finish(each, velocity, baseline, UNKNOWN)
        for account, each, velocity in zip(accounts, begun, spent, strict=True)
    ]
    return feature_rows(observations, [None] * len(observations))


def _row(
    observation: Observation, features: tuple[float | None, ...], account_alert: AlertMemory | None
) -> FeatureRow:
    details = observation.details
    sums = details.merchant.sums
    return FeatureRow(
        feature_version=FEATURE_VERSION,
        transaction=details.transaction,
        features=features,
        payments=observation.payments,
        late=observation.late,
        amount=_nullable(details.amount),
        days=details.days,
        habits=details.habits,
        approximate=details.approximate,
        merchant=MerchantFacts(details.merchant.known, sums.payments, sums.deviations, sums.exposed, sums.frauds),
        alert=account_alert,
    )


def encode_row(row: FeatureRow) -> bytes:
    """Return a row as one line of JSON, without its end; every number comes back to the bit."""
    return _encode(row)


def assess_rows(rows: Sequence[FeatureRow], bundle: Bundle) -> list[Assessment]:
    """Score rows on a bundle whose centres do not move: one assessment each, in order.

    Rows have to be such as `row_decoding.decode_rows` lets through; amounts are told in the bundle's base
    currency. Of two risky payments of one account, both made into rows before either was judged, `alert` of the
    second does not know of the first: whoever keeps the account's memory asks `verdict.alert_of`.
    """
    if not rows:
        return []
    seen = [_observation(row, bundle) for row in rows]
    accounts = [_Account(row.alert) for row in rows]
    return judge(seen, accounts, [None], [slice(0, len(rows))], freeze(bundle)).assessments


@dataclass(slots=True)
class _Account:
    """The last alert of one row's account."""

    alert: AlertMemory | None


def _observation(row: FeatureRow, bundle: Bundle) -> Observation:
    """The observation that the row was made of, with the baseline of this bundle."""
    values = [math.nan if value is None else value for value in row.features]
    facts, baseline = row.merchant, bundle.baseline
    sums = Sums(facts.payments, facts.deviations, facts.exposed, facts.frauds)
    details = Details(
        transaction=row.transaction,
        amount=math.nan if row.amount is None else row.amount,
        payments=row.payments,
        days=row.days,
        habits=row.habits,
        segment=baseline.segment_of(row.transaction),
        baseline=baseline,
        approximate=row.approximate,
        merchant=MerchantReading(facts.known, values[len(FEATURES) - len(MERCHANT_FEATURES) :], sums),
    )
    return Observation(values, row.payments, row.late, "none", details)


def _nullable(value: float) -> float | None:
    return None if math.isnan(value) else value
