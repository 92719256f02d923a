"""`riskstream demo`: the whole product on one machine, with nothing installed but Python."""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from detectors.errors import RiskstreamError
from detectors.training import train
from scripts.alerts import describe
from scripts.demonstration.follow import AlertFollower
from scripts.demonstration.outcome import archived, copy_archive, summarise
from scripts.demonstration.report import print_summary
from scripts.demonstration.stage import Stage, open_stage
from scripts.demonstration.summary import Summary
from scripts.demonstration.world import World, file_world, simulated_world
from scripts.options import fail
from sinks.bundles import save_bundle
from stream.enrichment import enrich_embedded
from stream.publishing import DeliveryReport, PublishConfig, publish
from stream.sources.columns import format_columns, save_columns
from stream.sources.files import read_transactions

INTERRUPTED = 130
OUTPUT = Path("demo-output")
QUERY = (
    f"riskstream query --path {OUTPUT}/archive"
    ' "SELECT risk_level, count(*) AS payments, round(avg(amount), 2) AS mean_amount'
    ' FROM assessments WHERE NOT backfill GROUP BY 1 ORDER BY 2"'
)


def demo(
    csv: Annotated[
        Path | None, typer.Option(help="Your own payments (CSV or Parquet) instead of simulated ones.")
    ] = None,
    summary: Annotated[Path | None, typer.Option(help="Also write the summary as JSON to this file.")] = None,
    rate: Annotated[float, typer.Option(min=1, max=2000, help="Live transactions a second.")] = 300.0,
    keep: Annotated[bool, typer.Option("--keep", help="Stay up afterwards, until Ctrl-C.")] = False,
) -> None:
    """Train, warm up, replay live traffic through a real worker, show its alerts and sum up.

    Runs on an embedded Kafka broker and an embedded AWS, in memory: nothing is left running afterwards, and only
    demo-output/ is written. Exits with 0 at the end, 1 after a failure, 130 after Ctrl-C.

    Example: riskstream demo --csv payments.csv --summary summary.json
    """
    console = Console(highlight=False)
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        with tempfile.TemporaryDirectory(prefix="riskstream-demo-") as scratch:
            _run(console, Path(scratch), csv, summary, rate, keep)
    except RiskstreamError as error:
        fail(error)
    except KeyboardInterrupt:
        console.print("\nStopped; nothing is left running.")
        raise typer.Exit(INTERRUPTED) from None


def _run(
    console: Console, scratch: Path, csv: Path | None, target: Path | None, rate: float, keep: bool
) -> None:
    world = _simulate(console) if csv is None else _read(console, csv)
    console.print(f"[bold]{world.title}[/bold]")
    bundle = _train(console, world, scratch / "bundle")
    with console.status("Starting an embedded broker, an embedded S3 and a worker …"):
        stack = open_stage(bundle, scratch / "worker.log")
        stage = stack.__enter__()
