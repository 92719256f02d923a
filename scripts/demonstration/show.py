"""The demo's live part: history first, then live payments at a fixed rate, with alerts printed as they arrive."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from detectors.transaction import Transaction
from scripts.alerts import describe
from scripts.demonstration.follow import AlertFollower
from scripts.demonstration.stage import Stage
from scripts.demonstration.world import World
from stream.errors import StreamError
from stream.publishing import DeliveryReport, PublishConfig, publish

LINGER_MS = 40
LAST_ALERTS_SECONDS = 2.0
"""How long the last alerts may take once the last assessment is archived."""


def show(console: Console, stage: Stage, world: World, rate: float) -> AlertFollower:
    """Replay the world through the running pipeline and return the subscriber that saw its alerts."""
    with _progress(console) as progress:
        follower = AlertFollower(
            stage.settings.kafka_client(), lambda event: progress.console.print(describe(event), soft_wrap=True)
        )
        with follower:
            task = progress.add_task("history", total=len(world.backfill), rate="")
            _replay(stage, world.backfill, progress, task, backfill=True)
            task = progress.add_task("live", total=len(world.live), rate="")
            _replay(stage, world.live, progress, task, rate=rate)
            time.sleep(LAST_ALERTS_SECONDS)
    return follower


def _replay(
    stage: Stage,
    transactions: Sequence[Transaction],
    progress: Progress,
    task: TaskID,
    *,
    rate: float | None = None,
    backfill: bool = False,
) -> None:
    """Publish, never further ahead of the archive than the broker keeps, and wait until all is archived."""

    def on_progress(report: DeliveryReport) -> None:
        progress.update(task, completed=report.acknowledged, rate=f"{report.per_second:,.0f}/s")

    # The embedded broker gives one batch a fetch, so that very small batches would queue up behind each other.
    config = PublishConfig(client=stage.settings.kafka_client(), rate=rate, backfill=backfill, linger_ms=LINGER_MS)
    report = publish(transactions, config, on_progress, stage.admit)
    if report.interrupted:
        raise KeyboardInterrupt
    if report.acknowledged != len(transactions):
        raise StreamError(
            f"{len(transactions) - report.acknowledged:,} payments did not arrive: {report.first_failure}"
        )
    stage.wait_until_archived()


@contextmanager
def _progress(console: Console) -> Iterator[Progress]:
    columns = (
        TextColumn("{task.description:8}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        yield progress
