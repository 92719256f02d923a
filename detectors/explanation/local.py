"""LIME: a linear model of the detectors around one payment (Ribeiro, Singh and Guestrin, KDD 2016).

Every sample keeps some features as this payment has them and sets the others to what is typical of the background:
"what if this were ordinary?". Of the package `lime` these are its categorical features: each is as it was, or not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.bundle import Bundle
from detectors.explanation.explanation import ASKED
from detectors.features import FEATURES
from detectors.frozen import freeze
from detectors.fusion import exact_score, fuse
from detectors.panel import causes_of, detect_together

SAMPLES: Final = 1000
"""Chosen from the table that `python -m benchmarks.explain` prints; see docs/explanations.md."""
ROWS_AT_ONCE: Final = 250
"""Between two looks at the time."""
_LOGISTIC: Final = 3

Expired = Callable[[], bool]
"""Whether the time for an explanation is over."""


class OverBudget(Exception):
    """There was no time to end it. Never leaves this package."""


@dataclass(frozen=True)
class LocalModel:
    """A linear model of one output around a row."""

    weights: tuple[tuple[int, float], ...]
    """(at most `ASKED`) places in the row and what each adds beyond the typical value, largest |weight| first."""
    intercept: float
    prediction: float
    actual: float
    r2: float
    """Weighted by LIME's kernel, as its `score` is."""
    r2_probability: float


@dataclass(frozen=True)
class LocalViews:
    """Two outputs on the same samples."""

    fused: LocalModel
    logistic: LocalModel | None


@dataclass(frozen=True, eq=False)
class Outputs:
    """What the detectors say of n rows."""

    fused: NDArray[np.float64]
    """(n,) the fused statistic."""
    logistic: NDArray[np.float64]
    """(n,) log-odds; NaN without such a detector."""


def outputs_of(rows: NDArray[np.float64], bundle: Bundle, expired: Expired = lambda: False) -> Outputs:
    """What `assess` would say of feature rows, (n, d), with the centres where training left them.

    Raises OverBudget once `expired` says so.
    """
    frozen, fused, log_odds = freeze(bundle), [], []
    for start in range(0, len(rows), ROWS_AT_ONCE):
        if expired():
            raise OverBudget
        part = np.asfortranarray(rows[start : start + ROWS_AT_ONCE])
        causes = causes_of(part, frozen)
        scores, _ = detect_together(part, [None], [slice(0, len(part))], frozen, causes)
        fused.append(fuse(scores, part, frozen, causes).statistic)
        log_odds.append(scores[:, _LOGISTIC])
    return Outputs(np.concatenate(fused), np.concatenate(log_odds))


def explain_locally(
    row: NDArray[np.float64],
    bundle: Bundle,
    *,
    seed: int,
    samples: int = SAMPLES,
    expired: Expired = lambda: False,
) -> LocalViews:
    """Fit both local models around a feature row, (d,). A feature that is missing stays so and weighs nothing.

    The same row, bundle, seed and number of samples give the same models. Raises OverBudget.
    """
    # Only who explains waits for scikit-learn.
    from lime.lime_tabular import LimeTabularExplainer

    missing = np.isnan(row)
    filled = np.where(missing, bundle.background.typical, row)
    seen: list[tuple[NDArray[np.float64], Outputs]] = []

    def predict(perturbed: NDArray[np.float64]) -> NDArray[np.float64]:
        rows = np.where(missing, np.nan, perturbed)
        seen.append((perturbed, outputs_of(rows, bundle, expired)))
        return seen[-1][1].fused

    # Trained on these two rows alone, it draws each feature from one or the other, with even chances.
    explainer = LimeTabularExplainer(
        np.stack([filled, bundle.background.typical]),
        mode="regression",
        feature_names=FEATURES,
        categorical_features=range(len(FEATURES)),
        discretize_continuous=False,
        random_state=seed,
    )
    made = explainer.explain_instance(filled, predict, num_features=ASKED, num_samples=samples)
    perturbed, outputs = seen[0]
    kept = (perturbed == filled).astype(np.float64)
    distances = np.sqrt(np.sum(kept == 0.0, axis=1))
    kernel = explainer.base.kernel_fn(distances)
    fusion, curve = bundle.manifest.fusion, bundle.statistic
    fused = _model(
        (made.intercept[1], made.local_exp[1], made.score, made.local_pred),
        kept,
        outputs.fused,
        kernel,
        lambda statistic: exact_score(statistic, fusion, curve),
    )
    if bundle.logistic is None:
        return LocalViews(fused, None)
    again = explainer.base.explain_instance_with_data(
        kept, outputs.logistic[:, None], distances, 0, ASKED, feature_selection=explainer.feature_selection
    )
    return LocalViews(fused, _model(again, kept, outputs.logistic, kernel, _chance))


def _model(
    made: tuple[Any, Any, Any, Any],
    kept: NDArray[np.float64],
    actual: NDArray[np.float64],
    kernel: NDArray[np.float64],
    published: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> LocalModel:
    """A local model as `lime` gives it: intercept, coefficients, R2 and the prediction for the row itself."""
    intercept, coefficients, r2, prediction = made
    linear = np.full(len(kept), float(intercept))
    for place, weight in coefficients:
        linear += float(weight) * kept[:, place]
    return LocalModel(
        weights=tuple((int(place), float(weight)) for place, weight in coefficients if weight != 0.0),
        intercept=float(intercept),
        prediction=float(prediction[0]),
        actual=float(actual[0]),
        r2=float(r2),
        r2_probability=_fidelity(published(actual), published(linear), kernel),
    )


def _fidelity(actual: NDArray[np.float64], predicted: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """R2 with weights, all (n,): 1 - what is left of the squares; 1 where there is nothing to tell apart."""
    mean = np.average(actual, weights=weights)
    total = float(np.sum(weights * (actual - mean) ** 2))
    return 1.0 - float(np.sum(weights * (actual - predicted) ** 2)) / total if total > 0.0 else 1.0


def _chance(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    chance: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-np.clip(log_odds, -500.0, 500.0)))
    return chance
