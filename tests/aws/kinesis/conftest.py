"""What the adapter runs on: empty topics, and a stream of the test's own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.aws.kinesis.streams import StreamUnderTest
from tests.aws.localstack import LocalStack
from tests.kafka_broker import ApacheKafka
from tests.pipeline.cluster import Cluster, recreate_topics
from tests.pipeline.traffic import small_bundle

MakeStream = Callable[[int], StreamUnderTest]


@pytest.fixture
def cluster(kafka: ApacheKafka, localstack: LocalStack, bundle_directory: Path, tmp_path: Path) -> Cluster:
    """Empty topics and no process yet."""
    made = Cluster(kafka.bootstrap, localstack.endpoint, small_bundle(), bundle_directory, tmp_path)
    recreate_topics(kafka.bootstrap, made.name)
    return made


@pytest.fixture
def make_stream(localstack: LocalStack) -> MakeStream:
    """Makes a stream with so many shards."""
    return lambda shards: StreamUnderTest(localstack.endpoint, shards)
