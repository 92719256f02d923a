"""Facts about the approximate split of forest and k-means."""

import numpy as np
import pytest

from detectors.explanation.exact import feature_row
from detectors.explanation.split import LEAST_SHARE, MOST_SHARES, splits_of
from detectors.features import FEATURES
from detectors.isolation_forest import isolation
from tests.unit.detectors.explanation.alerts import BUNDLES, riskiest


@pytest.mark.parametrize("kind", BUNDLES)
def test_forest_and_k_means_are_split_and_no_other_detector(kind: str) -> None:
    bundle = BUNDLES[kind]()
    rows = np.concatenate([feature_row(assessment) for assessment in riskiest(kind)])
    named = {split.detector for splits in splits_of(rows, bundle) for split in splits}
    assert named == {"kmeans", "isolation_forest"}


@pytest.mark.parametrize("kind", BUNDLES)
def test_shares_are_of_the_detectors_own_features_and_no_more_than_all(kind: str) -> None:
    bundle = BUNDLES[kind]()
    columns = {"kmeans": bundle.clusters.columns, "isolation_forest": bundle.forest.columns}
    for assessment in riskiest(kind):
        for split in splits_of(feature_row(assessment), bundle)[0]:
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
    (of_clusters,) = [split for split in splits_of(row[None], bundle)[0] if split.detector == "kmeans"]
    assert [(each.feature, each.share) for each in of_clusters.features] == [(FEATURES[place], 1.0)]


def test_where_nothing_is_strange_nothing_is_split() -> None:
    bundle = BUNDLES["probability"]()
    assert splits_of(bundle.background.typical[None], bundle) == [()]


def test_what_is_missing_has_no_share() -> None:
    bundle = BUNDLES["probability"]()
    row = feature_row(riskiest("probability")[0])[0]
    row[bundle.forest.columns] = np.nan
    assert "isolation_forest" not in {split.detector for split in splits_of(row[None], bundle)[0]}


@pytest.mark.parametrize("kind", BUNDLES)
def test_what_is_said_of_a_row_does_not_depend_on_the_others(kind: str) -> None:
    bundle = BUNDLES[kind]()
    rows = np.concatenate([feature_row(assessment) for assessment in riskiest(kind)])
    assert splits_of(rows, bundle) == [splits_of(row[None], bundle)[0] for row in rows]


@pytest.mark.parametrize("kind", BUNDLES)
def test_every_feature_that_lowers_the_score_has_its_share(kind: str) -> None:
    """One row after the other, one column after the other, with the detectors themselves."""
    bundle = BUNDLES[kind]()
    for assessment in riskiest(kind)[:5]:
        row = feature_row(assessment)[0]
        expected: dict[str, float] = {}
        for place in bundle.forest.columns.tolist():
            changed = row.copy()
            if not np.isnan(row[place]):
                changed[place] = bundle.background.typical[place]
            before, after = isolation(np.asfortranarray([row, changed]), bundle.forest).tolist()
            expected[FEATURES[place]] = max(before - after, 0.0)
        total = sum(expected.values())
        found = {split.detector: split.features for split in splits_of(row[None], bundle)[0]}
        told = {each.feature: each.share for each in found.get("isolation_forest", ())}
        assert told == pytest.approx({name: expected[name] / total for name in told})
        assert (
            sum(fall / total >= LEAST_SHARE for fall in expected.values()) == len(told) or len(told) == MOST_SHARES
        )
