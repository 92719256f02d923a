"""The demo's live part: history first, then live payments at a fixed rate, with alerts printed as they arrive."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from scripts.alerts import describe
from scripts.demonstration.follow import AlertFollower
from scripts.demonstration.stage import Stage
from scripts.demonstration.world import World
from stream.errors import StreamError
from stream.publishing import Borders, DeliveryReport, PublishConfig, publish
from stream.stepping import InStep
from stream.timeline import Event

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
            before = [label for label in world.observed if label.observed_at < world.border]
            after = [label for label in world.observed if label.observed_at >= world.border]
            task = progress.add_task("history", total=len(world.backfill) + len(before), rate="")
            _replay(stage, [*world.backfill, *before], progress, task, backfill=True)
            task = progress.add_task("live", total=len(world.live) + len(after), rate="")
            with InStep(stage.settings.kafka_client(), after) as borders:
                _replay(stage, [*world.live, *after], progress, task, rate=rate, borders=borders)
            time.sleep(LAST_ALERTS_SECONDS)
    return follower


def _replay(
    stage: Stage,
    events: Sequence[Event],
    progress: Progress,
    task: TaskID,
    *,
    rate: float | None = None,
    backfill: bool = False,
    borders: Borders | None = None,
) -> None:
    """Publish, never further ahead of the archive than the broker keeps, and wait until all is archived."""

    def on_progress(report: DeliveryReport) -> None:
        progress.update(task, completed=report.acknowledged, rate=f"{report.per_second:,.0f}/s")

    # The embedded broker gives one batch a fetch, so that very small batches would queue up behind each other.
    config = PublishConfig(client=stage.settings.kafka_client(), rate=rate, backfill=backfill, linger_ms=LINGER_MS)
    report = publish(events, config, on_progress, stage.admit, borders)
    if report.interrupted:
        raise KeyboardInterrupt
    if report.acknowledged != len(events):
        raise StreamError(f"{len(events) - report.acknowledged:,} records did not arrive: {report.first_failure}")
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
