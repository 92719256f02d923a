"""What was caught at one alert rate: run by run, then over seeds and kinds. Knows no detector but by its name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.incidents.injection import Injected
from benchmarks.incidents.recall import caught, limit
from benchmarks.incidents.scoring import OURS

Floats = NDArray[np.float64]
OURS_ONLY: Final = ("payments", "given", "alerts", "on_hit")
"""What of an outcome is about the fused score alone, in the order of its fields."""


@dataclass(frozen=True)
class Outcome:
    """What was caught at one alert rate; arrays of (seeds,), one value a run."""

    incidents: dict[str, Floats]
    """Share of incidents with an alert, by detector."""
    payments: Floats
    """Share of injected payments that the fused score alerts; so the next three."""
    given: Floats
    """Share of un-injected payments alerted."""
    alerts: Floats
    """Their number."""
    on_hit: Floats
    """Those of them on an account that an incident hit."""

    @classmethod
    def mean(cls, outcomes: Sequence[Self]) -> Self:
        """Return the mean of several kinds, seed by seed."""
        return cls(
            {name: _mean([each.incidents[name] for each in outcomes]) for name in outcomes[0].incidents},
            *(_mean([getattr(each, name) for each in outcomes]) for name in OURS_ONLY),
        )


def outcome_of(
    told: Injected,
    genuine: NDArray[np.bool_],
    clean: Mapping[str, Floats],
    injected: Mapping[str, Sequence[Floats]],
    rate: float,
) -> Outcome:
    """Return one run's outcome, as arrays of one value.

    Parameters
    ----------
    genuine:
        (n,) which of the payments are un-injected.
    clean:
        Scores of those, by detector.
    injected:
        Scores of each incident's payments, by detector.
    """
    results = {name: caught(clean[name], injected[name], rate) for name in clean}
    alerted = np.flatnonzero(genuine)[clean[OURS] > limit(clean[OURS], rate)]
    hit = {told.payments[index].account_id for index in np.flatnonzero(~genuine).tolist()}
    on_hit = sum(told.payments[index].account_id in hit for index in alerted.tolist())
    return Outcome(
        {name: np.array([result.incidents]) for name, result in results.items()},
        payments=np.array([results[OURS].payments]),
        given=np.array([results[OURS].given]),
        alerts=np.array([float(len(alerted))]),
        on_hit=np.array([float(on_hit)]),
    )


def stacked(runs: Sequence[Outcome]) -> Outcome:
    """Return the outcomes of several runs as one, a value a run."""
    return Outcome(
        {name: np.concatenate([run.incidents[name] for run in runs]) for name in runs[0].incidents},
        *(np.concatenate([getattr(run, name) for run in runs]) for name in OURS_ONLY),
    )


def _mean(arrays: Sequence[Floats]) -> Floats:
    mean: Floats = np.mean(arrays, axis=0)
    return mean
