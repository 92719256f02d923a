"""What the commands that publish share: malformed rows named, a bar while records go out, and the last word."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from scripts.options import FAILED
from stream.publishing import DeliveryReport
from stream.sources.files import MalformedRow

INTERRUPTED = 130
SHOWN_MALFORMED = 10


def warn_of_malformed(rows: Sequence[MalformedRow]) -> None:
    """Name the first rows that could not be read, and say how many there are."""
    for row in rows[:SHOWN_MALFORMED]:
        typer.echo(f"malformed: {row}", err=True)
    if rows:
        typer.echo(f"{len(rows):,} malformed rows left out", err=True)


@contextmanager
def delivery_progress(
    console: Console, doing: str, total: int | None
) -> Iterator[Callable[[DeliveryReport], None]]:
    """Give what shows how far it is, on a terminal; total None means without end."""
    columns = (TextColumn(doing), BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    hidden = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as progress:
        task = progress.add_task("", total=total)

        def show(report: DeliveryReport) -> None:
            words = f"{report.acknowledged:,} acknowledged, {report.per_second:,.0f}/s"
            progress.update(task, completed=report.acknowledged, description=words)

        yield show


def conclude(report: DeliveryReport, what: str) -> None:
    """Print the delivery report and exit as it deserves; `what` names one record in words."""
    typer.echo(
        f"{report.sent:,} sent, {report.acknowledged:,} acknowledged, {report.failed:,} failed"
        f" in {report.seconds:.1f} s ({report.per_second:,.0f}/s)"
    )
    if report.interrupted:
        raise typer.Exit(INTERRUPTED)
    if report.acknowledged < report.sent:
        typer.echo(f"error: not every {what} arrived: {report.first_failure}", err=True)
        raise typer.Exit(FAILED)
