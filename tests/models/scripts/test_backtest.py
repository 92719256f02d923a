"""Facts about `riskstream backtest`, on the small seeded history that detectors are tested on."""

import csv
import gzip
import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from detectors.assessment import Assessment
from detectors.bundle import Bundle
from detectors.feature_rows import FeatureRow, assess_rows
from detectors.frozen import freeze
from detectors.labels import labels_from_truth
from detectors.row_decoding import decode_rows
from detectors.transaction import EnrichedTransaction, Transaction
from scripts.backtest import backtest
from scripts.backtest_report.columns import Columns, Labels
from scripts.backtest_report.folding import fold_payments
from sinks.archive import parquet_bytes
from sinks.bundles import save_bundle
from sinks.schema import by_event_date, columnise
from stream.backtest import backtest as fold
from stream.enrichment import enrich_embedded
from stream.sources.files import read_transactions
from tests.unit.detectors.histories import history, probability_bundle, rarity_bundle

FIELDS = ("transaction_id", "account_id", "merchant_id", "event_time", "amount", "login_attempts", "duration_s")
EVIL = '<script>alert("x")</script><img src=//evil.example onerror=x>'
LATER = history(1000, seed=11)
LATER_BY = timedelta(days=21)
"""Half of what the bundles were trained on."""


def run(*arguments: str | Path) -> Result:
    app = typer.Typer()
    app.command()(backtest)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def payments_file(path: Path, *, labelled: bool = True, merchant: str | None = None) -> Path:
    """Write payments of which the later half is younger than the bundles."""
    with path.open("w", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow([*FIELDS, *(["is_fraud", "fraud_pattern"] if labelled else [])])
        for tx in LATER:
            time = tx.event_time + LATER_BY
            row = [tx.transaction_id, tx.account_id, merchant or tx.merchant_id, time.isoformat(), tx.amount,
                   tx.login_attempts, tx.duration_s]  # fmt: skip
            fraud = tx.transaction_id.startswith("F")
            writer.writerow([*row, *([int(fraud), EVIL if fraud else ""] if labelled else [])])
    return path


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles")
    save_bundle(probability_bundle(), folder / "probability")
    save_bundle(rarity_bundle(), folder / "rarity")
    return folder


@pytest.fixture(scope="module")
def report(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any], str]:
    """The page, the JSON and what was printed, of a labelled file whose merchants and patterns are markup."""
    folder = tmp_path_factory.mktemp("report")
    file = payments_file(folder / "later.csv", merchant=EVIL)
    page, data = folder / "r.html", folder / "r.json"
    result = run(file, "--bundle", bundles / "probability", "--output", page, "--json", data)
    assert result.exit_code == 0, result.output
    return page.read_text(), json.loads(data.read_text()), result.output


class Page(HTMLParser):
    """Every start tag with its attributes, and whether all tags are closed in their order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_page_is_whole_and_asks_for_nothing(report: tuple[str, dict[str, Any], str]) -> None:
    page = Page(report[0])
    assert page.open == []
    assert {name for name, _ in page.tags}.isdisjoint({"script", "link", "img", "iframe", "a", "object", "image"})
    named = {name for _, attributes in page.tags for name in attributes}
    assert named.isdisjoint({"src", "href", "xlink:href", "srcset", "style"})
    assert not [name for name in named if name.startswith("on")]
    assert "url(" not in report[0]
    assert "@import" not in report[0]
    policy = [meta["content"] for meta in page.named("meta") if meta.get("http-equiv")]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"]


def test_markup_in_the_data_stays_text(report: tuple[str, dict[str, Any], str]) -> None:
    """The file's only merchant and its kind of fraud are markup, and both are shown."""
    assert "<script" not in report[0]
    assert "<img" not in report[0]
    assert report[0].count("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&lt;img src=//evil.example") >= 2
    assert report[1]["evaluation"]["merchants"][0]["merchant"] == EVIL
    assert report[1]["evaluation"]["patterns"][0]["pattern"] == EVIL


def test_every_chart_is_named_and_stands_beside_a_table(report: tuple[str, dict[str, Any], str]) -> None:
    charts = re.findall(r"<svg[^>]*>(.*?)</svg>", report[0], re.DOTALL)
    assert len(charts) == 5
    assert all(chart.startswith("<title>") and "<desc>" in chart for chart in charts)
    assert all(svg["role"] == "img" and svg["aria-label"] for svg in Page(report[0]).named("svg"))
    for section in re.findall(r"<section>(.*?)</section>", report[0], re.DOTALL):
        assert ("<svg" in section) <= ("<table>" in section)


def test_every_table_tells_its_time_range_or_its_weeks(report: tuple[str, dict[str, Any], str]) -> None:
    captions = re.findall(r"<caption>(.*?)</caption>.*?<th [^>]*>(.*?)</th>", report[0], re.DOTALL)
    for caption, first in captions:
        assert re.search(r"\d{4}-\d\d-\d\d", caption) or "UTC" in first or "end of training" in caption


def test_no_number_of_the_page_is_broken(report: tuple[str, dict[str, Any], str]) -> None:
    assert re.findall(r"\b(nan|inf|None)\b", report[0]) == []


def test_payments_of_the_training_stand_apart(report: tuple[str, dict[str, Any], str]) -> None:
    page, found, printed = report
    evaluation = found["evaluation"]
    last = found["bundle"]["last_event_time"]
    assert evaluation["trained"]["last_event_time"] <= last < evaluation["evaluated"]["first_event_time"]
    assert {week["trained"] for week in evaluation["weeks"]} == {True, False}
    assert "the bundle was trained on these" in page
    assert "the bundle was trained on these" in printed


def test_accuracy_is_not_among_the_figures(report: tuple[str, dict[str, Any], str]) -> None:
    assert "accuracy" not in report[0].lower()
    assert "accuracy" not in json.dumps(report[1]).lower()


def test_account_ids_are_in_neither(report: tuple[str, dict[str, Any], str]) -> None:
    assert not re.search(r"\bA\d+\b", report[0] + json.dumps(report[1]))


def test_the_same_input_gives_the_same_bytes(bundles: Path, tmp_path: Path) -> None:
    file = payments_file(tmp_path / "later.csv")
    written = []
    for name in ("one", "two"):
        page, data = tmp_path / f"{name}.html", tmp_path / f"{name}.json"
        assert run(file, "--bundle", bundles / "rarity", "--output", page, "--json", data).exit_code == 0
        written.append((page.read_bytes(), data.read_bytes()))
    assert written[0] == written[1]


def test_without_labels_it_says_so_and_ranks_nothing(bundles: Path, tmp_path: Path) -> None:
    file = payments_file(tmp_path / "unlabelled.csv", labelled=False)
    page, data = tmp_path / "r.html", tmp_path / "r.json"
    result = run(file, "--bundle", bundles / "rarity", "--output", page, "--json", data)
    assert result.exit_code == 0, result.output
    assert "no labels" in result.output
    text = page.read_text()
    assert "There are no labels: how many frauds were found cannot be said." in text
    assert "Realised alert rate against budget" in text
    assert "recall at" not in text
    found = json.loads(data.read_text())["evaluation"]["evaluated"]
    assert (found["average_precision"], found["roc_auc"], found["labelled"]) == (None, None, 0)


def test_labels_may_come_from_a_file_of_their_own(bundles: Path, tmp_path: Path) -> None:
    """A file that lists frauds only needs to be told what the others are."""
    file = payments_file(tmp_path / "unlabelled.csv", labelled=False)
    judged = tmp_path / "judged.csv"
    judged.write_text("transaction_id,is_fraud\n" + "".join(
        f"{tx.transaction_id},1\n" for tx in LATER if tx.transaction_id.startswith("F")))  # fmt: skip
    data = tmp_path / "r.json"
    given = (
        file,
        "--bundle",
        bundles / "rarity",
        "--labels",
        judged,
        "--output",
        tmp_path / "r.html",
        "--json",
        data,
    )
    assert run(*given).exit_code == 0
    assert json.loads(data.read_text())["evaluation"]["evaluated"]["average_precision"] is None
    assert "Only frauds are labelled" in (tmp_path / "r.html").read_text()
    assert run(*given, "--others-genuine").exit_code == 0
    assert json.loads(data.read_text())["evaluation"]["evaluated"]["average_precision"] > 0.1


def test_the_assessments_are_those_of_the_stream() -> None:
    """The columns hold what `stream.backtest` says, at any number of partitions."""
    bundle = rarity_bundle()
    columns = Columns(len(LATER), Labels({}, None), bundle.baseline)
    plain = [Transaction(**{name: getattr(tx, name) for name in Transaction.__struct_fields__}) for tx in LATER]
    fold_payments(plain, [], bundle, 3, columns, lambda _: None)
    scored = columns.scored()
    expected = [verdict for part in fold(LATER, bundle, 3) for verdict in part.assessments]
    expected.sort(key=lambda verdict: verdict.event_time)
    assert scored.score.tolist() == [verdict.fraud_risk_score for verdict in expected]
    assert scored.statistic.tolist() == [verdict.statistic for verdict in expected]
    assert [columns.merchants[code] for code in scored.merchant] == [verdict.merchant_id for verdict in expected]
    assert np.isnan(scored.features).tolist() == [[f is None for f in verdict.features] for verdict in expected]


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz"])
def test_feature_rows_give_the_assessments_of_the_frozen_backtest(
    bundles: Path, tmp_path: Path, name: str
) -> None:
    file, rows = payments_file(tmp_path / "later.csv"), tmp_path / name
    options = ("--bundle", bundles / "probability", "--partitions", "3", "--output", tmp_path / "r.html")

    result = run(file, *options, "--frozen", "--features-out", rows)

    assert result.exit_code == 0, result.output
    assert str(rows) in result.stdout
    content = gzip.decompress(rows.read_bytes()) if name.endswith(".gz") else rows.read_bytes()
    decoded = decode_rows(content.splitlines())
    known = [row for row in decoded if isinstance(row, FeatureRow)]
    assert len(known) == len(decoded) == len(LATER)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["later.csv", "r.html", name]
    contents = read_transactions(file)
    truth = labels_from_truth(contents.transactions, contents.labels or {}, timedelta(days=7))
    folds = fold(enrich_embedded(contents.transactions), freeze(probability_bundle()), 3, truth)
    expected = {each.transaction_id: each for its in folds for each in its.assessments}
    assessed = assess_rows(known, probability_bundle())
    assert {each.transaction_id: each for each in assessed} == expected


def test_rows_of_a_file_that_cannot_be_assessed_leave_no_file(bundles: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("transaction_id,account_id,merchant_id,event_time,amount\n")

    result = run(empty, "--bundle", bundles / "rarity", "--frozen", "--features-out", tmp_path / "rows.jsonl")

    assert result.exit_code == 1, result.output
    assert [path.name for path in tmp_path.iterdir()] == ["empty.csv"]


def test_amounts_are_those_of_the_baseline() -> None:
    baseline = rarity_bundle().baseline
    columns = Columns(3, Labels({}, None), baseline)
    verdicts = assessed(rarity_bundle())[:3]
    currencies = ("XXX", None, baseline.base_currency)
    columns.add([changed(verdict, currency) for verdict, currency in zip(verdicts, currencies, strict=True)])
    expected = [np.nan, verdicts[1].amount, verdicts[2].amount]
    assert np.array_equal(columns.scored().amount, expected, equal_nan=True)


def changed(verdict: Assessment, currency: str | None) -> Assessment:
    return Assessment(
        **{name: getattr(verdict, name) for name in verdict.__struct_fields__} | {"currency": currency}
    )


def assessed(bundle: Bundle, payments: tuple[EnrichedTransaction, ...] = LATER) -> list[Assessment]:
    return [verdict for part in fold(payments, bundle, 1) for verdict in part.assessments]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A copy of an archive: every row twice, as after a crash, and some by another bundle."""
    verdicts = assessed(rarity_bundle())
    write_archive(tmp_path / "archive", "one", verdicts, 0)
    write_archive(tmp_path / "archive", "again", verdicts, len(verdicts))
    write_archive(tmp_path / "archive", "other", assessed(probability_bundle(), LATER[:20]), 10_000)
    return tmp_path / "archive"


def write_archive(folder: Path, name: str, verdicts: list[Assessment], first: int) -> None:
    for day, table in by_event_date(columnise(verdicts, 0, range(first, first + len(verdicts)))):
        path = folder / "assessments" / f"date={day}" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(parquet_bytes(table))


def test_archived_assessments_are_evaluated_as_they_are(archive: Path, bundles: Path, tmp_path: Path) -> None:
    judged = tmp_path / "judged.csv"
    judged.write_text("transaction_id,is_fraud\n" + "".join(
        f"{tx.transaction_id},{int(tx.transaction_id.startswith('F'))}\n" for tx in LATER))  # fmt: skip
    data = tmp_path / "r.json"
    result = run("--archive-path", archive, "--bundle", bundles / "rarity", "--labels", judged,
                 "--output", tmp_path / "r.html", "--json", data)  # fmt: skip
    assert result.exit_code == 0, result.output
    found = json.loads(data.read_text())
    assert found["source"]["assessed"] == len(LATER)
    assert found["source"]["other_bundles"] == 20
    assert found["evaluation"]["trained"]["average_precision"] > 0.1
    assert "read from the archive" in (tmp_path / "r.html").read_text()


def test_an_archive_of_other_bundles_is_refused(archive: Path, bundles: Path, tmp_path: Path) -> None:
    for path in archive.rglob("one.parquet"):
        path.unlink()
    for path in archive.rglob("again.parquet"):
        path.unlink()
    result = run("--archive-path", archive, "--bundle", bundles / "rarity", "--output", tmp_path / "r.html")
    assert result.exit_code == 1
    assert f"no assessment by the bundle {rarity_bundle().version} (20 by others)" in result.output
    assert not (tmp_path / "r.html").exists()


@pytest.mark.parametrize(
    "arguments",
    [(), ("--archive", "--archive-path", "."), ("--archive", "--partitions", "4"), ("nowhere.csv",),
     ("--archive", "--others-genuine"), ("--archive", "--frozen"), (__file__, "--features-out", "rows.jsonl"),
     (__file__, "--frozen", "--features-out", "rows.csv")],
)  # fmt: skip
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_what_cannot_be_done_is_said(bundles: Path, tmp_path: Path) -> None:
    file = payments_file(tmp_path / "later.csv")
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("id,fraud\n1,1\n")
    for arguments, said in (
        (("--bundle", tmp_path / "none"), "There is no bundle in"),
        (("--bundle", bundles / "rarity", "--labels", wrong), "needs the columns transaction_id and is_fraud"),
        (("--bundle", bundles / "rarity", "--output", tmp_path / "no" / "r.html"), "cannot be written"),
    ):
        result = run(file, *arguments)
        assert result.exit_code == 1
        assert said in result.output


def test_malformed_rows_are_named_and_left_out(bundles: Path, tmp_path: Path) -> None:
    file = payments_file(tmp_path / "later.csv")
    file.write_text(file.read_text() + "x,a,m,yesterday,1,1,1,0,\n")
    result = run(file, "--bundle", bundles / "rarity", "--output", tmp_path / "r.html")
    assert result.exit_code == 0
    assert "left out: later.csv, line 1002: event_time" in result.output
    assert "1 malformed rows left out" in (tmp_path / "r.html").read_text()
