import hashlib
import io
import pickle
import zipfile

import msgspec
import numpy as np
import pytest

from detectors.bundle import ARRAYS_FILE, MANIFEST_FILE, dumps_bundle, loads_bundle
from detectors.errors import BundleError
from detectors.fusion import fuse
from detectors.panel import detect
from tests.unit.detectors.histories import history, probability_bundle, rarity_bundle, rows


def manifest_with(**changes: object) -> dict[str, bytes]:
    files = dumps_bundle(rarity_bundle())
    content = msgspec.json.decode(files[MANIFEST_FILE]) | changes
    return files | {MANIFEST_FILE: msgspec.json.encode(content)}


@pytest.mark.parametrize("made", [rarity_bundle, probability_bundle])
def test_a_bundle_survives_its_files(made: object) -> None:
    bundle = made()
    files = dumps_bundle(bundle)
    loaded = loads_bundle(files)
    assert dumps_bundle(loaded) == files
    assert loaded.manifest == bundle.manifest
    before = fuse(detect(rows(50), None, bundle)[0], rows(50), bundle)
    after = fuse(detect(rows(50), None, loaded)[0], rows(50), loaded)
    assert before.terms.tobytes() == after.terms.tobytes()


def test_the_version_names_the_content() -> None:
    bundle = rarity_bundle()
    assert len(bundle.version) == 12
    assert bundle.version != probability_bundle().version
    assert bundle.version == msgspec.json.decode(dumps_bundle(bundle)[MANIFEST_FILE])["version"]


def test_files_hold_nothing_that_could_run() -> None:
    with zipfile.ZipFile(io.BytesIO(dumps_bundle(probability_bundle())[ARRAYS_FILE])) as archive:
        assert all(member.date_time == (1980, 1, 1, 0, 0, 0) for member in archive.infolist())
    with np.load(io.BytesIO(dumps_bundle(probability_bundle())[ARRAYS_FILE]), allow_pickle=False) as arrays:
        assert all(arrays[name].dtype.kind in "fi" for name in arrays.files)


def test_pickled_arrays_are_refused() -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return pytest.fail, ("a bundle ran code",)

    buffer = io.BytesIO()
    np.savez(buffer, trap=np.array([Trap()], dtype=object))
    bundle = rarity_bundle()
    checksum = hashlib.sha256(buffer.getvalue()).hexdigest()
    manifest = msgspec.structs.replace(bundle.manifest, arrays_sha256=checksum, version="")
    version = hashlib.sha256(msgspec.json.encode(manifest)).hexdigest()[:12]
    signed = msgspec.json.encode(msgspec.structs.replace(manifest, version=version))
    with pytest.raises(BundleError, match="cannot be read"):
        loads_bundle({MANIFEST_FILE: signed, ARRAYS_FILE: buffer.getvalue()})
    with pytest.raises(BundleError):
        loads_bundle({MANIFEST_FILE: pickle.dumps(1), ARRAYS_FILE: buffer.getvalue()})


@pytest.mark.parametrize("missing", [MANIFEST_FILE, ARRAYS_FILE])
def test_half_a_bundle_is_refused(missing: str) -> None:
    files = dumps_bundle(rarity_bundle())
    del files[missing]
    with pytest.raises(BundleError, match=f"has no {missing}"):
        loads_bundle(files)


def test_a_damaged_array_file_is_refused() -> None:
    files = dumps_bundle(rarity_bundle())
    damaged = bytearray(files[ARRAYS_FILE])
    damaged[len(damaged) // 2] ^= 1
    with pytest.raises(BundleError, match="damaged"):
        loads_bundle(files | {ARRAYS_FILE: bytes(damaged)})


def test_a_changed_manifest_is_refused() -> None:
    with pytest.raises(BundleError, match="changed after training"):
        loads_bundle(manifest_with(provisional=False))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"feature_version": "0"}, "feature version 0"),
        ({"features": ["amount"]}, "feature version"),
        ({"format": 1}, "format 1"),
        ({"counts": "many"}, "does not hold"),
    ],
)
def test_a_bundle_of_another_release_is_refused_with_the_way_to_train_one(
    changes: dict[str, object], words: str
) -> None:
    with pytest.raises(BundleError, match=f"{words}.*riskstream train"):
        loads_bundle(manifest_with(**changes))


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff\xfe"])
def test_a_manifest_that_is_no_json_object_is_refused(text: bytes) -> None:
    with pytest.raises(BundleError, match="riskstream train"):
        loads_bundle(dumps_bundle(rarity_bundle()) | {MANIFEST_FILE: text})


def test_the_manifest_says_what_was_learned_from() -> None:
    manifest = probability_bundle().manifest
    assert manifest.first_event_time == history()[0].event_time
    assert manifest.last_event_time == history()[-1].event_time
    assert manifest.counts.payments == len(history())
    assert manifest.labels_until == history()[-1].event_time
    assert manifest.score_kind == "probability"
    assert manifest.label_source == "made up"
    assert not manifest.weak_logistic
    assert not manifest.provisional
