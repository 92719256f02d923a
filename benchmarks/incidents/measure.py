"""Tries every setting with every seed: detectors learn from the first half, incidents go into the second."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.incidents.dials import DIALS, IN_OWNERS_CITY, KINDS, LEVELS, MIDDLE, Dial, Kind
from benchmarks.incidents.history import Halves, read_halves
from benchmarks.incidents.injection import inject
from benchmarks.incidents.outcome import Floats, Outcome, outcome_of, stacked
from benchmarks.incidents.report import NEEDED, Report, Setting, targets_of
from benchmarks.incidents.rivals import Scorer, fit_rivals, raw_columns
from benchmarks.incidents.scoring import fit_bundle, score
from benchmarks.incidents.summary import best_rival, population_of, setting_of
from detectors.bundle import Bundle

RATES: Final = tuple(NEEDED)
INCIDENTS: Final = 10
"""A run: few beside the genuine payments, so that detectors which learn while they score are not flooded."""


@dataclass(frozen=True)
class Contest:
    """Everything that was fitted on the first half, and the second half that it is tried on."""

    halves: Halves
    bundle: Bundle
    rivals: Mapping[str, Scorer]
    genuine: Mapping[str, Floats]
    """Each rival's scores of the un-injected second half, (n,): it has no memory, so no incident changes them."""

    def outcomes(self, dial: Dial, stream: int, seeds: int, incidents: int) -> dict[float, Outcome]:
        """Try one setting with every seed; `stream` gives it random numbers of its own."""
        runs = [self._run(dial, np.random.default_rng([seed, stream]), incidents) for seed in range(seeds)]
        return {rate: stacked([run[rate] for run in runs]) for rate in RATES}

    def _run(self, dial: Dial, rng: np.random.Generator, incidents: int) -> dict[float, Outcome]:
        told = inject(self.halves.second, dial, incidents, rng)
        if not told.incidents:
            raise ValueError(f"the file has no place for an incident such as: {dial.words()}")
        at = {payment.transaction_id: index for index, payment in enumerate(told.payments)}
        where = [np.array([at[name] for name in incident]) for incident in told.incidents]
        flat = np.concatenate(where)
        genuine = np.ones(len(told.payments), dtype=np.bool_)
        genuine[flat] = False
        ours = score(told.payments, self.bundle)
        clean = {name: scores[genuine] for name, scores in ours.items()} | dict(self.genuine)
        rows = raw_columns([told.payments[index] for index in flat.tolist()])
        borders = np.cumsum([len(each) for each in where])[:-1]
        injected = {name: [scores[each] for each in where] for name, scores in ours.items()}
        injected |= {name: np.split(rival(rows), borders) for name, rival in self.rivals.items()}
        return {rate: outcome_of(told, genuine, clean, injected, rate) for rate in RATES}


def prepare(path: Path) -> Contest:
    """Read the file and fit everything on its first half."""
    halves = read_halves(path)
    rivals = fit_rivals(raw_columns(halves.first), seed=0)
    rows = raw_columns(halves.second)
    genuine = {name: rival(rows) for name, rival in rivals.items()}
    return Contest(halves, fit_bundle(halves.first), rivals, genuine)


def measure(path: Path, seeds: int, incidents: int = INCIDENTS) -> Report:
    """Measure every setting of every kind, and the control."""
    contest = prepare(path)
    tried = {
        (kind, level): contest.outcomes(dial, number * len(LEVELS) + step, seeds, incidents)
        for number, (kind, dials) in enumerate(DIALS.items())
        for step, (level, dial) in enumerate(zip(LEVELS, dials, strict=True))
    }
    together = {
        level: {rate: Outcome.mean([tried[kind, level][rate] for kind in KINDS]) for rate in RATES}
        for level in LEVELS
    }
    best = {level: {rate: best_rival(contest.rivals, together[level][rate]) for rate in RATES} for level in LEVELS}
    kinds: dict[Kind, dict[str, Setting]] = {
        kind: {
            level: setting_of(contest.rivals, dial.words(), tried[kind, level], best[level])
            for level, dial in zip(LEVELS, DIALS[kind], strict=True)
        }
        for kind in KINDS
    }
    all_kinds = {
        level: setting_of(contest.rivals, "mean of the kinds", together[level], best[level]) for level in LEVELS
    }
    control = contest.outcomes(IN_OWNERS_CITY, len(KINDS) * len(LEVELS), seeds, incidents)
    return Report(
        file=path.name,
        score_kind=contest.bundle.manifest.score_kind,
        first_half=population_of(contest.halves.first),
        second_half=population_of(contest.halves.second),
        seeds=seeds,
        incidents_per_run=incidents,
        kinds=kinds,
        all_kinds=all_kinds,
        travel_control=setting_of(contest.rivals, IN_OWNERS_CITY.words(), control, best[MIDDLE]),
        targets=targets_of(all_kinds),
    )
