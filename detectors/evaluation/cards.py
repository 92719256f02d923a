"""Card precision: of the accounts that look worst on a day, how many were defrauded that day.

The definition of the Fraud Detection Handbook (Le Borgne, Siblini, Lebichot and Bontempi, 2022, chapter 4).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.evaluation.scored import DAY, Scored

CARDS: Final = 100
"""The handbook's k: accounts that can be looked at in a day."""


def daily_card_precision(scored: Scored, cards: int = CARDS) -> list[float]:
    """Share of frauds among the `cards` worst accounts of each UTC day with at least as many accounts.

    Accounts are ranked by their highest score of the day, equal ones by their code. An account counts as found if
    it has a fraud that day, and then takes no part in later days of the set. Only labelled payments take part.
    """
    known = scored.where(np.flatnonzero(scored.labelled))
    if not known.frauds.any():
        return []
    days = known.time // DAY
    starts = np.flatnonzero(np.diff(days, prepend=days[0] - 1))
    found: set[int] = set()
    precisions = []
    for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(days)], strict=True):
        day = slice(start, end)
        accounts, worst, hit = _by_account(known.account[day], known.score[day], known.frauds[day])
        left = np.array([code not in found for code in accounts.tolist()])
        accounts, worst, hit = accounts[left], worst[left], hit[left]
        if len(accounts) < cards:
            continue
        detected = np.lexsort((accounts, -worst))[:cards]
        detected = detected[hit[detected]]
        precisions.append(len(detected) / cards)
        found.update(accounts[detected].tolist())
    return precisions


def _by_account(
    account: NDArray[np.int32], score: NDArray[np.float64], frauds: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.bool_]]:
    """Codes (a,), highest scores (a,) and whether there is a fraud (a,), from (n,) payments."""
    order = np.argsort(account, kind="stable")
    codes, starts = np.unique(account[order], return_index=True)
    return codes, np.maximum.reduceat(score[order], starts), np.logical_or.reduceat(frauds[order], starts)
