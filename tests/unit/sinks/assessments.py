"""Assessments to put into sinks: realistic ones, of which a test names only the fields it is about."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from detectors.assessment import Assessment, Readings, Reason, Share, Split
from detectors.transaction import EnrichedTransaction
from sinks.archive import OffsetRange, Record

EVENT_TIME = datetime(2026, 3, 14, 9, 26, 53, 589_000, tzinfo=UTC)


def assessment(number: int = 1, **changes: Any) -> Assessment:
    """Return a risky assessment; `number` tells it from the others."""
    values: dict[str, Any] = {
        "assessment_id": f"a{number:07d}",
        "transaction_id": f"TX{number:06d}",
        "account_id": f"AC{number % 7:06d}",
        "merchant_id": "M042",
        "event_time": EVENT_TIME,
        "amount": 412.5,
        "currency": "EUR",
        "transaction_type": "debit",
        "channel": "online",
        "location": "Zürich",
        "latitude": 47.37,
        "longitude": 8.54,
        "country": "CH",
        "ip_country": None,
        "fraud_risk_score": 99.8125,
        "score_kind": "rarity",
        "risk_level": "high",
        "recommended_action": "step_up",
        "alert": "new",
        "maturity": "mature",
        "scores": Readings(zscore=6.5, kmeans=3.25, isolation_forest=0.625, logistic=None),
        "tails": Readings(zscore=0.001, kmeans=0.02, isolation_forest=0.004, logistic=None),
        "statistic": 6.25,
        "baseline": 0.5,
        "other": 0.25,
        "reasons": (
            Reason("AMOUNT_ABOVE_ACCOUNT_NORM", 4.0, "412.50 is 9 times this account's usual amount"),
            Reason("NEW_DEVICE", 1.5, "first payment from this device"),
        ),
        "features": (1.5, None, -0.25),
        "degraded": ("geo",),
        "late": False,
        "backfill": False,
        "provisional": False,
        "bundle_version": "2026-03-01",
        "feature_version": "1",
        "approximate": (
            Split(
                detector="isolation_forest",
                features=(
                    Share(
                        feature="amount_z",
                        text="amount: 9.0 deviations above the account's usual",
                        value=9.0,
                        share=0.75,
                    ),
                    Share(feature="new_device", text="device: new", value=1.0, share=0.25),
                ),
            ),
        ),
    }
    return Assessment(**values | changes)


def transaction(**changes: Any) -> EnrichedTransaction:
    """Return the payment of `assessment(1)`."""
    values: dict[str, Any] = {
        "transaction_id": "TX000001",
        "account_id": "AC000001",
        "merchant_id": "M042",
        "event_time": EVENT_TIME,
        "amount": 412.5,
        "currency": "EUR",
        "device_id": "D9",
        "ip_address": "192.0.2.7",
        "ip_city": "Basel",
        "customer_age": 44,
        "login_attempts": 3,
        "account_balance": 1200.0,
    }
    return EnrichedTransaction(**values | changes)


def flushed(*assessments: Assessment, first: int = 0, partition: int = 3) -> OffsetRange:
    """Return the range that holds `assessments` at consecutive offsets."""
    records = tuple(
        Record(offset, msgspec.json.encode(value)) for offset, value in enumerate(assessments, start=first)
    )
    return OffsetRange("assessments", partition, first, first + len(records) - 1, records)
