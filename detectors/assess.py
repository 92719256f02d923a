"""The one path from enriched transactions to assessments: stream, backtest and command line all call `assess`.

It is pure: memories come in through `read` and go out as bytes, and the result does not depend on where a batch
begins or ends, to the bit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from detectors.account import AccountFold, decode_account, encode_account
from detectors.alerting import is_risky
from detectors.assessment import Assessment
from detectors.bundle import Bundle
from detectors.decoding import Rejection
from detectors.drift import DriftEvent, decode_drift, encode_drift
from detectors.drift import observe as observe_drift
from detectors.features import feature_matrix
from detectors.fusion import Fused, fuse
from detectors.kmeans import decode_centroids, encode_centroids
from detectors.masking import mask
from detectors.memory_keys import account_key, centroids_key, drift_key
from detectors.panel import detect
from detectors.transaction import EnrichedTransaction
from detectors.verdict import conclude

Read = Callable[[bytes], bytes | None]
"""Looks up a memory of the partition by its key."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a batch leads to. Indexes are positions in the batch."""

    assessments: Sequence[tuple[int, Assessment]]
    rejections: Sequence[tuple[int, Rejection]]
    """Payments that contradict an earlier one of the same id."""
    duplicates: int
    """Payments sent twice: they were assessed the first time."""
    drifts: Sequence[DriftEvent]
    memories: dict[bytes, bytes]
    """Every memory the batch touched, by key."""


def assess(batch: Sequence[EnrichedTransaction], read: Read, bundle: Bundle, partition: int = 0) -> Outcome:
    """Assess payments of one partition in order: each is scored on what came before it, and learned afterwards."""
    folds: dict[str, AccountFold] = {}
    observations = [_fold_of(tx.account_id, folds, read).observe(tx, bundle.baseline) for tx in batch]
    rejections = [(i, _conflict(batch[i])) for i, seen in enumerate(observations) if seen.repeat == "conflict"]
    duplicates = sum(seen.repeat == "duplicate" for seen in observations)
    fresh = [index for index, seen in enumerate(observations) if seen.repeat == "none"]
    if not fresh:
        return Outcome((), rejections, duplicates, (), {})

    seen = [observations[index] for index in fresh]
    rows = feature_matrix([observation.row for observation in seen])
    centroids = read(centroids_key(partition))
    scores, moved = detect(rows, None if centroids is None else decode_centroids(centroids), bundle)
    fused = fuse(scores, rows, bundle)
    assessments = conclude(seen, rows, scores, fused, bundle, folds)

    memories = {account_key(account): encode_account(work.close()) for account, work in folds.items()}
    memories[centroids_key(partition)] = encode_centroids(moved)
    memories[drift_key(partition)], drifts = _watch(read(drift_key(partition)), fused, assessments, bundle)
    return Outcome(list(zip(fresh, assessments, strict=True)), rejections, duplicates, drifts, memories)


def _fold_of(account_id: str, folds: dict[str, AccountFold], read: Read) -> AccountFold:
    """Return the working copy of an account's memory, opened when its first payment in the batch comes by."""
    work = folds.get(account_id)
    if work is None:
        data = read(account_key(account_id))
        work = folds[account_id] = AccountFold(None if data is None else decode_account(data))
    return work


def _watch(
    memory: bytes | None, fused: Fused, assessments: Sequence[Assessment], bundle: Bundle
) -> tuple[bytes, Sequence[DriftEvent]]:
    """Feed the partition's drift detectors; live payments and backfilled ones alike."""
    after, drifts = observe_drift(
        None if memory is None else decode_drift(memory),
        fused.tails,
        np.array([bool(a.degraded) for a in assessments]),
        np.array([is_risky(a.risk_level) for a in assessments]),
        [a.event_time for a in assessments],
        bundle.version,
    )
    return encode_drift(after), drifts


def _conflict(transaction: EnrichedTransaction) -> Rejection:
    return Rejection(
        "CONFLICTING_DUPLICATE",
        f"transaction {mask(transaction.transaction_id)} of account {mask(transaction.account_id)} was sent"
        " before with other content; a correction needs a transaction_id of its own",
        "transaction_id",
    )
