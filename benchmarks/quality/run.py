"""Runs one training week: deals the work to processes, and measures what comes back."""

import os
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.boosters import BOOSTERS, Tuned
from benchmarks.quality.handbook import handbook_features
from benchmarks.quality.jobs import (
    FeatureSet,
    Run,
    Said,
    assess_knowing,
    assess_with,
    fit_published,
    fit_usual,
    learn_online,
    tune_booster,
)
from benchmarks.quality.known import COUNTS, KnownFrauds
from benchmarks.quality.ours import KINDS, Kind

MOST_PROCESSES: Final = 4
"""Each holds a history in memory: two gigabytes for a million payments."""
PREFIX: Final[dict[FeatureSet, str]] = {"handbook": "handbook_", "ours": ""}

P = ParamSpec("P")
T = TypeVar("T")
Progress = Callable[[str], None]
"""Is told what is done."""


@dataclass(frozen=True, eq=False)
class Results:
    """What everybody says, before anything is measured."""

    said: dict[Kind, Said]
    published: dict[str, NDArray[np.float64]]
    """By model, (m,) as all below: of the evaluated payments."""
    usual: dict[str, NDArray[np.float64]]
    boosters: dict[str, Tuned]
    river: dict[str, NDArray[np.float64]]
    known: tuple[KnownFrauds, ...]


def workers() -> ProcessPoolExecutor:
    """Processes of one thread each: the libraries' own threads stand in each other's way on few cores."""
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    count = max(1, min(MOST_PROCESSES, os.cpu_count() or 1))
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"))


def run_week(transactions: Path, start: int, scratch: Path, pool: ProcessPoolExecutor, told: Progress) -> Results:
    """Do everything of one training week; `scratch` is an empty directory."""
    run = Run(transactions, start, scratch)
    np.save(scratch / "handbook.npy", handbook_features(run.payments))
    tasks = _Tasks(pool, told)
    labelled = tasks.start("our score, labelled", assess_with, run, "labelled")
    others: dict[Kind, Future[Said]] = {
        kind: tasks.start(f"our score, {kind}", assess_with, run, kind) for kind in KINDS if kind != "labelled"
    }
    published = tasks.start("the published models", fit_published, run)
    handbook = _Compared(tasks, run, "handbook")
    known = [tasks.start(f"{count} frauds known", assess_knowing, run, count) for count in COUNTS]
    said: dict[Kind, Said] = {"labelled": labelled.result()}
    ours = _Compared(tasks, run, "ours")  # needs the features that the labelled run has left
    said |= {kind: future.result() for kind, future in others.items()}
    return Results(
        said=said,
        published=published.result(),
        usual=handbook.usual() | ours.usual(),
        boosters=handbook.boosters() | ours.boosters(),
        river=handbook.river() | ours.river(),
        known=tuple(future.result() for future in known),
    )


class _Tasks:
    """Hands work to the pool, and tells when a piece is done."""

    def __init__(self, pool: ProcessPoolExecutor, told: Progress) -> None:
        self._pool = pool
        self._told = told

    def start(self, name: str, work: Callable[P, T], *given: P.args, **named: P.kwargs) -> Future[T]:
        """Hand over a piece of work."""
        future = self._pool.submit(work, *given, **named)
        future.add_done_callback(lambda done: self._told(name) if not done.cancelled() else None)
        return future


class _Compared:
    """The models of others on one feature set."""

    def __init__(self, tasks: _Tasks, run: Run, name: FeatureSet) -> None:
        self._prefix = PREFIX[name]
        on = f"on {name} features" if name == "ours" else "on the handbook's features"
        self._boosters = {each: tasks.start(f"{each} {on}", tune_booster, run, each, name) for each in BOOSTERS}
        self._river = tasks.start(f"river {on}", learn_online, run, name)
        self._usual = tasks.start(f"the usual models {on}", fit_usual, run, name)

    def usual(self) -> dict[str, NDArray[np.float64]]:
        """Scores of the usual models."""
        return {self._prefix + name: score for name, score in self._usual.result().items()}

    def boosters(self) -> dict[str, Tuned]:
        """Scores and searches of the boosters."""
        return {self._prefix + name: future.result() for name, future in self._boosters.items()}

    def river(self) -> dict[str, NDArray[np.float64]]:
        """Score of the online model."""
        return {self._prefix + "river": self._river.result()}
