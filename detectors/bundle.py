"""Everything that training hands to serving: one value, and its form as two files.

A bundle is a JSON manifest and numpy arrays. It never holds pickled objects, so that loading one runs no code; it
names its content by hash, so that a changed byte is noticed; the same training yields the same bytes.
"""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.assessment import DETECTORS, ScoreKind
from detectors.baseline import Baseline
from detectors.errors import BundleError
from detectors.explanation.background import Background
from detectors.features import FEATURE_VERSION, FEATURES
from detectors.isolation_forest import Forest
from detectors.kmeans import Clusters
from detectors.logistic import Logistic
from detectors.tails import TailCurve
from detectors.thresholds import Budgets, LevelTable
from detectors.timing import Timing
from detectors.weights import Fusion
from detectors.zscore import Deviations

MANIFEST_FILE: Final = "manifest.json"
ARRAYS_FILE: Final = "arrays.npz"
BUNDLE_FORMAT: Final = 3
RETRAIN: Final = "Train a new one: riskstream train FILE --output DIRECTORY."


Part = TypeVar("Part", Deviations, Clusters, Forest, Logistic, TailCurve, Background)


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How much history the bundle rests on; rows are payments."""

    payments: int
    accounts: int
    warm_up: int
    """The first rows, which only built account memories."""
    fitting: int
    """Rows of the training window."""
    reference: int
    """Those of them that tails, weights, calibration and thresholds come from."""
    labelled: int = 0
    """Rows of the window known to be fraud or genuine: the population that a probability refers to."""
    frauds: int = 0
    inconclusive: int = 0
    """Payments that somebody looked at without a result."""
    young: int = 0
    """Payments whose labels had not had time to arrive."""


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """Platt's two parameters, already folded into the fusion's weights: log-odds = slope x stack + intercept."""

    slope: float
    intercept: float
    rows: int
    frauds: int


class OperatingPoint(msgspec.Struct, frozen=True, kw_only=True):
    """What alerting from this score upwards does to the labelled reference rows."""

    score: float
    share: float
    """Of all payments that reach the score."""
    false_positive_rate: float
    """Of genuine payments that reach it."""
    recall: float
    """Of frauds that reach it."""
    precision: float


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What was learned, from what, and why in this way; readable by people."""

    format: int = BUNDLE_FORMAT
    version: str = ""
    """Twelve hex digits of the SHA-256 over everything else here and the arrays."""
    feature_version: str = FEATURE_VERSION
    features: tuple[str, ...] = FEATURES
    base_currency: str
    seed: int
    first_event_time: datetime
    last_event_time: datetime
    labels_until: datetime
    """Nothing that became known later was used."""
    counts: Counts
    score_kind: ScoreKind
    why: str
    """Why this kind of score, in a sentence."""
    population: str | None = None
    """The payments that a probability refers to, in words; None for a rarity."""
    label_source: str | None = None
    weak_logistic: bool
    """The logistic model was fitted on labels made from the other detectors: for explanation only."""
    fusion: Fusion
    calibration: Calibration | None = None
    budgets: Budgets
    thresholds: LevelTable
    provisional: bool
    """The thresholds rest on fewer than 1,000 reference rows."""
    metrics: dict[str, float] = {}
    """On the reference rows, which the judged detectors had not seen."""
    operating_points: dict[str, tuple[OperatingPoint, ...]] = {}
    """Of all accounts, and by maturity."""
    baseline: Baseline
    timing: Timing = Timing()
    """When the hours of merchants close."""
    arrays_sha256: str = ""


@dataclass(frozen=True, eq=False)
class Bundle:
    """A trained product: the manifest and the models whose arrays go with it."""

    manifest: Manifest
    deviations: Deviations
    clusters: Clusters
    forest: Forest
    logistic: Logistic | None
    tails: tuple[TailCurve | None, TailCurve | None, TailCurve | None, TailCurve | None]
    """Reference tails of the raw scores, in the order of `DETECTORS`."""
    statistic: TailCurve | None
    """Reference tail of the fused statistic; None for a probability."""
    background: Background
    """What explanations compare a payment with; no score depends on it."""

    @property
    def version(self) -> str:
        """Names this bundle and no other."""
        return self.manifest.version

    @property
    def baseline(self) -> Baseline:
        """Segment priors and currency rates that the features are made with."""
        return self.manifest.baseline


def seal(bundle: Bundle) -> Bundle:
    """The same bundle with its version and checksum filled in."""
    sealed = msgspec.json.decode(dumps_bundle(bundle)[MANIFEST_FILE], type=Manifest)
    return replace(bundle, manifest=sealed)


def dumps_bundle(bundle: Bundle) -> dict[str, bytes]:
    """The bundle as files: name to content. The same bundle gives the same bytes."""
    buffer = io.BytesIO()
    # np.savez dates every member 1980-01-01, so the bytes follow from the arrays alone.
    np.savez(buffer, allow_pickle=False, **_collect(bundle))
    arrays = buffer.getvalue()
    manifest = msgspec.structs.replace(bundle.manifest, arrays_sha256=hashlib.sha256(arrays).hexdigest())
    manifest = msgspec.structs.replace(manifest, version=_version(manifest))
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    return {MANIFEST_FILE: text + b"\n", ARRAYS_FILE: arrays}


def loads_bundle(files: Mapping[str, bytes]) -> Bundle:
    """The bundle back from its files; refused with a `BundleError` if damaged or made for other features."""
    for name in (MANIFEST_FILE, ARRAYS_FILE):
        if name not in files:
            raise BundleError(f"The bundle has no {name}. {RETRAIN}")
    manifest = _manifest(files[MANIFEST_FILE])
    if hashlib.sha256(files[ARRAYS_FILE]).hexdigest() != manifest.arrays_sha256:
        raise BundleError(
            f"The bundle's {ARRAYS_FILE} is not the file its manifest names: it is damaged. {RETRAIN}"
        )
    if _version(manifest) != manifest.version:
        raise BundleError(f"The bundle's {MANIFEST_FILE} was changed after training. {RETRAIN}")
    try:
        return _assemble(manifest, _arrays(files[ARRAYS_FILE]))
    except (KeyError, ValueError, TypeError, OSError, zipfile.BadZipFile) as error:
        raise BundleError(f"The bundle's {ARRAYS_FILE} cannot be read ({error}). {RETRAIN}") from error


def _manifest(data: bytes) -> Manifest:
    """The manifest, once this release is known to be able to serve it."""
    try:
        head = msgspec.json.decode(data, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise BundleError(f"The bundle's {MANIFEST_FILE} is not JSON ({error}). {RETRAIN}") from error
    if head.get("format") != BUNDLE_FORMAT:
        raise BundleError(
            f"The bundle has format {head.get('format')}, this release reads {BUNDLE_FORMAT}. {RETRAIN}"
        )
    if head.get("feature_version") != FEATURE_VERSION or head.get("features") != list(FEATURES):
        raise BundleError(
            f"The bundle was trained for feature version {head.get('feature_version')}, this release makes "
            f"{FEATURE_VERSION}. {RETRAIN}"
        )
    try:
        return msgspec.json.decode(data, type=Manifest)
    except msgspec.ValidationError as error:
        raise BundleError(
            f"The bundle's {MANIFEST_FILE} does not hold what it should: {error}. {RETRAIN}"
        ) from error


def _version(manifest: Manifest) -> str:
    """Twelve hex digits over the whole content; the arrays take part through their checksum."""
    unsigned = msgspec.structs.replace(manifest, version="")
    return hashlib.sha256(msgspec.json.encode(unsigned)).hexdigest()[:12]


def _parts(bundle: Bundle) -> dict[str, Any]:
    """Everything that has arrays, by the name its arrays begin with; absent models are left out."""
    parts: dict[str, Any] = {"deviations": bundle.deviations, "clusters": bundle.clusters}
    parts["background"] = bundle.background
    parts |= {"forest": bundle.forest, "logistic": bundle.logistic, "statistic": bundle.statistic}
    parts |= {f"tail_{name}": curve for name, curve in zip(DETECTORS, bundle.tails, strict=True)}
    return {name: part for name, part in parts.items() if part is not None}


def _collect(bundle: Bundle) -> dict[str, NDArray[Any]]:
    """All arrays under "<part>.<field>", plain numbers as arrays of no dimension."""
    return {
        f"{name}.{field.name}": np.asarray(getattr(part, field.name))
        for name, part in _parts(bundle).items()
        for field in fields(part)
    }


def _arrays(data: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of an npz file, refusing anything that would need unpickling."""
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _assemble(manifest: Manifest, arrays: Mapping[str, NDArray[Any]]) -> Bundle:
    """Models from their arrays."""
    present = {name.partition(".")[0] for name in arrays}
    tails = [_part(TailCurve, f"tail_{name}", arrays) if f"tail_{name}" in present else None for name in DETECTORS]
    return Bundle(
        manifest=manifest,
        deviations=_part(Deviations, "deviations", arrays),
        clusters=_part(Clusters, "clusters", arrays),
        forest=_part(Forest, "forest", arrays),
        logistic=_part(Logistic, "logistic", arrays) if "logistic" in present else None,
        tails=(tails[0], tails[1], tails[2], tails[3]),
        statistic=_part(TailCurve, "statistic", arrays) if "statistic" in present else None,
        background=_part(Background, "background", arrays),
    )


def _part(kind: type[Part], name: str, arrays: Mapping[str, NDArray[Any]]) -> Part:
    """One model, its arrays of no dimension as plain numbers again."""
    values: dict[str, Any] = {}
    for field in fields(kind):
        array = arrays[f"{name}.{field.name}"]
        values[field.name] = array if array.ndim else array.item()
    return kind(**values)
