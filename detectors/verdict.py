"""Puts what the detectors found into words: level, action, maturity, reasons and alert status of each payment."""

import math
from collections.abc import Sequence
from hashlib import blake2b
from itertools import starmap
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from detectors.account_memory import AlertMemory
from detectors.alerting import fold, is_risky
from detectors.assessment import (
    ACTIONS,
    LEVELS,
    AlertStatus,
    Assessment,
    Readings,
    Reason,
    RiskLevel,
    Split,
)
from detectors.bundle import Bundle
from detectors.explanation.split import splits_of
from detectors.fusion import Fused
from detectors.observation import Details, Observation
from detectors.reasons import reasons_for
from detectors.thresholds import MATURITIES, levels, maturity_codes
from detectors.transaction import EnrichedTransaction
from detectors.windows import whole_seconds

CURRENCY = "currency"
"""Named in `degraded` where an amount could not be converted to the base currency."""
MERCHANT = "merchant"
"""Named in `degraded` where the totals of the merchant's hours were not complete yet."""
_MEDIUM = LEVELS.index("medium")
_no_hash = blake2b(digest_size=16)


class Alerting(Protocol):
    """Whoever remembers the last alert of an account."""

    alert: AlertMemory | None


def conclude(
    observations: Sequence[Observation],
    rows: NDArray[np.float64],
    scores: NDArray[np.float64],
    fused: Fused,
    bundle: Bundle,
    accounts: Sequence[Alerting],
) -> list[Assessment]:
    """Return one assessment per observation; the accounts' alert memories are moved on.

    `rows` is (n, d), `scores` (n, 4), `accounts` n of them, all in the order of `observations`.
    """
    manifest, version = bundle.manifest, bundle.version
    risky = set(filter(is_risky, LEVELS))
    payments = np.array([seen.payments for seen in observations], dtype=np.int64)
    codes = levels(fused.score, payments, manifest.thresholds).tolist()
    maturities = maturity_codes(payments).tolist()
    features = _nullable(rows)
    details = [seen.details for seen in observations]
    reasons, other = reasons_for(features, details, fused.term_names, fused.terms)
    columns = zip(
        observations,
        accounts,
        details,
        features,
        starmap(Readings, _nullable(scores)),
        starmap(Readings, _nullable(fused.tails)),
        reasons,
        fused.score.tolist(),
        fused.statistic.tolist(),
        fused.baseline.tolist(),
        other.tolist(),
        [LEVELS[code] for code in codes],
        [MATURITIES[code] for code in maturities],
        _splits(rows, codes, bundle),
        strict=True,
    )
    concluded = []
    for (
        seen,
        account,
        its,
        row,
        readings,
        tails,
        causes,
        score,
        statistic,
        baseline,
        rest,
        level,
        maturity,
        splits,
    ) in columns:
        transaction = its.transaction
        concluded.append(
            Assessment(  # by position: names take four times as long
                assessment_id(transaction, version),
                transaction.transaction_id,
                transaction.account_id,
                transaction.merchant_id,
                transaction.event_time,
                transaction.amount,
                transaction.currency,
                transaction.transaction_type,
                transaction.channel,
                transaction.location,
                transaction.ip_latitude if transaction.latitude is None else transaction.latitude,
                transaction.ip_longitude if transaction.longitude is None else transaction.longitude,
                transaction.country,
                transaction.ip_country,
                score,
                manifest.score_kind,
                level,
                ACTIONS[level],
                _alert(transaction, level, causes, account) if level in risky else "none",
                maturity,
                readings,
                tails,
                statistic,
                baseline,
                rest,
                causes,
                row,
                _degraded(its),
                seen.late,
                transaction.backfill,
                manifest.provisional,
                version,
                manifest.feature_version,
                splits,
            )
        )
    return concluded


def _splits(rows: NDArray[np.float64], codes: Sequence[int], bundle: Bundle) -> list[tuple[Split, ...]]:
    """Split forest and k-means over features, from level medium up: for all payments it would double the cost."""
    found: list[tuple[Split, ...]] = [()] * len(codes)
    chosen = [place for place, code in enumerate(codes) if code >= _MEDIUM]
    if chosen:
        for place, splits in zip(chosen, splits_of(rows[chosen], bundle), strict=True):
            found[place] = splits
    return found


def alert_of(assessment: Assessment, last: AlertMemory | None) -> tuple[AlertStatus, AlertMemory | None]:
    """Return what an assessed payment means to its account's burst, whose last alert is `last`, and the alert
    to remember: for verdicts that somebody else gave, who did not know of the payments between.
    """
    return fold(last, whole_seconds(assessment.event_time), assessment.risk_level, _codes(assessment.reasons))


def _alert(
    transaction: EnrichedTransaction, level: RiskLevel, causes: Sequence[Reason], account: Alerting
) -> AlertStatus:
    """What a risky payment means to its account's burst of alerts, which it moves on."""
    status, account.alert = fold(account.alert, whole_seconds(transaction.event_time), level, _codes(causes))
    return status


def _codes(causes: Sequence[Reason]) -> list[str]:
    """The codes that a burst remembers; notes are none of them."""
    return [cause.code for cause in causes if cause.contribution > 0.0]


def assessment_id(transaction: EnrichedTransaction, bundle_version: str) -> str:
    """Return 32 hex digits that name the verdict of one bundle on one payment."""
    identity = _no_hash.copy()  # much faster than a new one
    identity.update(f"{transaction.account_id}\0{transaction.transaction_id}\0{bundle_version}".encode())
    return identity.hexdigest()


def _nullable(matrix: NDArray[np.float64]) -> list[tuple[float | None, ...]]:
    """Return the rows of a matrix with None for NaN."""
    values = cast("list[float | None]", matrix.ravel().tolist())
    for place in np.flatnonzero(np.isnan(matrix)).tolist():
        values[place] = None
    one_after_the_other = iter(values)
    return list(zip(*[one_after_the_other] * matrix.shape[1], strict=True))


def _degraded(details: Details) -> tuple[str, ...]:
    degraded = details.transaction.degraded
    if not degraded and details.merchant.known and details.amount == details.amount:  # not NaN, as mostly
        return degraded
    if not details.merchant.known:
        degraded = (*degraded, MERCHANT)
    return (*degraded, CURRENCY) if math.isnan(details.amount) else degraded
