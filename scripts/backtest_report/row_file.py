"""Writes the feature rows of a backtest as JSON lines, for an endpoint to score.

The same input gives the same bytes, and the file has its name only once it is whole.
"""

import gzip
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from detectors.feature_rows import FeatureRow, encode_row
from scripts.backtest_report.document import ReportError
from stream.backtest import OnRows

SUFFIXES: Final = (".jsonl", ".jsonl.gz")


@contextmanager
def row_file(path: Path) -> Iterator[OnRows]:
    """Open a file for rows, compressed if its name says so; gives what takes them.

    Raises ReportError where it cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with ExitStack() as stack:
        with _writing(path):
            file = stack.enter_context(beside.open("wb"))
        stack.callback(beside.unlink, missing_ok=True)
        # Without name and time of day inside, so that the same rows give the same bytes.
        lines = gzip.GzipFile("", "wb", 6, file, mtime=0) if path.suffix == ".gz" else file

        def write(partition: int, rows: Sequence[FeatureRow]) -> None:
            with _writing(path):
                lines.writelines(encode_row(row) + b"\n" for row in rows)

        yield write
        with _writing(path):
            lines.close()
            file.close()
            beside.replace(path)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ReportError(f"{path} cannot be written ({error.strerror}): choose another place") from error
