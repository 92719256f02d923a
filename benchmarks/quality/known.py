"""How good the score is when only so many frauds of the training week are known, and no other fraud ever is."""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.figures import evaluated
from benchmarks.quality.ours import assessed
from benchmarks.quality.payments import Payments
from benchmarks.quality.protocol import Split, split
from detectors.assessment import ScoreKind
from detectors.evaluation.ranking import Interval
from detectors.evaluation.scored import DAY

COUNTS: Final = (0, 25, 50, 100, 300, 600)
SEED: Final = 0
HISTORY_DAYS: Final = 14
"""Before the training week, instead of everything, so that six trainings take minutes: every window is full by the
test week, and the figures compare with each other, not with those of the whole history."""


class KnownFrauds(msgspec.Struct, frozen=True, kw_only=True):
    """Average precision with so many known frauds; frauds that nobody knows count as genuine in training."""

    asked: int
    known: int
    """As many as asked, or all of the training week."""
    ap: float | None
    ap_interval: Interval | None
    score_kind: ScoreKind
    """What training made of them."""


def with_known(payments: Payments, start: int, count: int, seed: int = 0) -> KnownFrauds:
    """Train and test with `count` frauds of the training week known (or all, if there are fewer)."""
    recent = payments.where(slice(int(np.searchsorted(payments.time, start - HISTORY_DAYS * DAY)), None))
    weeks = split(recent, start)
    told = some_frauds(recent, weeks, count)
    found = assessed(recent, weeks, "labelled", told)
    score = found.score[weeks.evaluated]
    measured = evaluated(recent, weeks).figures(score, probability=False, seed=seed)
    return KnownFrauds(
        asked=count,
        known=int(told.sum()),
        ap=measured.figures.ap,
        ap_interval=measured.figures.ap_interval,
        score_kind=found.bundle.manifest.score_kind,
    )


def some_frauds(payments: Payments, weeks: Split, count: int) -> NDArray[np.bool_]:
    """Draw frauds of the training week, (n,); a smaller draw is part of every larger one."""
    frauds = np.flatnonzero(payments.fraud[weeks.train]) + weeks.train.start
    told = np.zeros(len(payments), dtype=np.bool_)
    told[np.random.default_rng(SEED).permutation(frauds)[:count]] = True
    return told
