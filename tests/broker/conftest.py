"""One Apache Kafka for the tests below; where it cannot run they are left out loudly, and CI fails."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.embedded.aws import EmbeddedAws
from tests.kafka_broker import ApacheKafka, missing_tools
from tests.needs import below, leave_out
from tests.pipeline.traffic import saved_bundle

HERE = Path(__file__).parent


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark every test below this folder."""
    item.add_marker("broker")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that this machine cannot run, or end the run where they are demanded."""
    demanding = below(HERE, items)
    lack = missing_tools() if demanding else None
    if lack is not None:
        remedy = "Java 17+ and Maven (Debian: apt-get install openjdk-17-jre-headless maven)"
        leave_out(config, items, demanding, "on a real Apache Kafka", lack, remedy)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApacheKafka]:
    """A broker for the whole run, so that tests use topics of their own names."""
    with ApacheKafka(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


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
def empty_kafka(tmp_path: Path) -> Iterator[ApacheKafka]:
    """A broker of a test's own, for what needs the topics' real names or stops the broker; 3 s more."""
    with ApacheKafka(tmp_path / "kafka") as broker:
        yield broker
