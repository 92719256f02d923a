"""What a worker needs before it starts, each with what it says and how it ends when that is missing."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, NewPartitions

from detectors.bundle import MANIFEST_FILE
from stream.topics import ALERTS
from tests.pipeline.cluster import Cluster

pytestmark = pytest.mark.timeout(60)
SECONDS = 20.0


def refusal(cluster: Cluster, code: int = 1, **environment: str) -> str:
    """Start a worker that must end with `code`, and return what it said: one line, without a traceback."""
    with cluster.start_worker(**environment) as worker:
        assert worker.exit_code(SECONDS) == code
        said = worker.log_text()
    assert "Traceback" not in said
    assert "health server" not in said
    return said


def test_without_a_broker_it_waits_and_gives_up(cluster: Cluster) -> None:
    said = refusal(cluster, RISKSTREAM_KAFKA_BOOTSTRAP="127.0.0.1:1", RISKSTREAM_KAFKA_CONNECT_SECONDS="1")
    assert said == (
        "error: no Kafka broker answers at 127.0.0.1:1 (waited 1 s): start it, or set RISKSTREAM_KAFKA_BOOTSTRAP\n"
    )


def test_missing_topics_are_named_with_the_command_that_makes_them(cluster: Cluster) -> None:
    said = refusal(cluster, RISKSTREAM_APP_ID="somebody-else")
    assert said == ("error: topic somebody-else-memories-changelog is missing: run `riskstream create-topics`\n")


def test_topics_with_another_number_of_partitions_are_refused(cluster: Cluster) -> None:
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
    for answer in admin.create_partitions([NewPartitions(ALERTS, 5)]).values():
        answer.result(10)
    assert "topic alerts has 5 partitions, 4 are expected" in refusal(cluster)


def test_a_wrong_setting_is_named_and_is_wrong_usage(cluster: Cluster) -> None:
    said = refusal(cluster, code=2, RISKSTREAM_PARTITIONS="many")
    assert said.startswith("error: RISKSTREAM_PARTITIONS: ")
    assert "many" not in said


def test_a_missing_bundle_says_how_to_train_one(cluster: Cluster, tmp_path: Path) -> None:
    said = refusal(cluster, RISKSTREAM_BUNDLE=str(tmp_path / "none"))
    assert said.startswith(f"error: There is no bundle in {tmp_path / 'none'}. Train one: riskstream train FILE")


def of_another_feature_version(bundle: Path) -> None:
    manifest = bundle / MANIFEST_FILE
    manifest.write_text(re.sub(r'"feature_version":\s*"1"', '"feature_version":"0"', manifest.read_text()))
    assert json.loads(manifest.read_text())["feature_version"] == "0"


def without_its_end(bundle: Path) -> None:
    arrays = bundle / "arrays.npz"
    arrays.write_bytes(arrays.read_bytes()[:-100])


def with_another_manifest(bundle: Path) -> None:
    (bundle / MANIFEST_FILE).write_text("{}")


@pytest.mark.parametrize("spoil", [of_another_feature_version, without_its_end, with_another_manifest])
def test_a_bundle_that_cannot_serve_is_refused_and_says_how_to_train(
    cluster: Cluster, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    spoilt = tmp_path / "spoilt"
    shutil.copytree(cluster.bundle_directory, spoilt)
    spoil(spoilt)
    said = refusal(cluster, RISKSTREAM_BUNDLE=str(spoilt))
    assert said.startswith(f"error: {spoilt}: ")
    assert "riskstream train" in said
