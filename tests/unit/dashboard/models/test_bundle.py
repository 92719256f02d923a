from dashboard.models.bundle import view_of
from detectors.thresholds import MATURITIES
from tests.unit.detectors.histories import probability_bundle, rarity_bundle

MANIFEST = probability_bundle().manifest


def test_the_manifest_is_told() -> None:
    view = view_of(MANIFEST)
    assert (view.version, view.score_kind, view.why) == (MANIFEST.version, "probability", MANIFEST.why)
    assert (view.counts, view.budgets, view.features) == (MANIFEST.counts, MANIFEST.budgets, MANIFEST.features)
    assert [one.weight for one in view.weights] == list(MANIFEST.fusion.weights)


def test_each_maturity_has_three_thresholds() -> None:
    view = view_of(MANIFEST)
    assert [(one.maturity, one.level) for one in view.thresholds] == [
        (maturity, level) for maturity in MATURITIES for level in ("medium", "high", "critical")
    ]
    mature = [one for one in view.thresholds if one.maturity == "mature"]
    assert [one.score for one in mature] == [
        MANIFEST.thresholds.mature.medium,
        MANIFEST.thresholds.mature.high,
        MANIFEST.thresholds.mature.critical,
    ]


def test_a_threshold_is_told_with_the_nearest_point_that_was_measured_on_its_maturity() -> None:
    for one in view_of(MANIFEST).thresholds:
        points = MANIFEST.operating_points.get(one.maturity, ())
        if not points:
            assert one.measured is None
            continue
        assert one.measured in points
        assert abs(one.measured.score - one.score) == min(abs(point.score - one.score) for point in points)


def test_operating_points_rise_by_share() -> None:
    shares = [point.share for point in view_of(MANIFEST).operating_points]
    assert shares
    assert shares == sorted(shares)


def test_without_labels_nothing_was_measured() -> None:
    view = view_of(rarity_bundle().manifest)
    assert view.operating_points == ()
    assert {one.measured for one in view.thresholds} == {None}
