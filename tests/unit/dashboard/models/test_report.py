from pathlib import Path

import msgspec
import pytest

from dashboard.models.report import ReportError, ReportView, read_report, view_of
from tests.unit.dashboard.models.reports import report, written
from tests.unit.detectors.histories import probability_bundle

VERSION = probability_bundle().version


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> ReportView:
    path = written(tmp_path_factory.mktemp("report"))
    return view_of(read_report(path), path.name, VERSION)


def test_what_backtest_writes_is_read(view: ReportView) -> None:
    assert (view.file, view.source.name, view.bundle.version) == ("report.json", "later.csv", VERSION)
    assert (view.payments, view.frauds, view.accounts) == (4001, 5, 500)
    assert view.days == pytest.approx(4.0)
    assert view.honesty is not None


def test_the_points_of_the_slider_are_those_that_were_measured(view: ReportView) -> None:
    told = msgspec.json.decode(report())["evaluation"]["workloads"]
    assert [one.alerts_a_day for one in view.workloads] == [one["alerts_a_day"] for one in told]
    first, last = view.workloads[0], view.workloads[-1]
    assert (first.alerts_a_day, first.reach.value_detected, first.genuine_customers) == (0.25, 0.2, 0)
    assert last.reach.value_detected == 1.0
    assert last.genuine_customers_a_day is not None
    assert last.genuine_customers_a_day > 10


def test_what_is_in_force_is_told_beside_them(view: ReportView) -> None:
    assert view.in_force.reach.payments == 5
    assert view.in_force.alerts_a_day == pytest.approx(5 / 4)
    assert view.in_force.budget == 0.005


@pytest.mark.parametrize(("in_use", "same"), [(VERSION, True), ("another", False), (None, None)])
def test_a_report_of_another_bundle_is_known_as_such(
    tmp_path: Path, in_use: str | None, same: bool | None
) -> None:
    assert view_of(read_report(written(tmp_path)), "report.json", in_use).same_bundle is same


def test_without_labels_there_are_rates_only(tmp_path: Path) -> None:
    view = view_of(read_report(written(tmp_path, report(labelled=False))), "report.json", VERSION)
    assert view.average_precision is None
    assert {one.genuine_customers for one in view.workloads} == {None}
    assert view.workloads[0].alerts_a_day == 0.25


def test_a_report_of_an_earlier_release_has_no_points(tmp_path: Path) -> None:
    old = msgspec.json.decode(report())
    del old["evaluation"]["workloads"]
    assert read_report(written(tmp_path, msgspec.json.encode(old))).evaluation.workloads == ()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html>", "no report of a backtest"),
        (b"{}", "no report of a backtest"),
        (b"\xff\xfe", "no report of a backtest"),
        (report().replace(b'"format": 1', b'"format": 2', 1), "format 2"),
        (report(late=False), "no payment after training"),
    ],
)
def test_what_is_no_report_is_refused_with_what_to_do(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(ReportError, match=said) as refused:
        read_report(written(tmp_path, content))
    assert "backtest" in str(refused.value)


def test_a_missing_file_is_told_with_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="riskstream backtest FILE --json"):
        read_report(tmp_path / "report.json")
