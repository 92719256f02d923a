"""Shared services for workers: one Kafka, one S3, one bundle; every test has topics and a bucket of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.embedded.aws import EmbeddedAws
from tests.kafka_broker import ApacheKafka
from tests.pipeline.cluster import Cluster, recreate_topics
from tests.pipeline.traffic import saved_bundle, small_bundle


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The URL of an S3 server in this process."""
    with EmbeddedAws("unused") as aws:
        yield aws.endpoint


@pytest.fixture(scope="session")
def bundle_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the small bundle lies."""
    return saved_bundle(tmp_path_factory.mktemp("bundle"))


@pytest.fixture
def cluster(kafka: ApacheKafka, s3_endpoint: str, bundle_directory: Path, tmp_path: Path) -> Cluster:
    """Empty topics, an empty bucket, and no worker yet."""
    made = Cluster(kafka.bootstrap, s3_endpoint, small_bundle(), bundle_directory, tmp_path)
    recreate_topics(kafka.bootstrap, made.name)
    return made
