"""Manners of a command whose output is read by another program: it ends quietly when the reader leaves."""

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from rich.console import Console


@contextmanager
def until_reader_leaves() -> Iterator[None]:
    """End the block, without an error, once nobody reads standard output any more (`riskstream ... | head`)."""
    try:
        yield
    except BrokenPipeError:
        # The interpreter flushes once more at exit, and would complain then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def check_reader() -> None:
    """Raise BrokenPipeError if the reader of standard output left, which writing alone would notice too late."""
    try:
        descriptor = sys.stdout.fileno()
    except OSError:  # standard output is not a file, as in tests
        return
    poll = select.poll()
    poll.register(descriptor, 0)
    if any(event & select.POLLERR for _, event in poll.poll(0)):
        raise BrokenPipeError


class PipeConsole(Console):
    """A rich console that leaves broken pipes to `until_reader_leaves`."""

    def on_broken_pipe(self) -> NoReturn:
        """Let the error through; rich would exit with 1."""
        raise BrokenPipeError
