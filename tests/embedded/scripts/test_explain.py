"""Facts about `riskstream explain`, on a local archive and a broker inside this process."""

import re
import xml.dom.minidom
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import typer
from confluent_kafka import Producer
from typer.testing import CliRunner, Result

from detectors.assessment import Assessment
from detectors.explanation.explain import explain as explained
from detectors.explanation.explanation import Explanation, Weight, decode_explanation, encode_explanation
from scripts.explain import explain
from scripts.explanations import picture
from scripts.explanations.terminal import describe
from scripts.query import query
from sinks.archive import parquet_bytes
from sinks.bundles import save_bundle
from sinks.kinds import ASSESSMENT, EXPLANATION, Kind
from sinks.schema import by_event_date
from stream.embedded.broker import EmbeddedBroker
from stream.topics import EXPLAINED, declared_topics
from tests.unit.detectors.explanation.alerts import BUNDLES, riskiest

EVIL = '<script>alert("x")</script><img src=//evil.example onerror=x>$\\frac$\x1b[31m\u202e'
TOPIC = [topic for topic in declared_topics(2, "test") if topic.name == EXPLAINED]
ALERTED, SILENT = riskiest("probability")[:2]
MADE = explained(ALERTED, "alert-1", BUNDLES["probability"](), samples=100)

app = typer.Typer(add_completion=False)
app.command()(explain)


def evil() -> Explanation:
    """An explanation whose every text is hostile."""
    weight = Weight(feature=EVIL, text=EVIL, value=1.0, weight=-1.0)
    assert MADE.fused is not None
    view = msgspec.structs.replace(MADE.fused, features=(weight,))
    texts = dict.fromkeys(("transaction_id", "account_id", "alert_id", "remark", "fallback"), EVIL)
    return msgspec.structs.replace(MADE, fused=view, logistic=view, exact=(weight,), **texts)


def write(folder: Path, kind: Kind, rows: list[object]) -> None:
    for day, table in by_event_date(kind.columnise(rows, 0, range(len(rows)))):
        path = folder / kind.folder / f"date={day}" / "one.parquet"
        path.parent.mkdir(parents=True)
        path.write_bytes(parquet_bytes(table, kind))


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two assessments, one of them explained, and beside them the bundle."""
    folder = tmp_path_factory.mktemp("archive")
    write(folder, ASSESSMENT, [ALERTED, SILENT])
    write(folder, EXPLANATION, [MADE])
    save_bundle(BUNDLES["probability"](), folder / "bundle")
    return folder


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    """A broker on whose topic `MADE` was published, after something else."""
    with EmbeddedBroker(TOPIC) as embedded:
        producer = Producer({"bootstrap.servers": embedded.bootstrap, "log_level": 0})
        for value in (f'"{ALERTED.transaction_id}"'.encode(), encode_explanation(MADE)):
            producer.produce(EXPLAINED, value, partition=1)
        assert producer.flush(10) == 0
        yield embedded.bootstrap


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)


def test_an_explained_alert_is_found_in_the_archive(archive: Path) -> None:
    result = run(ALERTED.transaction_id, "--path", archive)

    assert result.exit_code == 0
    assert MADE.exact[0].text in result.stdout
    assert "█" in result.stdout


def test_a_payment_without_an_alert_is_explained_on_the_spot(archive: Path) -> None:
    result = run(SILENT.transaction_id, "--path", archive, "--bundle", archive / "bundle", "--json")

    made = decode_explanation(result.stdout.encode())
    assert (made.method, made.alert_id) == ("lime", "")
    assert made.exact[0].weight == explained(SILENT, "", BUNDLES["probability"](), samples=100).exact[0].weight


def test_an_explanation_is_found_on_its_topic(broker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RISKSTREAM_KAFKA_BOOTSTRAP", broker)
    result = run(ALERTED.transaction_id, "--from", "topic", "--json", "--reveal")

    assert decode_explanation(result.stdout.encode()) == MADE


def test_what_is_nowhere_is_said_to_be_nowhere(
    broker: str, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RISKSTREAM_KAFKA_BOOTSTRAP", broker)
    for arguments in (("--from", "topic"), ("--path", archive)):
        result = run("no-such-payment", *arguments)
        assert result.exit_code == 1
        assert "…ment is neither explained nor archived" in result.stderr


def test_a_broker_that_is_away_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RISKSTREAM_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    monkeypatch.setenv("RISKSTREAM_KAFKA_CONNECT_SECONDS", "0.2")
    result = run("x", "--from", "topic")

    assert result.exit_code == 1
    assert "--from archive" in result.stderr


def test_the_account_is_masked_unless_asked_for(archive: Path, tmp_path: Path) -> None:
    account = ALERTED.account_id
    assert f"account {account}" not in run(ALERTED.transaction_id, "--path", archive).stdout
    assert f"account {account}" in run(ALERTED.transaction_id, "--path", archive, "--reveal").stdout
    run(ALERTED.transaction_id, "--path", archive, "--html", tmp_path / "a.html", "--svg", tmp_path / "a.svg")
    for file in tmp_path.iterdir():
        assert f"account {account}" not in file.read_text()


def test_pictures_are_written_to_their_files(archive: Path, tmp_path: Path) -> None:
    files = {name: tmp_path / f"why.{name}" for name in ("svg", "png", "html")}
    result = run(ALERTED.transaction_id, "--path", archive, *(x for n, f in files.items() for x in (f"--{n}", f)))

    assert (result.exit_code, result.stdout) == (0, "")
    xml.dom.minidom.parseString(files["svg"].read_bytes())
    assert files["png"].read_bytes().startswith(b"\x89PNG")
    assert files["html"].read_text().startswith("<!DOCTYPE html>")


def test_a_file_that_cannot_be_written_is_no_traceback(archive: Path, tmp_path: Path) -> None:
    result = run(ALERTED.transaction_id, "--path", archive, "--svg", tmp_path / "no" / "where.svg")

    assert result.exit_code == 1
    assert "cannot be written" in result.stderr


@pytest.mark.parametrize("draw", [picture.html, picture.svg])
def test_markup_in_the_data_is_shown_as_text(draw: object) -> None:
    page = draw(evil(), 3).decode()

    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_the_page_asks_for_nothing_from_elsewhere() -> None:
    page = picture.html(MADE, 3).decode()

    assert "default-src &#x27;none&#x27;" in page
    assert not re.search(r"src=|href=|url\(|@import", page)


def test_a_png_takes_any_text() -> None:
    assert picture.png(evil(), 3).startswith(b"\x89PNG")


def test_nothing_can_drive_the_terminal() -> None:
    shown = describe(evil(), 3).plain

    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\\x1b[31m" in shown


def test_sql_sees_explanations_once(archive: Path) -> None:
    asked = typer.Typer(add_completion=False)
    asked.command()(query)
    sql = "SELECT method, fused.r2 > 0 AS fits, exact[1].feature AS leader FROM explanations"
    result = CliRunner().invoke(asked, [sql, "--path", str(archive), "--json"], catch_exceptions=False)

    assert result.stdout == f'{{"method":"lime","fits":true,"leader":"{MADE.exact[0].feature}"}}\n'


def test_an_assessment_comes_back_from_the_archive_as_it_was(archive: Path) -> None:
    """What is explained on the spot is what was scored."""
    assert isinstance(SILENT, Assessment)
    result = run(SILENT.transaction_id, "--path", archive, "--bundle", archive / "bundle", "--json")
    made = decode_explanation(result.stdout.encode())
    total = SILENT.baseline + sum(each.weight for each in made.exact)
    assert total == pytest.approx(SILENT.statistic, abs=1e-9)
