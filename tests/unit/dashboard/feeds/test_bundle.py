from pathlib import Path

from dashboard.feeds.bundle import BundleWatch
from detectors.bundle import MANIFEST_FILE
from sinks.bundles import save_bundle
from tests.unit.detectors.histories import probability_bundle, rarity_bundle


def test_the_bundle_in_use_is_noticed_when_it_comes_changes_and_goes(tmp_path: Path):
    watch = BundleWatch(tmp_path)
    seen = []
    for bundle in (None, rarity_bundle(), probability_bundle()):
        if bundle is not None:
            save_bundle(bundle, tmp_path)
        watch.look()
        shown = watch.snapshot()
        seen.append(None if shown is None else shown["version"])
    assert seen == [None, rarity_bundle().version, probability_bundle().version]
    (tmp_path / MANIFEST_FILE).unlink()
    watch.look()
    assert watch.snapshot() is None


def test_budgets_are_those_of_the_manifest(tmp_path: Path):
    save_bundle(rarity_bundle(), tmp_path)
    watch = BundleWatch(tmp_path)
    watch.look()
    assert watch.snapshot() == {
        "version": rarity_bundle().version,
        "score_kind": "rarity",
        "provisional": rarity_bundle().manifest.provisional,
        "budgets": {"medium": 0.02, "high": 0.005, "critical": 0.001},
    }


def test_a_damaged_bundle_is_none(tmp_path: Path):
    save_bundle(rarity_bundle(), tmp_path)
    (tmp_path / MANIFEST_FILE).write_text("{}")
    watch = BundleWatch(tmp_path)
    watch.look()
    assert watch.snapshot() is None
