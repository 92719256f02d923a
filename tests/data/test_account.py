"""An account's features on the handbook's payments, of which some customers are enough."""

import math
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest

from detectors.account import AccountFold
from detectors.baseline import fit_baseline
from detectors.features import FEATURES
from detectors.transaction import EnrichedTransaction
from tests.data.handbook import GOLDEN, TRANSACTIONS, data_folder


def _handbook() -> tuple[list[EnrichedTransaction], dict[str, dict[str, float]]]:
    table = pq.read_table(
        data_folder() / TRANSACTIONS,
        filters=[
            ("customer_id", "<", 100),
            ("event_time", ">=", datetime(2018, 6, 20)),
            ("event_time", "<", datetime(2018, 8, 1)),
        ],
        columns=["transaction_id", "event_time", "customer_id", "terminal_id", "amount"],
    )
    history = [
        EnrichedTransaction(
            transaction_id=str(line["transaction_id"]),
            account_id=str(line["customer_id"]),
            merchant_id=str(line["terminal_id"]),
            event_time=line["event_time"].replace(tzinfo=UTC),
            amount=line["amount"],
        )
        for line in table.to_pylist()
    ]
    ids = [int(tx.transaction_id) for tx in history]
    features = pq.read_table(data_folder() / GOLDEN, filters=[("transaction_id", "in", ids)])
    return history, {str(line["transaction_id"]): line for line in features.to_pylist()}


def test_windows_agree_with_the_published_features_of_the_handbook() -> None:
    """The customers' counts and mean amounts of the Fraud Detection Handbook, which include the payment itself."""
    history, published = _handbook()
    baseline = fit_baseline(history)
    folds: dict[str, AccountFold] = {}
    compared = 0
    for tx in history:
        row = folds.setdefault(tx.account_id, AccountFold()).observe(tx, baseline).row
        expected = published.get(tx.transaction_id)
        if expected is None:
            continue
        values = dict(zip(FEATURES, row, strict=True))
        for days in (1, 7, 30):
            count = round(math.expm1(values[f"count_{days}d"])) + 1
            mean = (math.expm1(values[f"amount_{days}d"]) + tx.amount) / count
            assert count == expected[f"customer_count_{days}d"]
            assert mean == pytest.approx(expected[f"customer_mean_amount_{days}d"])
        compared += 1
    assert compared > 1000
