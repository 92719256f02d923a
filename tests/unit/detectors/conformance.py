"""What every detector must do, whatever it is made of: one suite, run over all of them.

A new detector joins by being listed in `detectors_of`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from detectors.bundle import Bundle
from detectors.features import FEATURES
from detectors.isolation_forest import isolation
from detectors.kmeans import decode_centroids, encode_centroids, score_and_learn
from detectors.logistic import logistic
from detectors.zscore import zscore

Rows = NDArray[np.float64]
Step = Callable[[Rows, bytes | None], tuple[Rows, bytes | None]]
ODD = {"amount_z": 9.0, "amount_ratio": 3.0, "max_amount_z_7d": 9.0, "gap_z": 6.0, "login_attempts": 2.4}
ODD_TOO = {"login_attempts_z": 9.0, "log_amount": 9.0, "velocity_ratio": 3.0, "balance_share_z": 6.0}


@dataclass(frozen=True)
class Subject:
    """A detector under test: scores rows and moves its memory on, both through their public forms."""

    name: str
    step: Step


def detectors_of(bundle: Bundle) -> list[Subject]:
    model = bundle.logistic
    assert model is not None

    def kmeans(rows: Rows, memory: bytes | None) -> tuple[Rows, bytes | None]:
        before = None if memory is None else decode_centroids(memory)
        distances, after = score_and_learn(rows, before, bundle.clusters)
        return distances, encode_centroids(after)

    return [
        Subject("zscore", lambda rows, _: (zscore(rows, bundle.deviations), None)),
        Subject("kmeans", kmeans),
        Subject("isolation_forest", lambda rows, _: (isolation(rows, bundle.forest), None)),
        Subject("logistic", lambda rows, _: (logistic(rows, model), None)),
    ]


def is_finite_or_silent(subject: Subject, rows: Rows) -> None:
    scores, _ = subject.step(rows, None)
    assert scores.shape == (len(rows),)
    assert scores.dtype == np.float64
    assert not np.isinf(scores).any()


def speaks_of_complete_rows(subject: Subject, rows: Rows) -> None:
    scores, _ = subject.step(np.nan_to_num(rows), None)
    assert np.isfinite(scores).all()


def finds_an_outlier_stranger(subject: Subject, rows: Rows) -> None:
    usual = np.nanmedian(np.where(np.isnan(rows), 0.0, rows), axis=0)
    odd = usual.copy()
    for name, value in {**ODD, **ODD_TOO}.items():
        odd[FEATURES.index(name)] = value
    scores, _ = subject.step(np.stack([usual, odd]), None)
    assert scores[1] > scores[0]


def is_deterministic(subject: Subject, rows: Rows) -> None:
    first, memory = subject.step(rows, None)
    second, again = subject.step(rows, None)
    assert first.tobytes() == second.tobytes()
    assert memory == again


def leaves_its_input_alone(subject: Subject, rows: Rows) -> None:
    before = rows.tobytes()
    _, memory = subject.step(rows, None)
    kept = None if memory is None else bytes(memory)
    subject.step(rows, memory)
    assert rows.tobytes() == before
    assert memory == kept


def does_not_depend_on_batches(subject: Subject, rows: Rows, cuts: list[int]) -> None:
    """Bit by bit the same scores and memory, wherever a batch ends; the memory passes through its bytes."""
    whole, memory = subject.step(rows, None)
    parts, moved = [], None
    borders = [0, *sorted(cuts), len(rows)]
    for start, end in pairwise(borders):
        scores, moved = subject.step(rows[start:end], moved)
        parts.append(scores)
    assert np.concatenate(parts).tobytes() == whole.tobytes()
    assert moved == memory


CHECKS: tuple[Callable[[Subject, Rows], None], ...] = (
    is_finite_or_silent,
    speaks_of_complete_rows,
    finds_an_outlier_stranger,
    is_deterministic,
    leaves_its_input_alone,
)
