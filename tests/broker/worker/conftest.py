"""What a worker runs on: every test has topics and a bucket of its own."""

from pathlib import Path

import pytest

from tests.kafka_broker import ApacheKafka
from tests.pipeline.cluster import Cluster, recreate_topics
from tests.pipeline.traffic import small_bundle


@pytest.fixture
def cluster(kafka: ApacheKafka, s3_endpoint: str, bundle_directory: Path, tmp_path: Path) -> Cluster:
    """Empty topics, an empty bucket, and no worker yet."""
    made = Cluster(kafka.bootstrap, s3_endpoint, small_bundle(), bundle_directory, tmp_path)
    recreate_topics(kafka.bootstrap, made.name)
    return made
