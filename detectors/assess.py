"""The one path from a partition's events to assessments: stream, backtest and command line all call `assess`.

It is pure: memories come in through `read` and go out as bytes, and the result does not depend on where a batch
begins or ends, to the bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detectors.account import close_accounts
from detectors.alerting import is_risky
from detectors.assessment import Assessment
from detectors.bundle import Bundle
from detectors.clock import Clock, decode_clock, encode_clock
from detectors.decoding import Rejection
from detectors.drift import DriftEvent, decode_drift, encode_drift
from detectors.drift import observe as observe_drift
from detectors.events import Event
from detectors.features import feature_matrix
from detectors.fusion import Fused, fuse
from detectors.kmeans import decode_centroids, encode_centroids
from detectors.masking import mask
from detectors.memory_keys import account_key, centroids_key, clock_key, drift_key
from detectors.merchants.activity import LabelChange, Payment
from detectors.merchants.view import NO_MERCHANTS, Merchants
from detectors.observation import Observation
from detectors.panel import causes_of, detect
from detectors.transaction import EnrichedTransaction
from detectors.verdict import conclude
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


def assess(
    batch: Sequence[Event], read: Read, bundle: Bundle, partition: int = 0, merchants: Merchants = NO_MERCHANTS
) -> Outcome:
    """Assess events of one partition in order: each is scored on what came before it, and learned afterwards."""
    walk = start_walk(read, bundle, partition, merchants)
    walk.follow(batch)
    return settle(walk, read, bundle, partition)


def start_walk(read: Read, bundle: Bundle, partition: int, merchants: Merchants) -> Walk:
    """A walk from where a partition's memories stand."""
    return Walk(read, bundle.baseline, bundle.manifest.timing, merchants, partition)


def settle(walk: Walk, read: Read, bundle: Bundle, partition: int) -> Outcome:
    """What a walk's events lead to, all together; the walk is at its end then."""
    clock = decode_clock(read(clock_key(partition)))
    fresh = [(position, seen) for position, seen in walk.observed if seen.repeat == "none"]
    memories: dict[bytes, bytes] = {}
    assessments: list[Assessment] = []
    drifts: Sequence[DriftEvent] = ()
    if fresh:
        assessments, fused, moved = _judge([seen for _, seen in fresh], walk, read, bundle, partition)
        memories[centroids_key(partition)] = moved
        memories[drift_key(partition)], drifts = _watch(read(drift_key(partition)), fused, assessments, bundle)
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


def _judge(
    seen: Sequence[Observation], walk: Walk, read: Read, bundle: Bundle, partition: int
) -> tuple[list[Assessment], Fused, bytes]:
    """Score observed payments; the accounts' alerts and the partition's centres move on."""
    # Whoever comes next goes through the matrix column by column.
    rows = np.asfortranarray(feature_matrix([observation.row for observation in seen]))
    centroids = read(centroids_key(partition))
    causes = causes_of(rows, bundle)
    scores, moved = detect(rows, None if centroids is None else decode_centroids(centroids), bundle, causes)
    fused = fuse(scores, rows, bundle, causes)
    return conclude(seen, rows, scores, fused, bundle, walk.accounts), fused, encode_centroids(moved)


def _watch(
    memory: bytes | None, fused: Fused, assessments: Sequence[Assessment], bundle: Bundle
) -> tuple[bytes, Sequence[DriftEvent]]:
    """Feed the partition's drift detectors; live payments and backfilled ones alike.

    Strangeness of accounts that are not mature is left out: they grow less strange as they become known, and a
    partition that starts with nothing would look as if its traffic had changed.
    """
    mature = np.array([a.maturity == "mature" for a in assessments])
    after, drifts = observe_drift(
        None if memory is None else decode_drift(memory),
        np.where(mature[:, None], fused.tails, np.nan),
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
