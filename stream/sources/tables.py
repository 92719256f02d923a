"""Opens a CSV or Parquet file as a header and chunks of cells, without knowing what the cells mean."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple, Protocol, TextIO

import pyarrow
import pyarrow.parquet

from stream.errors import StreamError

CHUNK_ROWS = 8192
_DELIMITERS = ",;\t|"
_FOREIGN = {
    b"PK\x03\x04": "a zip archive or an Excel workbook; unpack it or save it as CSV",
    b"\x1f\x8b": "gzip-compressed; unpack it first",
    b"\xff\xfe": "UTF-16; save it as UTF-8",
    b"\xfe\xff": "UTF-16; save it as UTF-8",
}


class FileError(StreamError):
    """A file cannot be read as a table."""


class Chunk(NamedTuple):
    """Some consecutive rows of a file, by column."""

    lines: Sequence[int]
    """Where each row begins, from 1."""
    cells: dict[str, list[object]]
    """Column name -> one cell per row."""
    broken: list[tuple[int, str]]
    """Line and trouble of rows that are no rows; they are not among `lines`."""


class Table(Protocol):
    """A file with named columns. Each call reads it from its beginning."""

    @property
    def name(self) -> str:
        """The file's name, for messages."""

    @property
    def header(self) -> list[str]:
        """The names of its columns; a name may stand there twice."""

    def sample(self, rows: int) -> list[list[object]]:
        """Return its first rows, each in the order of the header."""

    def chunks(self, columns: Sequence[str]) -> Iterator[Chunk]:
        """Read the given columns, a chunk of rows at a time."""


def open_table(path: Path) -> Table:
    """Look at a file's first bytes and return it as a table; FileError says why it is none."""
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror or error}") from error
    if start.startswith(b"PAR1"):
        return _open_parquet(path)
    for magic, what in _FOREIGN.items():
        if start.startswith(magic):
            raise FileError(f"{path} is {what}")
    if not start.strip(b"\xef\xbb\xbf \t\r\n"):
        raise FileError(f"{path} is empty; its first line must name the columns")
    if b"\0" in start:
        raise FileError(f"{path} is neither CSV nor Parquet")
    return _open_csv(path)


@dataclass(frozen=True, slots=True)
class _CsvTable:
    path: Path
    header: list[str]
    delimiter: str

    @property
    def name(self) -> str:
        return self.path.name

    def sample(self, rows: int) -> list[list[object]]:
        width = len(self.header)
        with _open_text(self.path) as file:
            read = islice(_number_rows(file, self.delimiter), 1, rows + 1)
            return [list(row.cells) for row in read if len(row.cells) == width]

    def chunks(self, columns: Sequence[str]) -> Iterator[Chunk]:
        wanted = {name: self.header.index(name) for name in columns}
        with _open_text(self.path) as file:
            rows = _number_rows(file, self.delimiter)
            next(rows)
            for some in iter(lambda: list(islice(rows, CHUNK_ROWS)), []):
                yield self._chunk(some, wanted)

    def _chunk(self, rows: list["_NumberedRow"], wanted: dict[str, int]) -> Chunk:
        width = len(self.header)
        whole = [row for row in rows if row.trouble is None and len(row.cells) == width]
        broken = [
            (row.line, row.trouble or f"has {len(row.cells)} cells, the header has {width}")
            for row in rows
            if row.trouble is not None or len(row.cells) != width
        ]
        cells: dict[str, list[object]] = {name: [row.cells[at] for row in whole] for name, at in wanted.items()}
        return Chunk([row.line for row in whole], cells, broken)


class _NumberedRow(NamedTuple):
    line: int
    cells: list[str]
    trouble: str | None = None


def _open_text(path: Path) -> TextIO:
    # Bytes that are not UTF-8 survive as surrogates, so that one bad cell costs its row and not the file.
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def _open_csv(path: Path) -> _CsvTable:
    with _open_text(path) as file:
        first = next((line for line in file if line.strip()), "")
    delimiter = max(_DELIMITERS, key=first.count)
    with _open_text(path) as file:
        names = next(_number_rows(file, delimiter))
    if names.trouble is not None:
        raise FileError(f"{path}, line {names.line}: the header {names.trouble}")
    return _CsvTable(path, [cell.strip() for cell in names.cells], delimiter)


def _number_rows(file: TextIO, delimiter: str) -> Iterator[_NumberedRow]:
    """Read rows with the line each begins on, blank lines left out."""
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _NumberedRow(line, [], f"is not CSV: {error}; look for a quote that is not closed")
            continue
        if cells and (len(cells) > 1 or cells[0].strip()):
            yield _NumberedRow(line, cells)


@dataclass(frozen=True, slots=True)
class _ParquetTable:
    path: Path
    header: list[str]

    @property
    def name(self) -> str:
        return self.path.name

    def sample(self, rows: int) -> list[list[object]]:
        for chunk in self._read(list(dict.fromkeys(self.header)), rows):
            return [[chunk.cells[name][row] for name in self.header] for row in range(len(chunk.lines))]
        return []

    def chunks(self, columns: Sequence[str]) -> Iterator[Chunk]:
        return self._read(columns, CHUNK_ROWS)

    def _read(self, columns: Sequence[str], rows: int) -> Iterator[Chunk]:
        done = 0
        try:
            with pyarrow.parquet.ParquetFile(self.path) as file:
                for batch in file.iter_batches(batch_size=rows, columns=list(columns)):
                    cells = {name: _to_list(batch.column(name)) for name in columns}
                    yield Chunk(range(done + 1, done + 1 + batch.num_rows), cells, [])
                    done += batch.num_rows
        except (pyarrow.ArrowException, OSError) as error:
            raise FileError(f"{self.path} is a damaged Parquet file, after row {done}: {error}") from error


def _open_parquet(path: Path) -> _ParquetTable:
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            return _ParquetTable(path, list(file.schema_arrow.names))
    except (pyarrow.ArrowException, OSError) as error:
        raise FileError(f"{path} is a damaged Parquet file: {error}") from error


def _to_list(column: "pyarrow.Array") -> list[object]:
    if pyarrow.types.is_timestamp(column.type):
        # Python's datetime ends at microseconds.
        column = column.cast(pyarrow.timestamp("us", column.type.tz), safe=False)
    values: list[object] = column.to_pylist()
    return values
