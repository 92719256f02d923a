"""An online logistic model of river, with delayed labels: predicts each payment, and learns it a week later.

Prequential (Dawid 1984, Gama et al. 2013): nothing is fitted beforehand, and no label is used before it is known.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from river.linear_model import LogisticRegression
from river.optim import SGD
from river.preprocessing import StandardScaler

from benchmarks.quality.payments import Payments
from benchmarks.quality.protocol import DELAY, Split
from detectors.evaluation.scored import DAY

LEARNED_DAYS: Final = 56
"""Of payments up to the end of the training week; it goes on learning while it is tested."""
RATE: Final = 0.005
"""Of the gradient descent; the best of .001 to .05 in test weeks before 2018-07-25, handbook's features."""


def prequential(features: NDArray[np.float64], payments: Payments, weeks: Split) -> NDArray[np.float64]:
    """Probabilities of the evaluated payments, (m,), each from labels known before it; `features` (n, d)."""
    model = StandardScaler() | LogisticRegression(optimizer=SGD(RATE))
    names = [str(column) for column in range(features.shape[1])]
    known = np.searchsorted(payments.time, payments.time[weeks.evaluated] - DELAY, side="right").tolist()
    said = np.empty(len(weeks.evaluated))
    learned = first_learned(payments, weeks)
    for number, (row, until) in enumerate(zip(weeks.evaluated.tolist(), known, strict=True)):
        for values, fraud in zip(features[learned:until].tolist(), payments.fraud[learned:until], strict=True):
            model.learn_one(dict(zip(names, values, strict=True)), bool(fraud))
        learned = max(learned, until)
        said[number] = model.predict_proba_one(dict(zip(names, features[row].tolist(), strict=True)))[True]
    return said


def first_learned(payments: Payments, weeks: Split) -> int:
    """Position of the first payment that is learned from."""
    return int(np.searchsorted(payments.time, weeks.trained_until - LEARNED_DAYS * DAY))
