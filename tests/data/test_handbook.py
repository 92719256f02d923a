"""Streaming features of the handbook's payments equal those computed offline from their written definition."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from detectors.account import AMOUNT_Z, AccountFold
from detectors.baseline import Baseline, fit_baseline
from detectors.features import DECIMALS, FEATURES
from detectors.labels import labels_from_truth
from detectors.merchants.activity import z_milli
from detectors.merchants.features import MERCHANT_FEATURES, RISK_PRIOR_PAYMENTS, Z_PRIOR_PAYMENTS
from detectors.merchants.reading import WINDOW_DAYS
from detectors.packing import unpack_lists
from detectors.timing import Timing
from detectors.training.history import feature_history
from detectors.windows import RecentPayments, whole_seconds
from detectors.windows import totals as totals_of
from tests.data.handbook import day, payments_of, read_golden, read_transactions, seconds_of

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]
TIMING = Timing()
HOURS_A_DAY = 24
GOLDEN_WEEK = day("2018-07-25"), day("2018-08-01")
SLICE = day("2018-07-11"), day("2018-08-01")
"""Three weeks: the first of the golden file's, and two before it. Memories begin with it, on both sides."""


@cache
def baseline() -> Baseline:
    """The habits of everybody, from a week before everything that is compared."""
    return fit_baseline(list(payments_of(read_transactions(day("2018-06-01"), day("2018-06-08")))), "USD", None)


class TestCustomers:
    """The handbook's windows are (t - w, t] and hold the payment itself; ours are [t - w, t)."""

    @pytest.fixture(scope="class")
    @staticmethod
    def totals() -> tuple[Numbers, Numbers]:
        """(n, 6) counts and sums over 1, 7 and 30 days at each payment of the golden week, by memories of 54 days.

        First from the features, unrounded, the payment itself added. Then from the memory after it, asked one
        second later: times being whole seconds, its windows are the handbook's.
        """
        names = [f"{name}_{days}d" for name in ("count", "amount") for days in WINDOW_DAYS]
        places = [FEATURES.index(name) for name in names]
        folds: dict[str, AccountFold] = {}
        rows: list[list[float]] = []
        asked: list[list[float]] = []
        table = read_transactions(day("2018-06-01"), GOLDEN_WEEK[1])
        for payment, compared in zip(payments_of(table), table_after(table, GOLDEN_WEEK[0]), strict=True):
            fold = folds.setdefault(payment.account_id, AccountFold())
            row = fold.observe(payment, baseline()).row
            if compared:
                added = (1.0, 1.0, 1.0, payment.amount, payment.amount, payment.amount)
                rows.append([np.expm1(row[place]) + more for place, more in zip(places, added, strict=True)])
                memory = fold.close()
                recent = RecentPayments(*unpack_lists([memory.recent])[0], memory.merged_hours)
                seen = totals_of([recent.ask(whole_seconds(payment.event_time) + 1)])
                asked.append([*seen.counts[1:, 0].tolist(), *(seen.cents[:, 0] / 100).tolist()])
        return np.array(rows), np.array(asked)

    def test_counts_and_means_of_the_memory_are_the_handbooks(self, totals: tuple[Numbers, Numbers]) -> None:
        """In every one of 67,240 rows."""
        golden, (_, asked) = read_golden(), totals
        for column, days in enumerate(WINDOW_DAYS):
            counts, sums = asked[:, column], asked[:, 3 + column]
            assert (counts == golden[f"customer_count_{days}d"]).all()
            assert np.abs(sums / counts - golden[f"customer_mean_amount_{days}d"]).max() <= 1e-6

    def test_features_with_the_payment_itself_differ_only_where_another_lies_on_a_border(
        self, totals: tuple[Numbers, Numbers]
    ) -> None:
        """Exactly a window before it (at most five rows of 67,240) or in the same second (two)."""
        golden, (rows, asked) = read_golden(), totals
        for column, days in enumerate(WINDOW_DAYS):
            counts, sums = np.rint(rows[:, column]), rows[:, 3 + column]
            same = counts == golden[f"customer_count_{days}d"]
            assert np.mean(same) >= 0.99985
            assert np.abs(counts - asked[:, column]).max() <= 1
            means = sums / counts
            assert np.abs(means - golden[f"customer_mean_amount_{days}d"])[same].max() <= 1e-6


def table_after(table: pa.Table, first: datetime) -> list[bool]:
    """Which rows lie at or after a time."""
    after: list[bool] = (seconds_of(table) >= int(first.replace(tzinfo=UTC).timestamp())).tolist()
    return after


class Told(NamedTuple):
    """n payments, as merchants see them, in event-time order."""

    merchants: Whole
    hours: Whole
    edges: Whole
    """Activity edge of the payment itself."""
    z_milli: Whole
    """0 where unknown."""
    frauds: Flags
    """Of which the merchant is told: those that their own account does not explain."""


class Sums(NamedTuple):
    """Sums over a merchant's windows of 1, 7 and 30 days, (n, 3) each."""

    payments: Whole
    deviations: Whole
    exposed: Whole
    frauds: Whole
    since: Whole
    """(n,) payments from the midnight after the last known fraud; of no meaning without one."""


class Ordered:
    """Events by merchant and hour, to be counted in windows."""

    def __init__(self, merchants: Whole, hours: Whole, weights: Whole) -> None:
        keys = self.key(merchants, hours)
        order = np.argsort(keys, kind="stable")
        self.keys, self.hours = keys[order], hours[order]
        self._sums = np.concatenate([[0], np.cumsum(weights[order])])

    @staticmethod
    def key(merchants: Whole, hours: Whole) -> Whole:
        return merchants * 10**7 + hours

    def before(self, merchants: Whole, hours: Whole) -> Whole:
        """(n,) how many places lie before a merchant's hour."""
        return np.searchsorted(self.keys, self.key(merchants, hours))

    def within(self, merchants: Whole, starts: Whole, ends: Whole) -> Whole:
        """(n,) weights in [start, end)."""
        ends = np.maximum(starts, ends)
        sums: Whole = self._sums[self.before(merchants, ends)] - self._sums[self.before(merchants, starts)]
        return sums


def offline_sums(told: Told) -> Sums:
    """Every payment's windows, counted one by one: [midnight at or before edge - w days, edge)."""
    paid = Ordered(told.merchants, told.hours, np.ones_like(told.hours))
    deviations = Ordered(told.merchants, told.hours, told.z_milli)
    fraud = Ordered(told.merchants[told.frauds], told.hours[told.frauds], np.ones_like(told.hours[told.frauds]))
    known = told.edges - TIMING.delay_hours

    def windows(of: Ordered, ends: Whole) -> Whole:
        starts = [(ends - days * HOURS_A_DAY) // HOURS_A_DAY * HOURS_A_DAY for days in WINDOW_DAYS]
        return np.stack([of.within(told.merchants, start, ends) for start in starts], axis=1)

    last = fraud.hours[fraud.before(told.merchants, known) - 1]
    return Sums(
        payments=windows(paid, told.edges),
        deviations=windows(deviations, told.edges),
        exposed=windows(paid, known),
        frauds=windows(fraud, known),
        since=paid.within(told.merchants, (last // HOURS_A_DAY + 1) * HOURS_A_DAY, known),
    )


def written_definition(sums: Sums) -> dict[str, Numbers]:
    """The merchant features as docs/features.md defines them on sums, by name."""
    counts, frauds = sums.payments, sums.frauds
    z = sums.deviations / 1000 / (counts + Z_PRIOR_PAYMENTS)
    risk = frauds / (sums.exposed + RISK_PRIOR_PAYMENTS)
    run = frauds[:, 1] / (frauds[:, 1] + RISK_PRIOR_PAYMENTS * (1 + sums.since))
    return {
        "merchant_count_1d": np.log1p(counts[:, 0]),
        "merchant_count_7d": np.log1p(counts[:, 1]),
        "merchant_count_30d": np.log1p(counts[:, 2]),
        "merchant_velocity_ratio": np.log((counts[:, 0] + 1) / (counts[:, 2] / 30 + 1)),
        "merchant_z_1d": z[:, 0],
        "merchant_z_7d": z[:, 1],
        "merchant_risk_1d": risk[:, 0],
        "merchant_risk_7d": risk[:, 1],
        "merchant_risk_30d": risk[:, 2],
        "merchant_run": run,
    }


class TestMerchants:
    """Three weeks of payments, with a label for every fraud a week after it."""

    @pytest.fixture(scope="class")
    @staticmethod
    def streamed() -> Numbers:
        """(n, d) the merchant features that the stream publishes."""
        table = read_transactions(*SLICE)
        paid = list(payments_of(table))
        frauds = {
            each.transaction_id: bool(is_fraud) for each, is_fraud in zip(paid, frauds_of(table), strict=True)
        }
        labels = labels_from_truth(paid, frauds, timedelta(hours=TIMING.delay_hours))
        rows = feature_history(paid, baseline(), labels, TIMING).rows
        return rows[:, [FEATURES.index(name) for name in MERCHANT_FEATURES]]

    def test_they_are_what_their_definition_says(self, streamed: Numbers) -> None:
        """In every row, once both are rounded, as features are by definition."""
        table = read_transactions(*SLICE)
        found = written_definition(offline_sums(as_told(table)))
        assert set(found) == set(MERCHANT_FEATURES)
        for column, name in enumerate(MERCHANT_FEATURES):
            plain = np.round(found[name], DECIMALS)
            assert (np.isnan(plain) == np.isnan(streamed[:, column])).all(), name
            assert np.nanmax(np.abs(plain - streamed[:, column])) <= 1e-9, name

    def test_what_is_compared_is_not_empty(self, streamed: Numbers) -> None:
        risk = streamed[:, MERCHANT_FEATURES.index("merchant_risk_7d")]
        assert np.mean(risk > 0) > 0.005
        assert len(streamed) > 190_000


def as_told(table: pa.Table) -> Told:
    """What payments mean to merchants; deviations from the accounts' memories, unrounded."""
    folds: dict[str, AccountFold] = {}
    deviations = np.array(
        [
            folds.setdefault(payment.account_id, AccountFold()).observe(payment, baseline()).row[AMOUNT_Z]
            for payment in payments_of(table)
        ]
    )
    seconds = seconds_of(table)
    return Told(
        merchants=table["terminal_id"].to_numpy().astype(np.int64),
        hours=seconds // 3600,
        edges=(seconds - TIMING.grace_s) // 3600,
        z_milli=np.array([z_milli(z) or 0 for z in deviations.tolist()], dtype=np.int64),
        frauds=frauds_of(table) & ~(deviations >= baseline().explained_z),
    )


def frauds_of(table: pa.Table) -> Flags:
    """(n,) what turned out to be fraud."""
    frauds: Flags = table["is_fraud"].to_numpy().astype(np.bool_)
    return frauds
