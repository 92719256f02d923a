"""The benchmark of invocations, small: it answers every request, and its figure goes to those of the run."""

from pathlib import Path

from benchmarks.invocations.measure import BATCHES, in_words, measure
from benchmarks.invocations.server import ServerProcess
from tests.aws.sagemaker.conftest import riskstream


def test_latency_is_measured_over_http(
    server: ServerProcess, history: Path, trained: Path, tmp_path: Path, figures: dict[str, float]
) -> None:
    file = tmp_path / "rows.jsonl"
    out = ("--features-out", file, "--output", tmp_path / "report.html")
    riskstream("backtest", history, "--bundle", trained, "--frozen", *out)

    report = measure(server.ready(), file.read_bytes().splitlines()[-1500:], requests=30)

    assert [each.rows for each in report.batches] == list(BATCHES)
    assert all(0.0 < each.p50_ms <= each.p99_ms for each in report.batches)
    assert report.invocations_p99_ms == report.batches[1].p99_ms
    assert len(in_words(report).splitlines()) == 1 + len(BATCHES)
    figures["invocations_p99_ms"] = report.invocations_p99_ms
