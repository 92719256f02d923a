"""Two ways to explain one row by LIME, ours and the stock one, on the same function: what each leads with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from lime.lime_tabular import LimeTabularExplainer
from numpy.typing import NDArray

from detectors.bundle import Bundle
from detectors.explanation.explanation import ASKED, SHOWN
from detectors.explanation.local import explain_locally, outputs_of
from detectors.features import FEATURES

STOCK_SAMPLES: Final = 5000
"""The default of `explain_instance`."""


@dataclass(frozen=True)
class Explained:
    """What one run says of one row."""

    r2: float
    r2_probability: float | None
    leading: tuple[int, ...]
    """The places of the features that are shown, the leading one first."""


Explainer = Callable[[NDArray[np.float64], int], Explained]
"""Explains a row, (d,), with a seed."""


def ours(bundle: Bundle, samples: int) -> Explainer:
    """What the product does, both views of it."""

    def explain(row: NDArray[np.float64], seed: int) -> Explained:
        fused = explain_locally(row, bundle, seed=seed, samples=samples).fused
        return Explained(fused.r2, fused.r2_probability, tuple(place for place, _ in fused.weights[:SHOWN]))

    return explain


def stock(bundle: Bundle, **changes: Any) -> Explainer:
    """`LimeTabularExplainer` with its defaults (quartiles, 5,000 samples), but for `changes`.

    It does not take a missing value: there it is given the typical one. It asks its data for what is usual, so a
    fresh one is made for each seed, and making it counts.
    """
    background = np.where(np.isnan(bundle.background.rows), bundle.background.typical, bundle.background.rows)

    def explain(row: NDArray[np.float64], seed: int) -> Explained:
        missing = np.isnan(row)
        made = LimeTabularExplainer(
            background, mode="regression", feature_names=FEATURES, random_state=seed, **changes
        ).explain_instance(
            np.where(missing, bundle.background.typical, row),
            lambda rows: outputs_of(np.where(missing, np.nan, rows), bundle).fused,
            num_features=ASKED,
            num_samples=STOCK_SAMPLES,
        )
        return Explained(float(made.score), None, tuple(int(place) for place, _ in made.local_exp[1][:SHOWN]))

    return explain
