"""How good the score is when only so many frauds of the training week are known, and the same share of others.

What is never told counts as genuine in training, and speaks against no merchant.
"""

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
HISTORY_DAYS: Final = 38
"""Before the training week, instead of everything, so that six trainings take minutes: as long as the longest
window of delayed labels."""


class KnownFrauds(msgspec.Struct, frozen=True, kw_only=True):
    """Average precision with so many known frauds."""

    asked: int
    known: int
    """Of the training week: as many as asked, or all."""
    ap: float | None
    ap_interval: Interval | None
    score_kind: ScoreKind
    """What training made of them."""


def with_known(payments: Payments, start: int, count: int, seed: int = 0) -> KnownFrauds:
    """Train and test with `count` frauds of the training week known (or all, if there are fewer), and the same
    share of those before and after it."""
    recent = payments.where(slice(int(np.searchsorted(payments.time, start - HISTORY_DAYS * DAY)), None))
    weeks = split(recent, start)
    told = some_frauds(recent, weeks, count)
    found = assessed(recent, weeks, "labelled", told)
    score = found.score[weeks.evaluated]
    measured = evaluated(recent, weeks).figures(score, probability=False, seed=seed)
    return KnownFrauds(
        asked=count,
        known=int(told[weeks.train].sum()),
        ap=measured.figures.ap,
        ap_interval=measured.figures.ap_interval,
        score_kind=found.bundle.manifest.score_kind,
    )


def some_frauds(payments: Payments, weeks: Split, count: int) -> NDArray[np.bool_]:
    """Draw frauds, (n,), as many of the training week as asked; a smaller draw is part of every larger one."""
    lots = np.random.default_rng(SEED).random(len(payments))
    lots[~payments.fraud] = np.inf
    known = int(payments.fraud[weeks.train].sum())
    if count >= known:
        return payments.fraud.copy()
    drawn = np.sort(lots[weeks.train])[:count]
    told: NDArray[np.bool_] = lots <= (drawn[-1] if count else -1.0)
    return told
