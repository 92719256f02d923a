"""What frauds that became known add to a rarity: the noisy-or of a rare payment and of a merchant with frauds.

Nothing here is fitted to labels. Both causes are turned into a chance; the chance that at least one of them holds
is 1 - (1 - rare)(1 - merchant), and its log-survival, -ln(1 - chance), is the sum of the causes' own.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.features import FEATURES

PRIOR: Final = 0.005
"""Share of payments that is fraud before anything is known: a few in a thousand. The best of .001 to .005 on
labelled weeks before the test weeks."""
MERCHANT_CAUSES: Final = ("merchant_run", "merchant_risk_1d")
"""Their mean is the merchant's chance: frauds against the payments after them that nobody complained about, and
the share of frauds in a day."""
_COLUMNS: Final = tuple(FEATURES.index(name) for name in MERCHANT_CAUSES)
_CERTAIN: Final = 1.0 - 1e-9  # keeps every log-survival finite


def rare(strange: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-survival of the chance that a payment is fraud for being rare: (n,), from its strangeness, -ln(tail).

    If a share PRIOR of traffic is strange fraud, then of the payments at least this strange PRIOR / (PRIOR + tail)
    are; the share *at* this strangeness is the derivative, its square.
    """
    share = PRIOR / (PRIOR + np.exp(-strange))
    return _log_survival(share * share)


def merchant(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-survival of the chance that a payment is fraud for its merchant's frauds: (n,); 0 where unknown."""
    chance = np.zeros(len(rows), dtype=np.float64)
    for column in _COLUMNS:
        chance += np.where(np.isnan(rows[:, column]), 0.0, rows[:, column])
    return _log_survival(chance / len(_COLUMNS))


def _log_survival(chance: NDArray[np.float64]) -> NDArray[np.float64]:
    survival: NDArray[np.float64] = -np.log1p(-np.minimum(chance, _CERTAIN))
    return survival
