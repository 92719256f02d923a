"""The handbook's published models with its settings, fitted again on its features.

A harness that gives the published figures measures what the handbook measured. Chapter 3, "Baseline fraud
detection system"; its shared functions scale every column, the binary ones too.
"""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier

from benchmarks.quality.payments import Payments
from benchmarks.quality.protocol import Split

DIGITS: Final = 3
PUBLISHED_START: Final = date(2018, 7, 25)


class Published(msgspec.Struct, frozen=True):
    """Figures as the handbook rounds them."""

    auc: float
    ap: float
    cp100: float


PUBLISHED: Final = {
    "logistic_regression": Published(0.871, 0.606, 0.291),
    "decision_tree_depth_2": Published(0.763, 0.496, 0.241),
    "decision_tree": Published(0.788, 0.309, 0.243),
    "random_forest": Published(0.867, 0.658, 0.287),
    "xgboost": Published(0.862, 0.639, 0.273),
}
"""Of training start `PUBLISHED_START`."""

MODELS: Final[dict[str, Callable[[], Any]]] = {
    "logistic_regression": lambda: LogisticRegression(random_state=0),
    "decision_tree_depth_2": lambda: DecisionTreeClassifier(max_depth=2, random_state=0),
    "decision_tree": lambda: DecisionTreeClassifier(random_state=0),
    "random_forest": lambda: RandomForestClassifier(random_state=0),
    # The release of the time: exact splits, and no base score taken from the share of frauds.
    "xgboost": lambda: XGBClassifier(random_state=0, n_jobs=1, tree_method="exact", base_score=0.5),
}


def as_published(ap: float | None, auc: float | None, cp100: float | None) -> Published:
    """Return figures rounded as the handbook does; NaN where there are none."""
    auc, ap, cp100 = (float("nan") if value is None else round(value, DIGITS) for value in (auc, ap, cp100))
    return Published(auc, ap, cp100)


def reproduce(
    features: NDArray[np.floating[Any]], payments: Payments, weeks: Split
) -> dict[str, NDArray[np.float64]]:
    """Fit each model on the training week and return its probabilities of the evaluated payments.

    `features` are those of all n payments, (n, d).
    """
    # Trees break ties by the order of rows, which in the handbook is that of the ids.
    train = np.arange(weeks.train.start, weeks.train.stop)
    train = train[np.argsort(payments.identifier[train], kind="stable")]
    scaler = StandardScaler().fit(features[train])
    seen, asked = scaler.transform(features[train]), scaler.transform(features[weeks.evaluated])
    return {
        name: make().fit(seen, payments.fraud[train]).predict_proba(asked)[:, 1] for name, make in MODELS.items()
    }
