"""Reads a CSV or Parquet file of payments into values, and names every row that is not one.

A row that cannot be read is counted and described, never guessed at; nothing is sorted or left out.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from detectors.transaction import Transaction
from stream.errors import StreamError
from stream.sources.cells import CellError, cell_reader, is_absent, label_of, show_cell
from stream.sources.columns import REQUIRED, ColumnMap, LabelColumns, fitting_builtin
from stream.sources.proposals import propose_columns
from stream.sources.tables import Chunk, Table, open_table

SAMPLE_ROWS = 200
"""How many rows a proposal looks at."""


class MalformedRow(msgspec.Struct, frozen=True):
    """A row that is no payment, in words that are safe to print."""

    file: str
    line: int
    """Where its row begins, as an editor counts; of a Parquet file the row, from 1."""
    field: str | None
    """None where the row as a whole is broken."""
    value: str | None
    """The offending cell, masked where it may be an identifier."""
    message: str

    def __str__(self) -> str:
        what = "" if self.field is None else f"{self.field} "
        shown = "" if self.value is None else f'"{self.value}" '
        return f"{self.file}, line {self.line}: {what}{shown}{self.message}"


class MalformedRowError(StreamError):
    """Reading was strict and met a row that is no payment."""

    def __init__(self, row: MalformedRow) -> None:
        super().__init__(str(row))
        self.row = row


class HeaderError(StreamError):
    """A file lacks columns that a payment needs, or that its column map names."""


@dataclass(frozen=True, slots=True)
class FileContents:
    """What a file holds."""

    columns: ColumnMap
    """The map that it was read with."""
    transactions: list[Transaction]
    """In the order of the file."""
    labels: dict[str, bool] | None
    """Transaction id -> fraud; only rows that carry a label; None where the file has no label column."""
    patterns: dict[str, str] | None
    """Transaction id -> kind of fraud, of the frauds only."""
    malformed: list[MalformedRow]
    """In the order of the file."""


def read_transactions(
    path: Path, columns: ColumnMap | None = None, *, strict: bool = False, limit: int | None = None
) -> FileContents:
    """Read the payments of a file, the first `limit` of them if given.

    Without `columns` the built-in map that fits is used, else a proposal made from headers and values. With
    `strict` the first malformed row raises MalformedRowError. A file that cannot be read as a table at all
    raises FileError, one without the needed columns HeaderError.
    """
    table = open_table(path)
    columns = _fit(table, columns)
    reading = _Reading(path.name, columns, strict)
    for chunk in table.chunks(columns.sources()):
        reading.add(chunk)
        if limit is not None and len(reading.transactions) >= limit:
            break
    return reading.contents(limit)


def detect_columns(path: Path) -> ColumnMap:
    """Return the map that `read_transactions` would use of itself: a built-in one that fits, else a proposal."""
    return _fit(open_table(path), None)


def _fit(table: Table, columns: ColumnMap | None) -> ColumnMap:
    """Return the map to read a table with, complete and naming only columns that exist once."""
    if columns is None:
        columns = fitting_builtin(table.header)
    if columns is None:
        columns = propose_columns(table.header, table.sample(SAMPLE_ROWS))
    has = f"The file has the columns {', '.join(map(repr, table.header))}."
    if missing := columns.unmapped():
        raise HeaderError(
            f"{table.name}: no column found for {', '.join(missing)}. {has} Write a column map, with lines such as"
            f' {missing[0]} = "<column>" under [columns], and pass it with --columns; see docs/replay.md'
        )
    for source in columns.sources():
        if (times := table.header.count(source)) != 1:
            problem = "does not exist" if times == 0 else f"exists {times} times"
            raise HeaderError(f"{table.name}: the column map names {source!r}, which {problem}. {has}")
    return columns


@dataclass(slots=True)
class _Reading:
    """What has been read of one file so far."""

    file: str
    columns: ColumnMap
    strict: bool
    transactions: list[Transaction] = field(default_factory=list)
    labels: dict[str, bool] = field(default_factory=dict)
    patterns: dict[str, str] = field(default_factory=dict)
    malformed: list[MalformedRow] = field(default_factory=list)

    def add(self, chunk: Chunk) -> None:
        """Read one chunk of rows, column by column."""
        broken: dict[int, MalformedRow] = {}
        values = {
            name: self._column(name, chunk.cells[source], chunk.lines, broken)
            for name, source in self.columns.columns.items()
        }
        if self.columns.options.number_rows:
            # Of the file's name too, so that rows of two files are never taken for one payment.
            tag = hashlib.blake2b(self.file.encode("utf-8", "replace"), digest_size=4).hexdigest()
            values["transaction_id"] = [f"{tag}-{line}" for line in chunk.lines]
        if self.columns.options.currency is not None:
            own = values.get("currency", [None] * len(chunk.lines))
            values["currency"] = [code or self.columns.options.currency for code in own]
        self._report(chunk, broken)
        names = tuple(values)
        built = [
            Transaction(**dict(zip(names, row, strict=True)))
            for number, row in enumerate(zip(*values.values(), strict=True))
            if number not in broken
        ]
        self.transactions += built
        if self.columns.labels is not None:
            self._label(self.columns.labels, chunk, built, broken)

    def _column(
        self, name: str, cells: Sequence[object], lines: Sequence[int], broken: dict[int, MalformedRow]
    ) -> list[object]:
        read = cell_reader(name, self.columns.options)
        if not any(map(is_absent, cells)):
            try:
                return [read(cell) for cell in cells]
            except CellError:
                pass  # Cell by cell, to find out which.
        values: list[object] = []
        for row, cell in enumerate(cells):
            try:
                values.append(_read_cell(name, cell, read))
            except CellError as error:
                values.append(None)
                shown = None if is_absent(cell) else show_cell(name, cell)
                broken.setdefault(row, MalformedRow(self.file, lines[row], name, shown, str(error)))
        return values

    def _report(self, chunk: Chunk, broken: dict[int, MalformedRow]) -> None:
        found = [MalformedRow(self.file, line, None, None, why) for line, why in chunk.broken]
        found = sorted([*found, *broken.values()], key=lambda row: row.line)
        if found and self.strict:
            raise MalformedRowError(found[0])
        self.malformed += found

    def _label(
        self, labels: LabelColumns, chunk: Chunk, built: Sequence[Transaction], broken: dict[int, MalformedRow]
    ) -> None:
        positive = {value.strip().lower() for value in labels.positive}
        kinds = chunk.cells[labels.pattern] if labels.pattern else [None] * len(chunk.lines)
        whole = (row for row in range(len(chunk.lines)) if row not in broken)
        for row, transaction in zip(whole, built, strict=True):
            said = chunk.cells[labels.column][row]
            if is_absent(said):
                continue
            fraud = label_of(said) in positive
            self.labels[transaction.transaction_id] = fraud
            if fraud and not is_absent(kinds[row]):
                self.patterns[transaction.transaction_id] = str(kinds[row])

    def contents(self, limit: int | None) -> FileContents:
        """Return what has been read, cut to the first `limit` payments."""
        transactions, labels, patterns = self.transactions, self.labels, self.patterns
        if limit is not None and len(transactions) > limit:
            transactions = transactions[:limit]
            ids = {transaction.transaction_id for transaction in transactions}
            labels = {id_: fraud for id_, fraud in labels.items() if id_ in ids}
            patterns = {id_: kind for id_, kind in patterns.items() if id_ in ids}
        told = self.columns.labels
        return FileContents(
            columns=self.columns,
            transactions=transactions,
            labels=labels if told else None,
            patterns=patterns if told and told.pattern else None,
            malformed=self.malformed,
        )


def _read_cell(name: str, cell: object, read: Callable[[object], object]) -> object:
    if not is_absent(cell):
        return read(cell)
    if name in REQUIRED:
        raise CellError("is empty, and required")
    return None
