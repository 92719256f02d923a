"""Facts about the approximate split of forest and k-means."""

import numpy as np
import pytest

from detectors.explanation.exact import feature_row
from detectors.explanation.split import splits_of
from detectors.features import FEATURES
from tests.unit.detectors.explanation.alerts import BUNDLES, riskiest


@pytest.mark.parametrize("kind", BUNDLES)
def test_forest_and_k_means_are_split_and_no_other_detector(kind: str) -> None:
    bundle = BUNDLES[kind]()
    rows = [feature_row(assessment)[0] for assessment in riskiest(kind)]
    named = {split.detector for row in rows for split in splits_of(row, bundle)}
    assert named == {"kmeans", "isolation_forest"}


@pytest.mark.parametrize("kind", BUNDLES)
def test_shares_are_of_the_detectors_own_features_and_no_more_than_all(kind: str) -> None:
    bundle = BUNDLES[kind]()
    columns = {"kmeans": bundle.clusters.columns, "isolation_forest": bundle.forest.columns}
    for assessment in riskiest(kind):
        for split in splits_of(feature_row(assessment)[0], bundle):
            shares = [each.share for each in split.features]
            assert shares == sorted(shares, reverse=True)
            assert 0.0 < sum(shares) <= 1.0 + 1e-12
            assert {each.feature for each in split.features} <= {
                FEATURES[place] for place in columns[split.detector]
            }


def test_the_one_feature_that_is_strange_has_the_whole_share() -> None:
    bundle = BUNDLES["probability"]()
    row = bundle.background.typical.copy()
    place = int(bundle.clusters.columns[0])
    row[place] += 6.0 * float(bundle.clusters.scale[0])
    (of_clusters,) = [split for split in splits_of(row, bundle) if split.detector == "kmeans"]
    assert [(each.feature, each.share) for each in of_clusters.features] == [(FEATURES[place], 1.0)]


def test_where_nothing_is_strange_nothing_is_split() -> None:
    bundle = BUNDLES["probability"]()
    assert splits_of(bundle.background.typical, bundle) == ()


def test_what_is_missing_has_no_share() -> None:
    bundle = BUNDLES["probability"]()
    row = feature_row(riskiest("probability")[0])[0]
    row[bundle.forest.columns] = np.nan
    assert "isolation_forest" not in {split.detector for split in splits_of(row, bundle)}
