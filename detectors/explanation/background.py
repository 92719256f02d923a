"""What ordinary traffic looks like: the sample of feature rows in a bundle that a payment is compared with."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Background:
    """Reference traffic of the training window, in d feature columns."""

    rows: NDArray[np.float64]
    """(m, d) rows chosen at random, in event-time order; NaN is missing."""
    typical: NDArray[np.float64]
    """(d,) median of what is present in each column of all reference rows, 0 where nothing is."""
