"""Says on a terminal what a long command is doing, one stage after the other; elsewhere it is silent."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Stages:
    """What is being done, and how much of it is."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress = progress
        self._task = progress.add_task(name, total=None)

    def begin(self, what: str, total: int | None = None) -> None:
        """Start a stage of `total` steps; None for one that cannot tell."""
        self._progress.reset(self._task, total=total, description=what)

    def advance(self, steps: int) -> None:
        """Be so many steps further."""
        self._progress.advance(self._task, steps)


@contextmanager
def stages_of(name: str) -> Iterator[Stages]:
    """Show stages on standard error while the block runs, if it is a terminal."""
    console = Console(stderr=True, highlight=False)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield Stages(progress, name)
