"""What the tests of the dashboard share: one scene with payments, one Chromium, and the figures of the run.

A machine without Chromium, Java or Maven leaves them out loudly; CI=true demands them. The browser's driver keeps
an event loop in this thread until the last of these tests, so none of them may run one of its own.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from stream.embedded.aws import EmbeddedAws
from tests import kafka_broker
from tests.browser import chromium
from tests.browser.pages import Pages
from tests.browser.report import Report, written_report
from tests.browser.scene import Scene, open_scene
from tests.kafka_broker import ApacheKafka
from tests.needs import add_figures, below, leave_out
from tests.pipeline.cluster import Cluster, recreate_topics
from tests.pipeline.traffic import saved_bundle, small_bundle

HERE = Path(__file__).parent
NEEDS = (
    (chromium.missing_tools, "chromium fonts-dejavu-core"),
    (kafka_broker.missing_tools, "openjdk-17-jre-headless maven"),
)
FIGURES = "RISKSTREAM_BROWSER_JSON"
"""Names the file that the figures of a run are written to."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "browser: looks at the dashboard with the system's Chromium")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark every test below this folder."""
    if HERE in item.path.parents:
        item.add_marker("browser")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests where this machine cannot run them, or end the run where they are demanded."""
    demanding = below(HERE, items)
    lacks = [(lack, packages) for missing, packages in NEEDS if demanding and (lack := missing())]
    if lacks:
        lack = " and ".join(lack for lack, _ in lacks)
        remedy = f"them (Debian: apt-get install {' '.join(packages for _, packages in lacks)})"
        leave_out(config, items, demanding, "of the dashboard in a browser", lack, remedy)


@pytest.fixture(scope="package")
def figures() -> Iterator[Counter[str]]:
    """What the tests measured, by name; written at the end to the JSON file that RISKSTREAM_BROWSER_JSON names."""
    measured: Counter[str] = Counter()
    yield measured
    add_figures(FIGURES, measured)


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A broker, an S3 and a bundle, for all of these tests."""
    with (
        EmbeddedAws("unused") as aws,
        ApacheKafka(tmp_path_factory.mktemp("kafka")) as broker,
    ):
        bundle = saved_bundle(tmp_path_factory.mktemp("bundle"))
        logs = tmp_path_factory.mktemp("logs")
        made = Cluster(broker.bootstrap, aws.endpoint, small_bundle(), bundle, logs, merchant_memory=True)
        recreate_topics(broker.bootstrap, made.name)
        yield made


@pytest.fixture(scope="package")
def report(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """How good the bundle is, as a backtest tells."""
    return written_report(cluster.bundle_directory, tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="package")
def scene(cluster: Cluster, report: Report) -> Iterator[Scene]:
    """A worker and a dashboard at work, with a past and the first alerts."""
    with open_scene(cluster, report.json) as opened:
        yield opened


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium; every test has contexts of its own in it."""
    with chromium.running_chromium() as running:
        yield running


@pytest.fixture
def pages(scene: Scene, browser: Browser, figures: Counter[str]) -> Iterator[Pages]:
    """Opens pages of the dashboard; in the end none of them may have done what pages must not do."""
    opened = Pages(browser, scene.url)
    yield opened
    opened.close()
    figures["console_errors"] += len(opened.console)
    figures["external_requests"] += len(opened.external)
    assert opened.faults == []
