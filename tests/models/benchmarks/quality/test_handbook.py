from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from benchmarks.quality.figures import evaluated
from benchmarks.quality.handbook import HANDBOOK_FEATURES, handbook_features
from benchmarks.quality.payments import Payments, read_payments
from benchmarks.quality.protocol import split, start_of
from benchmarks.quality.published import MODELS, PUBLISHED, PUBLISHED_START, as_published, reproduce
from detectors.evaluation.scored import DAY
from tests.unit.benchmarks.quality import worlds

TRANSACTIONS = "handbook_transactions_2018-04-01_2018-08-14.parquet"
GOLDEN = "handbook_features_2018-07-25_2018-07-31.parquet"
MEMORY = 38 * DAY
"""The longest window, of terminals with their delay, and a day."""


class Real(NamedTuple):
    """The end of the handbook's file, with its features."""

    payments: Payments
    features: NDArray[np.float64]


@pytest.fixture(scope="module")
def real(real_data: Callable[[str], Path]) -> Real:
    payments = read_payments(real_data(TRANSACTIONS))
    payments = payments.where(payments.time >= start_of(PUBLISHED_START) - MEMORY)
    return Real(payments, handbook_features(payments))


def test_features_equal_their_definition(tmp_path: Path) -> None:
    """Against windows counted one payment at a time."""
    payments = worlds.payments(tmp_path)
    features = handbook_features(payments)
    column = {name: features[:, number] for number, name in enumerate(HANDBOOK_FEATURES)}
    for row in range(0, len(payments), 97):
        now = payments.time[row]
        own = (payments.card == payments.card[row]) & (np.arange(len(payments)) <= row)
        week = own & (payments.time > now - 7 * DAY)
        assert column["customer_count_7d"][row] == week.sum()
        assert column["customer_mean_amount_7d"][row] == pytest.approx(payments.amount[week].mean(), abs=1e-9)
        there = (payments.terminal == payments.terminal[row]) & (payments.time <= now - 7 * DAY)
        month = there & (payments.time > now - 37 * DAY)
        assert column["terminal_count_30d"][row] == month.sum()
        assert column["terminal_risk_30d"][row] == (payments.fraud[month].mean() if month.any() else 0.0)


def test_features_equal_the_published_ones(real: Real, real_data: Callable[[str], Path]) -> None:
    golden = pq.read_table(real_data(GOLDEN)).sort_by("transaction_id")
    ids = real.payments.identifier
    rows = np.flatnonzero(np.isin(ids, golden["transaction_id"].to_numpy()))
    rows = rows[np.argsort(ids[rows])]
    for number, name in enumerate(HANDBOOK_FEATURES[1:], 1):
        assert np.abs(real.features[rows, number] - golden[name].to_numpy()).max() < 1e-9, name


def test_published_figures_come_out_again(real: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within .003; the random forest and XGBoost, which take longer, are in the benchmark's own report."""
    weeks = split(real.payments, start_of(PUBLISHED_START))
    for slow in ("random_forest", "xgboost"):
        monkeypatch.delitem(MODELS, slow)
    for name, score in reproduce(real.features, real.payments, weeks).items():
        found = as_published(*evaluated(real.payments, weeks).ranked(score))
        for figure in ("auc", "ap", "cp100"):
            assert getattr(found, figure) == pytest.approx(getattr(PUBLISHED[name], figure), abs=0.0031), name
