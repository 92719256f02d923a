"""The one path from a partition's events to assessments: stream, backtest and command line all call `assess`.

It is pure: memories come in through `read` and go out as bytes, and the result does not depend on where a batch
begins or ends, to the bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.account import close_accounts
from detectors.alerting import is_risky
from detectors.assessment import Assessment
from detectors.bundle import Bundle
from detectors.clock import Clock, decode_clock, encode_clock
from detectors.decoding import Rejection
from detectors.drift import DriftEvent, decode_drift, encode_drift
from detectors.drift import observe as observe_drift
from detectors.events import Event
from detectors.judging import Judging, judge
from detectors.kmeans import CentroidMemory, decode_centroids, encode_centroids
from detectors.masking import mask
from detectors.memory_keys import account_key, centroids_key, clock_key, drift_key
from detectors.merchants.activity import LabelChange, Payment
from detectors.merchants.view import NO_MERCHANTS, Merchants
from detectors.observation import Observation
from detectors.transaction import EnrichedTransaction
from detectors.walk import Read, Walk


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a batch leads to. Indexes, and positions of merchants' news, are those in the batch."""

    assessments: Sequence[tuple[int, Assessment]]
    rejections: Sequence[tuple[int, Rejection]]
    """Payments that contradict an earlier one of the same id."""
    duplicates: int
    """Payments sent twice: they were assessed the first time."""
    drifts: Sequence[DriftEvent]
    memories: dict[bytes, bytes]
    """Every memory the batch touched, by key."""
    payments: Sequence[Payment] = ()
    """What merchants are to learn of."""
    label_changes: Sequence[LabelChange] = ()
    """Frauds of merchants that became known or were taken back."""
    edge_before: int = 0
    edge: int = 0
    """Hours before this are closed in the partition."""
    labels: int = 0
    """Labels that were news."""
    labels_repeated: int = 0


@dataclass(frozen=True, slots=True)
class Stretch:
    """Events of one partition, in order, and the memories that they meet."""

    events: Sequence[Event]
    read: Read
    partition: int = 0


@dataclass(frozen=True, slots=True)
class Walked:
    """A walk at its end, and the partition that it went through."""

    walk: Walk
    read: Read
    partition: int


def assess(
    batch: Sequence[Event], read: Read, bundle: Bundle, partition: int = 0, merchants: Merchants = NO_MERCHANTS
) -> Outcome:
    """Assess events of one partition in order: each is scored on what came before it, and learned afterwards."""
    return assess_together([Stretch(batch, read, partition)], bundle, merchants)[0]


def assess_together(
    stretches: Sequence[Stretch],
    bundle: Bundle,
    merchants: Merchants = NO_MERCHANTS,
    *,
    judging: Judging = judge,
    watch: bool = True,
) -> list[Outcome]:
    """Assess events of different partitions, each as `assess` does.

    The detectors look at all of them in one go: what a look costs, however few rows it has, is paid once.
    `judging` is who looks. Without `watch` nobody asks whether the traffic has changed: for places that see too
    little of it, and have no use for river.
    """
    ended = []
    for stretch in stretches:
        walk = start_walk(stretch.read, bundle, stretch.partition, merchants)
        walk.follow(stretch.events)
        ended.append(Walked(walk, stretch.read, stretch.partition))
    return settle_together(ended, bundle, judging=judging, watch=watch)


def start_walk(read: Read, bundle: Bundle, partition: int, merchants: Merchants) -> Walk:
    """A walk from where a partition's memories stand."""
    return Walk(read, bundle.baseline, bundle.manifest.timing, merchants, partition)


def settle(walk: Walk, read: Read, bundle: Bundle, partition: int) -> Outcome:
    """What a walk's events lead to, all together; the walk is at its end then."""
    return settle_together([Walked(walk, read, partition)], bundle)[0]


def settle_together(
    ended: Sequence[Walked], bundle: Bundle, *, judging: Judging = judge, watch: bool = True
) -> list[Outcome]:
    """What the events of walks through different partitions lead to; see `assess_together`."""
    fresh = [_fresh(each.walk) for each in ended]
    judged = _judge(fresh, ended, bundle, judging)
    return [_outcome(*each, bundle, watch) for each in zip(ended, fresh, judged, strict=True)]


def _fresh(walk: Walk) -> list[tuple[int, Observation]]:
    return [(position, seen) for position, seen in walk.observed if seen.repeat == "none"]


@dataclass(frozen=True, slots=True)
class _Judged:
    """What the detectors make of one partition's payments."""

    assessments: Sequence[Assessment]
    tails: NDArray[np.float64]
    """(n, 4), see `fusion.Fused`."""
    centroids: bytes


def _judge(
    fresh: Sequence[Sequence[tuple[int, Observation]]],
    ended: Sequence[Walked],
    bundle: Bundle,
    judging: Judging,
) -> list[_Judged | None]:
    """Score observed payments, partition after partition; the accounts' alerts and the centres move on."""
    seen = [observation for part in fresh for _, observation in part]
    if not seen:
        return [None] * len(ended)
    ends = np.cumsum([len(part) for part in fresh]).tolist()
    slices = [slice(end - len(part), end) for end, part in zip(ends, fresh, strict=True)]
    accounts = [
        each.walk.accounts[observation.details.transaction.account_id]
        for each, part in zip(ended, fresh, strict=True)
        for _, observation in part
    ]
    judged = judging(seen, accounts, [_centroids(each) for each in ended], slices, bundle)
    return [
        _Judged(judged.assessments[part], judged.tails[part], encode_centroids(centroids))
        if part.stop > part.start
        else None
        for part, centroids in zip(slices, judged.centroids, strict=True)
    ]


def _centroids(walked: Walked) -> CentroidMemory | None:
    data = walked.read(centroids_key(walked.partition))
    return None if data is None else decode_centroids(data)


def _outcome(
    walked: Walked,
    fresh: Sequence[tuple[int, Observation]],
    judged: _Judged | None,
    bundle: Bundle,
    watch: bool,
) -> Outcome:
    """What one partition's events lead to, once its payments are judged; None where it has none."""
    walk, read, partition = walked.walk, walked.read, walked.partition
    clock = decode_clock(read(clock_key(partition)))
    memories: dict[bytes, bytes] = {}
    assessments: Sequence[Assessment] = ()
    drifts: Sequence[DriftEvent] = ()
    if judged is not None:
        assessments = judged.assessments
        memories[centroids_key(partition)] = judged.centroids
        if watch:
            memories[drift_key(partition)], drifts = _watch(read(drift_key(partition)), judged, bundle)
    if fresh or walk.labels_new:
        closed = close_accounts(walk.accounts.values())
        memories |= {account_key(name): data for name, data in zip(walk.accounts, closed, strict=True)}
    if walk.edge != clock.edge:
        memories[clock_key(partition)] = encode_clock(Clock(edge=walk.edge))
    return Outcome(
        assessments=list(zip([position for position, _ in fresh], assessments, strict=True)),
        rejections=[(at, _conflict(seen)) for at, seen in walk.observed if seen.repeat == "conflict"],
        duplicates=sum(seen.repeat == "duplicate" for _, seen in walk.observed),
        drifts=drifts,
        memories=memories,
        payments=walk.payments,
        label_changes=walk.labels,
        edge_before=clock.edge,
        edge=walk.edge,
        labels=walk.labels_new,
        labels_repeated=walk.labels_repeated,
    )


def _watch(memory: bytes | None, judged: _Judged, bundle: Bundle) -> tuple[bytes, Sequence[DriftEvent]]:
    """Feed the partition's drift detectors; live payments and backfilled ones alike.

    Strangeness of accounts that are not mature is left out: they grow less strange as they become known, and a
    partition that starts with nothing would look as if its traffic had changed.
    """
    assessments = judged.assessments
    mature = np.array([a.maturity == "mature" for a in assessments])
    after, drifts = observe_drift(
        None if memory is None else decode_drift(memory),
        np.where(mature[:, None], judged.tails, np.nan),
        np.array([bool(a.degraded) for a in assessments]),
        np.array([is_risky(a.risk_level) for a in assessments]),
        [a.event_time for a in assessments],
        bundle.version,
    )
    return encode_drift(after), drifts


def _conflict(seen: Observation) -> Rejection:
    transaction: EnrichedTransaction = seen.details.transaction
    return Rejection(
        "CONFLICTING_DUPLICATE",
        f"transaction {mask(transaction.transaction_id)} of account {mask(transaction.account_id)} was sent"
        " before with other content; a correction needs a transaction_id of its own",
        "transaction_id",
    )
