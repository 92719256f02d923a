"""What tests of AWS share: a broker, LocalStack, an embedded AWS, and the figures of the run.

A test that needs what this machine lacks is left out loudly; CI=true demands it.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.embedded.aws import EmbeddedAws
from tests import kafka_broker
from tests.aws import localstack as emulator
from tests.aws.localstack import LocalStack
from tests.kafka_broker import ApacheKafka
from tests.needs import add_figures, below, leave_out
from tests.pipeline.traffic import saved_bundle

HERE = Path(__file__).parent
NEEDS = {
    "dynamodb_local": (kafka_broker.missing_tools, "DynamoDB Local", "Java 17+ and Maven"),
    "localstack": (emulator.missing_tools, "LocalStack", "Python 3.13 (pyenv will do) and Node with npm"),
    "kafka": (kafka_broker.missing_tools, "a real Apache Kafka", "Java 17+ and Maven"),
    "empty_kafka": (kafka_broker.missing_tools, "a real Apache Kafka", "Java 17+ and Maven"),
}
"""By fixture: what tells that it cannot be had, its name, and what to install."""
FIGURES = "RISKSTREAM_AWS_JSON"
"""Names the file that the figures of a run are written to."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "aws: meets AWS, on an emulator that the tests start")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark every test below this folder."""
    if HERE in item.path.parents:
        item.add_marker("aws")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that this machine cannot run, or end the run where they are demanded."""
    for fixture, (missing_tools, what, remedy) in NEEDS.items():
        demanding = [item for item in below(HERE, items) if _uses(item, fixture)]
        lack = missing_tools() if demanding else None
        if lack is not None:
            leave_out(config, items, demanding, f"of AWS on {what}", lack, remedy)


def _uses(item: pytest.Item, fixture: str) -> bool:
    return fixture in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def figures() -> Iterator[dict[str, float]]:
    """What the tests measured, by name; added at the end to the JSON file that RISKSTREAM_AWS_JSON names."""
    measured: dict[str, float] = {}
    yield measured
    add_figures(FIGURES, measured)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApacheKafka]:
    """A broker for the whole run, so that tests use topics of their own names."""
    with ApacheKafka(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture
def empty_kafka(tmp_path: Path) -> Iterator[ApacheKafka]:
    """A broker of a test's own, for what needs the topics' real names; 3 s more."""
    with ApacheKafka(tmp_path / "kafka") as broker:
        yield broker


@pytest.fixture(scope="session")
def localstack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """LocalStack for the whole run, so that tests use streams, buckets and topics of their own names."""
    with LocalStack(tmp_path_factory.mktemp("localstack") / "localstack.log") as running:
        yield running


@pytest.fixture(scope="session")
def embedded_aws() -> Iterator[EmbeddedAws]:
    """The AWS in this process (moto): for the whole run, since there can be only one."""
    with EmbeddedAws("unused") as aws:
        yield aws


@pytest.fixture(scope="session")
def bundle_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the small bundle lies."""
    return saved_bundle(tmp_path_factory.mktemp("bundle"))
