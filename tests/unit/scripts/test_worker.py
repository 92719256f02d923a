"""What `riskstream worker` refuses before it looks for a broker: wrong settings, and bundles that cannot serve."""

import logging
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

from detectors.bundle import ARRAYS_FILE, MANIFEST_FILE
from detectors.features import FEATURE_VERSION
from scripts.main import build
from sinks.bundles import save_bundle
from tests.unit.detectors.histories import rarity_bundle


@pytest.fixture(autouse=True)
def own_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command sets up logging for its whole process, which is ours here."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    monkeypatch.setattr(structlog, "configure", lambda **options: None)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("bundle")
    save_bundle(rarity_bundle(), directory)
    return directory


def start(bundle: Path, **settings: str) -> Result:
    """Start a worker that would find no broker, were it not refused before."""
    environment = {
        "RISKSTREAM_KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "RISKSTREAM_KAFKA_CONNECT_SECONDS": "0.1",
        "RISKSTREAM_BUNDLE": str(bundle),
    }
    return CliRunner().invoke(build(), ["worker"], env=environment | settings, catch_exceptions=False)


def of_another_feature_version(bundle: Path) -> None:
    manifest = bundle / MANIFEST_FILE
    ours = rf'"feature_version":\s*"{FEATURE_VERSION}"'
    text, replaced = re.subn(ours, '"feature_version":"0"', manifest.read_text())
    assert replaced
    manifest.write_text(text)


def with_arrays_cut_short(bundle: Path) -> None:
    arrays = bundle / ARRAYS_FILE
    arrays.write_bytes(arrays.read_bytes()[:-100])


def with_an_empty_manifest(bundle: Path) -> None:
    (bundle / MANIFEST_FILE).write_text("{}")


@pytest.mark.parametrize("spoil", [of_another_feature_version, with_arrays_cut_short, with_an_empty_manifest])
def test_a_bundle_that_cannot_serve_is_refused_and_says_how_to_train(
    bundle: Path, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    spoilt = tmp_path / "spoilt"
    shutil.copytree(bundle, spoilt)
    spoil(spoilt)
    refused = start(spoilt)
    assert refused.exit_code == 1
    assert refused.stderr.startswith(f"error: {spoilt}: ")
    assert "riskstream train" in refused.stderr


def test_a_missing_bundle_says_how_to_train_one(tmp_path: Path) -> None:
    refused = start(tmp_path)
    assert refused.exit_code == 1
    assert refused.stderr.startswith(f"error: There is no bundle in {tmp_path}. Train one: riskstream train FILE")


def test_a_wrong_setting_is_named_without_its_value_and_is_wrong_usage(bundle: Path) -> None:
    refused = start(bundle, RISKSTREAM_PARTITIONS="s3cret")
    assert refused.exit_code == 2
    assert refused.stderr.startswith("error: RISKSTREAM_PARTITIONS: ")
    assert "s3cret" not in refused.stderr


def test_with_everything_in_order_it_goes_on_to_look_for_a_broker(bundle: Path) -> None:
    refused = start(bundle)
    assert refused.exit_code == 1
    assert "no Kafka broker answers at 127.0.0.1:1" in refused.stderr
