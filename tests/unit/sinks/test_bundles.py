from pathlib import Path

import pytest

from detectors.bundle import ARRAYS_FILE, MANIFEST_FILE, dumps_bundle
from detectors.errors import BundleError
from sinks.bundles import load_bundle, save_bundle
from tests.unit.detectors.histories import probability_bundle, rarity_bundle


def test_a_bundle_survives_the_disk(tmp_path: Path) -> None:
    save_bundle(rarity_bundle(), tmp_path / "bundles" / "current")
    loaded = load_bundle(tmp_path / "bundles" / "current")
    assert dumps_bundle(loaded) == dumps_bundle(rarity_bundle())


def test_saving_replaces_the_bundle_that_was_there_and_leaves_nothing_else(tmp_path: Path) -> None:
    save_bundle(rarity_bundle(), tmp_path)
    save_bundle(probability_bundle(), tmp_path)
    assert load_bundle(tmp_path).version == probability_bundle().version
    assert sorted(path.name for path in tmp_path.iterdir()) == [ARRAYS_FILE, MANIFEST_FILE]


def test_a_missing_bundle_says_how_to_train_one(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"no bundle in .*nowhere.*riskstream train FILE --output .*nowhere"):
        load_bundle(tmp_path / "nowhere")


def test_half_a_bundle_is_refused(tmp_path: Path) -> None:
    save_bundle(rarity_bundle(), tmp_path)
    (tmp_path / ARRAYS_FILE).unlink()
    with pytest.raises(BundleError, match=r"arrays.npz cannot be read.*riskstream train"):
        load_bundle(tmp_path)


def test_files_of_two_bundles_are_refused(tmp_path: Path) -> None:
    """What a reader could see between the two renames of a save."""
    save_bundle(rarity_bundle(), tmp_path)
    (tmp_path / ARRAYS_FILE).write_bytes(dumps_bundle(probability_bundle())[ARRAYS_FILE])
    with pytest.raises(BundleError, match="damaged"):
        load_bundle(tmp_path)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BundleError, match=r"cannot be written to .*file"):
        save_bundle(rarity_bundle(), tmp_path / "file")
