"""`python -m benchmarks.quality`: our scores beside everybody's, on one training week or several."""

import argparse
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import msgspec
from rich.console import Console

from benchmarks.quality.errors import QualityError
from benchmarks.quality.payments import read_payments
from benchmarks.quality.protocol import split, start_of
from benchmarks.quality.report import Report
from benchmarks.quality.run import run_week, workers
from benchmarks.quality.scores import write_scores
from benchmarks.quality.tables import show
from benchmarks.quality.week import MeasuredWeek, measure_week, pool
from detectors.errors import RiskstreamError
from detectors.evaluation.scored import WEEK

TABLE_WIDTH = 180
"""Of the widest table, whatever the terminal is: rows that wrap cannot be compared."""


def main() -> None:
    """Run the benchmark; exits with 1 and a sentence when the file or the week cannot be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("--transactions", type=Path, required=True, help="Parquet or CSV, the handbook's columns")
    parser.add_argument("--train-start", type=date.fromisoformat, required=True, help="first day of training")
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    parser.add_argument("--scores", type=Path, help="write our scores of the test week to this Parquet file")
    parser.add_argument(
        "--weeks", type=int, default=1, help="training weeks, of which TRAIN_START begins the last"
    )
    arguments = parser.parse_args()
    if arguments.weeks < 1:
        parser.error("--weeks must be 1 or more")
    console = Console(width=TABLE_WIDTH, soft_wrap=True, highlight=False, markup=False)
    try:
        report = measure(arguments.transactions, arguments.train_start, arguments.weeks, arguments.scores, console)
    except (QualityError, RiskstreamError) as error:
        print(error, file=sys.stderr)  # noqa: T201  a benchmark's output
        sys.exit(1)
    show(report, console)
    if arguments.json is not None:
        arguments.json.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")


def measure(transactions: Path, train_start: date, weeks: int, scores: Path | None, console: Console) -> Report:
    """Measure the week of `train_start` and those before it; the scores of the first go to a file if asked."""
    started = time.perf_counter()
    payments = read_payments(transactions)
    starts = [start_of(train_start) - number * WEEK for number in range(weeks)]
    splits = [split(payments, start) for start in starts]
    measured: list[MeasuredWeek] = []

    def told(what: str) -> None:
        console.print(f"{time.perf_counter() - started:6.0f} s  {what}")

    with workers() as processes:
        for start, cut in zip(starts, splits, strict=True):
            with tempfile.TemporaryDirectory() as scratch:
                results = run_week(transactions, start, Path(scratch), processes, told)
            if scores is not None and start == starts[0]:
                write_scores(scores, payments, cut, results)
            measured.append(measure_week(payments, cut, results))
    return Report(
        **{field: getattr(measured[0].week, field) for field in measured[0].week.__struct_fields__},
        earlier_weeks=tuple(each.week for each in measured[1:]),
        pooled=pool(measured) if weeks > 1 else None,
        seconds=round(time.perf_counter() - started, 1),
    )


if __name__ == "__main__":
    main()
