"""Reads what came out about payments: files of labels in full or in short, and the truth in a file of payments.

What a file does not tell is taken from the payments or from the delay that the caller names, never guessed at.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from detectors.diagnosis import EARLIEST_TIME, LATEST_TIME
from detectors.labels import DISPOSITIONS, LABEL_SOURCES, Label, LabelSource, labels_from_truth
from detectors.transaction import Transaction
from stream.errors import StreamError
from stream.sources.cells import CellError, Reader, cell_reader, is_absent, label_of, show_cell
from stream.sources.columns import POSITIVE, ColumnMap, fitting_builtin
from stream.sources.files import MalformedRow, MalformedRowError, read_transactions
from stream.sources.tables import Table, open_table

DEFAULT_DELAY: Final = timedelta(days=7)
"""How long after a fraud its label comes, where a file does not say: the delay of the handbook's protocol."""

_PAYMENT = ("transaction_id", "account_id", "merchant_id", "event_time")
_OBSERVED = frozenset({"disposition", "observed_at"})
"""Columns that a file of payments does not have."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class LabelFileError(StreamError):
    """A file does not tell what became of payments, or of which."""


@dataclass(frozen=True, slots=True)
class LabelContents:
    """What a file holds, in its order."""

    labels: list[Label]
    malformed: list[MalformedRow]


def read_labels(
    path: Path,
    *,
    columns: ColumnMap | None = None,
    payments: Iterable[Transaction] | None = None,
    delay: timedelta = DEFAULT_DELAY,
    source: LabelSource = "chargeback",
) -> LabelContents:
    """Read the labels of a file.

    A row is a label: transaction_id, account_id, merchant_id, event_time, disposition (or is_fraud), and where the
    file has them source and observed_at. Without account, merchant and time the `payments` give these. A file of
    payments that tells its frauds gives a label for each fraud.

    Parameters
    ----------
    columns:
        The names of the file's columns, where they are not our own nor those of a known file.
    delay:
        From a fraud to its label, where the file has no observed_at. That a payment was genuine is told by
        nobody then, so is_fraud = 0 gives no label.
    source:
        Of labels that name none.

    Raises:
        FileError, LabelFileError: it is no table, or lacks columns.
    """
    table = open_table(path)
    truth = None if _OBSERVED & set(table.header) else columns or fitting_builtin(table.header)
    if truth is not None and not truth.unmapped():
        return _read_truth(path, truth, delay)
    layout = _layout(table, columns, (*_PAYMENT, "source", "observed_at"))
    if not layout.names_payments and payments is None:
        raise LabelFileError(
            f"{table.name} names transactions only: give the file of their payments too, or add the columns"
            f" {', '.join(_PAYMENT[1:])}"
        )
    known = None if layout.names_payments else {each.transaction_id: each for each in payments or ()}
    found: list[Label | None] = []
    malformed: list[MalformedRow] = []
    for row in _judged_rows(table, layout, malformed.append):
        try:
            found.append(_label(row, known, delay, source))
        except MalformedRowError as error:
            malformed.append(error.row)
    malformed.sort(key=lambda row: row.line)
    return LabelContents([label for label in found if label is not None], malformed)


def read_frauds(path: Path) -> dict[str, bool]:
    """Return by transaction id what a file of labels says: fraud or genuine; inconclusive ones are left out.

    It needs the columns transaction_id and is_fraud or disposition; with observed_at the newest label of a payment
    holds, otherwise the last. A row that cannot be read raises MalformedRowError.
    """
    table = open_table(path)
    newest: dict[str, tuple[datetime, str]] = {}
    for row in _judged_rows(table, _layout(table, None, ("transaction_id", "observed_at")), _raise):
        observed_at = row.values.get("observed_at") or _LONG_AGO
        if observed_at >= newest.get(row.transaction_id, (_LONG_AGO, ""))[0]:
            newest[row.transaction_id] = (observed_at, row.disposition)
    told = {"confirmed_fraud": True, "false_positive": False}
    return {name: told[said] for name, (_, said) in newest.items() if said in told}


def write_labels(labels: Iterable[Label], path: Path) -> None:
    """Write labels to a CSV file that `read_labels` reads as it is."""
    fields = Label.__struct_fields__
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(fields)
        writer.writerows([_cell(getattr(label, field)) for field in fields] for label in labels)


def _cell(value: object) -> object:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def _read_truth(path: Path, columns: ColumnMap, delay: timedelta) -> LabelContents:
    contents = read_transactions(path, columns)
    if contents.labels is None:
        raise LabelFileError(
            f"{path.name} holds payments, but no column that tells which were fraud: add is_fraud, or name the"
            " column under [labels] of a column map"
        )
    # Payments of other centuries are refused by the worker: nobody waits for their labels.
    possible = (each for each in contents.transactions if each.event_time < LATEST_TIME)
    return LabelContents(labels_from_truth(possible, contents.labels, delay), contents.malformed)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Which column of a file is which field of a label, and how its cells are read."""

    columns: Mapping[str, str]
    readers: Mapping[str, Reader]

    @property
    def names_payments(self) -> bool:
        return set(_PAYMENT) <= set(self.columns)


def _layout(table: Table, columns: ColumnMap | None, fields: Sequence[str]) -> _Layout:
    """Return how to read the given fields, as far as the file has them, and what is said of each payment."""
    given = columns or ColumnMap(columns={})
    told = given.labels
    verdict = "disposition" if "disposition" in table.header else "is_fraud"
    wanted = {field: given.columns.get(field, field) for field in fields}
    wanted[verdict] = told.column if verdict == "is_fraud" and told is not None else verdict
    present = {field: column for field, column in wanted.items() if column in table.header}
    has = f"it has {', '.join(map(repr, table.header))}"
    if not {"transaction_id", verdict} <= set(present):
        raise LabelFileError(
            f"{table.name} needs the columns transaction_id and is_fraud (or disposition) in its first line; {has}"
        )
    for column in present.values():
        if table.header.count(column) > 1:
            raise LabelFileError(f"{table.name} has the column {column!r} twice; {has}")
    read_time = cell_reader("event_time", given.options)
    positive = frozenset(value.strip().lower() for value in (POSITIVE if told is None else told.positive))
    readers: dict[str, Reader] = {field: cell_reader(field, given.options) for field in _PAYMENT}
    readers |= {
        "observed_at": read_time,
        "source": partial(_read_word, LABEL_SOURCES),
        "disposition": partial(_read_word, DISPOSITIONS),
        "is_fraud": lambda cell: "confirmed_fraud" if label_of(cell) in positive else "false_positive",
    }
    return _Layout(present, readers)


def _read_word(words: Sequence[str], cell: object) -> str:
    text = label_of(cell)
    if text not in words:
        raise CellError(f"is not {', '.join(words[:-1])} or {words[-1]}")
    return text


class _Row(NamedTuple):
    """A row that says something about a payment."""

    file: str
    line: int
    values: dict[str, Any]
    """By field; None where the cell is empty."""

    @property
    def transaction_id(self) -> str:
        found: str = self.values["transaction_id"]
        return found

    @property
    def disposition(self) -> str:
        found: str = self.values["disposition" if "disposition" in self.values else "is_fraud"]
        return found

    def wrong(self, field: str, value: object, message: str) -> MalformedRowError:
        shown = None if value is None else show_cell(field, value)
        return MalformedRowError(MalformedRow(self.file, self.line, field, shown, message))


def _judged_rows(table: Table, layout: _Layout, on_malformed: Callable[[MalformedRow], None]) -> Iterator[_Row]:
    """Yield the rows that say something; what nobody has judged is no row, whatever else it holds."""
    verdict = layout.columns.get("disposition") or layout.columns["is_fraud"]
    for chunk in table.chunks(tuple(dict.fromkeys(layout.columns.values()))):
        for line, why in chunk.broken:
            on_malformed(MalformedRow(table.name, line, None, None, why))
        for at, line in enumerate(chunk.lines):
            if is_absent(chunk.cells[verdict][at]):
                continue
            try:
                yield _read_row(table.name, line, {name: cells[at] for name, cells in chunk.cells.items()}, layout)
            except MalformedRowError as error:
                on_malformed(error.row)


def _read_row(file: str, line: int, cells: Mapping[str, object], layout: _Layout) -> _Row:
    row = _Row(file, line, {})
    for field, column in layout.columns.items():
        cell = cells[column]
        try:
            row.values[field] = None if is_absent(cell) else layout.readers[field](cell)
        except CellError as error:
            raise row.wrong(field, cell, str(error)) from None
        if field in _PAYMENT and row.values[field] is None:
            raise row.wrong(field, None, "is empty, and required")
    return row


def _label(
    row: _Row, known: Mapping[str, Transaction] | None, delay: timedelta, source: LabelSource
) -> Label | None:
    values = row.values
    if known is None:
        account_id, merchant_id, event_time = (values[field] for field in _PAYMENT[1:])
    elif payment := known.get(row.transaction_id):
        account_id, merchant_id, event_time = payment.account_id, payment.merchant_id, payment.event_time
    else:
        raise row.wrong("transaction_id", row.transaction_id, "is not among the payments")
    if not EARLIEST_TIME <= event_time < LATEST_TIME:
        raise row.wrong("event_time", event_time.isoformat(), "does not lie between 1970 and 2199")
    observed_at = values.get("observed_at")
    if observed_at is None and "is_fraud" in values and row.disposition == "false_positive":
        return None
    if observed_at is None:
        observed_at = event_time.astimezone(UTC) + delay
    if observed_at < event_time:
        message = f"lies before event_time {event_time.isoformat()}: nothing is known before it happens"
        raise row.wrong("observed_at", observed_at.isoformat(), message)
    return Label(
        transaction_id=row.transaction_id,
        account_id=account_id,
        merchant_id=merchant_id,
        event_time=event_time,
        disposition=row.disposition,  # type: ignore[arg-type]  # _read_word admits nothing else
        source=values.get("source") or source,
        observed_at=observed_at,
    )


def _raise(row: MalformedRow) -> None:
    raise MalformedRowError(row)
