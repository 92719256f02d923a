"""The one place where the benchmark meets the product: train a bundle, let it assess a file, hand out columns.

A bundle sees payments before the end of its training week and labels known a week later. Assessing starts with
empty memories at the first payment of the file, and a label arrives seven days after its payment.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from operator import attrgetter
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.payments import Payments
from benchmarks.quality.protocol import DELAY, Split
from detectors.assessment import DETECTORS, Assessment, ScoreKind
from detectors.bundle import Bundle
from detectors.evaluation.scored import moment
from detectors.features import FEATURES
from detectors.fusion import exact_score
from detectors.kmeans import score_and_learn
from detectors.labels import Label, labels_from_truth
from detectors.training import train
from detectors.transaction import EnrichedTransaction
from stream.backtest import Backtest
from stream.partitioning import partition_of

Kind = Literal["labelled", "label_free", "feedback"]
"""A score fitted to labels; one that is never told any; one that is not fitted to labels, but told of frauds as
they come out."""
KINDS: Final[tuple[Kind, ...]] = ("labelled", "label_free", "feedback")
PARTITIONS: Final = 4

_readings = attrgetter(*DETECTORS)


@dataclass(frozen=True, eq=False)
class Assessed:
    """What the product says of n payments; NaN where it says nothing (a payment sent twice, a silent detector)."""

    bundle: Bundle
    score: NDArray[np.float64]
    """(n,) 0 to 100, before it is rounded for publication."""
    detectors: NDArray[np.float64]
    """(n, 4) raw scores in the order of `DETECTORS`."""
    features: NDArray[np.float64]
    """(n, d) in the order of `FEATURES`."""


def assessed(payments: Payments, weeks: Split, kind: Kind, frauds: NDArray[np.bool_]) -> Assessed:
    """Train, and assess every payment up to the end of the test week.

    `frauds`, (n,), are those that come out, each a week after its payment.
    """
    bundle = learn(payments, weeks, kind, frauds)
    return follow(payments.where(slice(weeks.test.stop)), bundle, kind, frauds[: weeks.test.stop])


def learn(payments: Payments, weeks: Split, kind: Kind, frauds: NDArray[np.bool_]) -> Bundle:
    """Train a bundle on the training week and the labels known when testing begins.

    Payments before that week, and labels that had come by then, only make the memories that its features rest on.
    """
    history = list(_transactions(payments.where(slice(weeks.train.stop))))
    first = moment(weeks.start)
    if kind == "label_free":
        return train(history, fit_from=first)
    labels = _labels(payments.where(np.flatnonzero(frauds)))
    asked: ScoreKind | None = "rarity+feedback" if kind == "feedback" else None
    return train(history, labels, kind=asked, fit_from=first, until=moment(weeks.known_from))


def follow(payments: Payments, bundle: Bundle, kind: Kind, frauds: NDArray[np.bool_]) -> Assessed:
    """Assess payments in order, in step, over `PARTITIONS` partitions."""
    labels = [] if kind == "label_free" else _labels(payments.where(np.flatnonzero(frauds)))
    columns = _Columns(payments, bundle)
    for fold in Backtest(bundle, PARTITIONS, labels).run(_transactions(payments)):
        columns.take(fold.assessments)
        fold.assessments.clear()
    return columns.assessed


def kmeans_alone(payments: Payments, whole: Assessed, partitions: int) -> NDArray[np.float64]:
    """What the k-means detector says when its centres live in so many partitions, (n,): higher is stranger."""
    said = np.full(len(payments), np.nan)
    place = np.array([partition_of(str(customer), partitions) for customer in payments.customer.tolist()])
    for partition in range(partitions):
        rows = np.flatnonzero((place == partition) & ~np.isnan(whole.score))
        said[rows] = score_and_learn(whole.features[rows], None, whole.bundle.clusters)[0]
    return said


class _Columns:
    """Fills columns from assessments that come in any order."""

    def __init__(self, payments: Payments, bundle: Bundle) -> None:
        count = len(payments)
        self.assessed = Assessed(
            bundle=bundle,
            score=np.full(count, np.nan),
            detectors=np.full((count, len(DETECTORS)), np.nan),
            features=np.full((count, len(FEATURES)), np.nan),
        )
        self._row = {identifier: row for row, identifier in enumerate(map(str, payments.identifier.tolist()))}

    def take(self, assessments: Sequence[Assessment]) -> None:
        """Put assessments where their payments are."""
        if not assessments:
            return
        rows = [self._row[verdict.transaction_id] for verdict in assessments]
        statistic = np.array([verdict.statistic for verdict in assessments])
        bundle = self.assessed.bundle
        # Rounded scores tie, and ties cost a little of every ranking.
        self.assessed.score[rows] = exact_score(statistic, bundle.manifest.fusion, bundle.statistic)
        readings = [_readings(verdict.scores) for verdict in assessments]
        self.assessed.detectors[rows] = np.array(readings, dtype=np.float64)
        self.assessed.features[rows] = np.array([verdict.features for verdict in assessments], dtype=np.float64)


def _transactions(payments: Payments) -> Iterator[EnrichedTransaction]:
    columns = (payments.identifier, payments.customer, payments.merchant, payments.time, payments.amount)
    for identifier, customer, merchant, time, amount in zip(*(c.tolist() for c in columns), strict=True):
        yield EnrichedTransaction(
            transaction_id=str(identifier),
            account_id=_name(customer),
            merchant_id=_name(merchant),
            event_time=moment(time),
            amount=amount,
        )


@cache
def _name(identifier: object) -> str:
    """One text for all payments of a customer or terminal."""
    return str(identifier)


def _labels(frauds: Payments) -> list[Label]:
    transactions = list(_transactions(frauds))
    truth = {transaction.transaction_id: True for transaction in transactions}
    return labels_from_truth(transactions, truth, timedelta(microseconds=DELAY))
