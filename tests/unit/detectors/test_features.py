import math
from pathlib import Path

import numpy as np

from detectors.account import AccountFold
from detectors.baseline import fit_baseline
from detectors.features import FEATURES, feature_matrix
from tests.unit.detectors.payments import payment

_DOCS = Path(__file__).parents[3] / "docs" / "features.md"


def test_every_feature_is_documented_once_and_in_order() -> None:
    rows = [line.split("`")[1] for line in _DOCS.read_text().splitlines() if line.startswith("| `")]
    assert tuple(rows) == FEATURES


def test_a_row_has_a_value_for_every_feature() -> None:
    tx = payment()
    observation = AccountFold().observe(tx, fit_baseline([tx]))
    assert len(observation.row) == len(FEATURES)


def test_the_matrix_is_rounded_and_keeps_what_is_missing() -> None:
    matrix = feature_matrix([[1 / 3] * len(FEATURES), [math.nan] * len(FEATURES)])
    assert matrix.dtype == np.float64
    assert matrix[0].tolist() == [0.333333] * len(FEATURES)
    assert np.isnan(matrix[1]).all()


def test_rounding_a_matrix_again_changes_nothing() -> None:
    rows = np.random.default_rng(0).normal(scale=1e3, size=(50, len(FEATURES)))
    once = feature_matrix(rows.tolist())
    assert (feature_matrix(once.tolist()) == once).all()


def test_no_rows_make_an_empty_matrix() -> None:
    assert feature_matrix([]).shape == (0, len(FEATURES))
