"""An application of its own for each test, and its dashboard."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.broker.dashboard.process import Dashboard
from tests.kafka_broker import ApacheKafka
from tests.pipeline.cluster import Cluster, recreate_topics
from tests.pipeline.traffic import small_bundle

Open = Callable[[], Dashboard]


@pytest.fixture
def cluster(empty_kafka: ApacheKafka, s3_endpoint: str, bundle_directory: Path, tmp_path: Path) -> Cluster:
    """Empty topics on a broker that may be stopped, and no worker yet."""
    made = Cluster(empty_kafka.bootstrap, s3_endpoint, small_bundle(), bundle_directory, tmp_path)
    made.environment |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "eu-west-1"}
    recreate_topics(empty_kafka.bootstrap, made.name)
    return made


@pytest.fixture
def dashboard(cluster: Cluster, tmp_path: Path) -> Open:
    """Give a function that starts a dashboard, to be used in a `with` statement."""
    started = iter(range(10))
    return lambda: Dashboard(cluster.environment, tmp_path / f"dashboard-{next(started)}.log")
