"""`riskstream demo`: the whole product on one machine, with nothing installed but Python."""

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from detectors.bundle import Bundle
from detectors.errors import RiskstreamError
from detectors.labels import labels_from_truth
from detectors.timing import Timing
from detectors.training import train
from scripts.backtest_report.document import to_json
from scripts.demonstration.judged import judge_run
from scripts.demonstration.outcome import archived, copy_archive, summarise
from scripts.demonstration.report import print_summary
from scripts.demonstration.show import show
from scripts.demonstration.stage import Stage, open_stage
from scripts.demonstration.summary import Summary
from scripts.demonstration.world import LABEL_DELAY, World, file_world, simulated_world
from scripts.options import fail
from sinks.bundles import save_bundle
from stream.enrichment import enrich_embedded
from stream.sources.columns import format_columns, save_columns
from stream.sources.files import read_transactions

INTERRUPTED = 130
OUTPUT = Path("demo-output")
QUERY = (
    f"query --path {OUTPUT}/archive"
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

    Runs on an embedded Kafka broker and an embedded AWS, in memory: nothing is left running afterwards. Writes
    demo-output/, and with --csv the column map it found. The dashboard shows it live, at the address that is
    printed first; with --keep it stays, and judges the run on its page Models.

    Exits with 0 at the end, 1 after a failure, 130 after Ctrl-C.

    Example: riskstream demo --csv payments.csv --summary summary.json
    """
    console = Console(highlight=False)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _as_interrupt)
    try:
        with tempfile.TemporaryDirectory(prefix="riskstream-demo-") as scratch:
            _run(console, Path(scratch), csv, summary, rate, keep)
    except RiskstreamError as error:
        fail(error)
    except KeyboardInterrupt:
        console.print("\nStopped; nothing is left running.")
        raise typer.Exit(INTERRUPTED) from None


def _run(console: Console, scratch: Path, csv: Path | None, target: Path | None, rate: float, keep: bool) -> None:
    world = _simulated(console) if csv is None else _from_file(console, csv)
    console.print(f"[bold]{world.title}[/bold]")
    bundle = _train(console, world)
    save_bundle(bundle, scratch / "bundle")
    with _opened(console, scratch) as stage:
        follower = show(console, stage, world, rate)
        objects = copy_archive(stage, scratch / "archive")
        result = summarise(world, bundle, archived(stage), follower, stage.dead_letters(), objects)
        _save(scratch / "archive", result, target)
        print_summary(console, result, world.simulated, f"{_command()} {QUERY}")
        if keep:
            stage.report.write_bytes(to_json(judge_run(world, bundle, OUTPUT / "archive")))
            _stay(console, stage)
        stage.dashboard.stop()
        stage.worker.stop()


def _simulated(console: Console) -> World:
    with console.status("Simulating payments …"):
        return simulated_world()


def _from_file(console: Console, path: Path) -> World:
    with console.status(f"Reading {path.name} …"):
        contents = read_transactions(path)
    target = Path(f"{path.stem}.columns.toml")
    save_columns(contents.columns, target)
    console.print(f"Columns of {path.name}, saved as {target} (edit it and pass it with --columns to replay):")
    console.print(format_columns(contents.columns), markup=False)
    if contents.malformed:
        console.print(f"{len(contents.malformed):,} malformed rows left out; the first: {contents.malformed[0]}")
    return file_world(path, contents)


def _train(console: Console, world: World) -> Bundle:
    with console.status(f"Training on {len(world.training):,} payments …"):
        bundle = train(
            enrich_embedded(world.training),
            None if world.labels is None else labels_from_truth(world.training, world.labels, LABEL_DELAY),
            timing=Timing(delay_hours=LABEL_DELAY // timedelta(hours=1)),
            label_source="the file's labels",
        )
    manifest = bundle.manifest
    console.print(f"bundle {bundle.version}: score kind [bold]{manifest.score_kind}[/bold]. {manifest.why}")
    return bundle


@contextmanager
def _opened(console: Console, scratch: Path) -> Iterator[Stage]:
    console.print("Starting an embedded broker, an embedded S3, a worker and the dashboard …")
    with open_stage(scratch / "bundle", scratch) as stage:
        console.print(f"[bold]dashboard at {stage.dashboard.address}[/bold]: open it now, the history comes first")
        console.print(
            f"embedded Kafka broker at {stage.settings.kafka_bootstrap}, embedded S3 at {stage.aws.endpoint},"
            f" worker process {stage.worker.pid}"
        )
        yield stage


def _save(archive: Path, result: Summary, target: Path | None) -> None:
    """Put the archive's copy and the summary in place, each whole or not at all."""
    final = OUTPUT / "archive"
    OUTPUT.mkdir(exist_ok=True)
    shutil.rmtree(final, ignore_errors=True)
    shutil.move(archive, final)
    if target is not None:
        draft = target.with_name(f".{target.name}.part")
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(result)) + b"\n")
        draft.replace(target)


def _stay(console: Console, stage: Stage) -> None:
    """Leave everything up, and say how other terminals reach it."""
    console.print(f"\nStaying up until Ctrl-C. The dashboard: [bold]{stage.dashboard.address}[/bold]")
    console.print("In another terminal:")
    for name, value in stage.for_others().items():
        console.print(f"  export {name}={value}", soft_wrap=True)
    while True:
        stage.worker.check()
        stage.dashboard.check()
        time.sleep(0.5)


def _command() -> str:
    """Return how this command line is called here: by name where the shell finds it, else by its path."""
    return "riskstream" if shutil.which("riskstream") else os.path.relpath(sys.argv[0])


def _as_interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
