"""Facts about the background that a bundle brings."""

import numpy as np
import pytest

from detectors.bundle import dumps_bundle, loads_bundle
from detectors.features import FEATURES
from detectors.training.build import BACKGROUND_ROWS
from detectors.training.columns import column_medians
from detectors.training.history import feature_history
from tests.unit.detectors.explanation.alerts import BUNDLES
from tests.unit.detectors.histories import history, rarity_bundle


@pytest.mark.parametrize("kind", BUNDLES)
def test_it_is_a_sample_of_the_reference_rows(kind: str) -> None:
    bundle = BUNDLES[kind]()
    background = bundle.background
    reference = bundle.manifest.counts.reference
    assert background.rows.shape == (min(BACKGROUND_ROWS, reference), len(FEATURES))
    assert background.typical.shape == (len(FEATURES),)
    assert np.isfinite(background.typical).all()


def test_its_rows_are_those_of_the_history_in_their_order() -> None:
    rows = feature_history(history(), rarity_bundle().baseline).rows
    known = {row.tobytes(): at for at, row in enumerate(rows)}
    places = [known[row.tobytes()] for row in rarity_bundle().background.rows]
    assert places == sorted(set(places))


def test_what_is_typical_is_the_median_of_all_reference_rows() -> None:
    """Here all of them are in the sample."""
    background = rarity_bundle().background
    assert len(background.rows) == rarity_bundle().manifest.counts.reference
    assert background.typical.tolist() == column_medians(background.rows).tolist()


def test_it_survives_the_files_of_a_bundle() -> None:
    bundle = rarity_bundle()
    loaded = loads_bundle(dumps_bundle(bundle))
    assert loaded.background.rows.tobytes() == bundle.background.rows.tobytes()
    assert loaded.background.typical.tobytes() == bundle.background.typical.tobytes()
