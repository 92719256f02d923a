"""Column maps: which column of a file is which field of a payment.

Kaggle's bank CSV, the Fraud Detection Handbook's columns and our own come with the product; a user's own file
brings its map as TOML. Nothing here opens a data file.
"""

import json
import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, tzinfo
from importlib import resources
from pathlib import Path
from typing import Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from detectors.transaction import Currency, Transaction
from stream.errors import StreamError

FIELDS: tuple[str, ...] = Transaction.__struct_fields__
"""Every field of a payment, in the order of our own CSV."""

REQUIRED: tuple[str, ...] = tuple(field.name for field in msgspec.structs.fields(Transaction) if field.required)

BuiltinName = Literal["riskstream", "bank", "handbook"]
BUILTIN: tuple[BuiltinName, ...] = get_args(BuiltinName)

POSITIVE = ("1", "true", "yes", "fraud")
"""What a label column says of a fraud, unless its map says otherwise; case does not matter."""


class ColumnMapError(StreamError):
    """A column map cannot be read, or does not fit the file that it is used on."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the cells of a file are to be read."""

    timezone: str | None = None
    """The IANA zone of times that name none; without it such times are malformed."""
    time_format: str | None = None
    """A strptime format, or epoch_s or epoch_ms; without it times are ISO 8601."""
    currency: Currency | None = None
    """ISO 4217, of every amount that has none of its own."""
    number_rows: bool = False
    """The file has no transaction ids: number its rows."""


class LabelColumns(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a file tells its frauds."""

    column: str
    positive: tuple[str, ...] = POSITIVE
    """The values that mean fraud; an empty cell is a payment nobody has judged, any other value is genuine."""
    pattern: str | None = None
    """The column that tells what kind of fraud it was; for reports, never a feature."""


class ColumnMap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which column of a file is which field, and how its cells are read."""

    columns: Mapping[str, str]
    """Field -> the file's name for it."""
    options: Options = Options()
    labels: LabelColumns | None = None
    notes: tuple[str, ...] = ()
    """What a proposal took for granted, for the user to check; written to the file as comments."""

    def unmapped(self) -> tuple[str, ...]:
        """Return the required fields that no column gives.

        >>> ColumnMap(columns={"amount": "Sum"}, options=Options(number_rows=True)).unmapped()
        ('account_id', 'merchant_id', 'event_time')
        """
        numbered = {"transaction_id"} if self.options.number_rows else set()
        return tuple(field for field in REQUIRED if field not in self.columns and field not in numbered)

    def sources(self) -> tuple[str, ...]:
        """Return every column of the file that this map reads."""
        labels = (self.labels.column, self.labels.pattern) if self.labels else ()
        return (*self.columns.values(), *(name for name in labels if name is not None))

    def only(self, header: Iterable[str]) -> "ColumnMap":
        """Return this map without the columns that a file does not have."""
        present = set(header)
        columns = {field: name for field, name in self.columns.items() if name in present}
        labels = self.labels if self.labels and self.labels.column in present else None
        if labels and labels.pattern not in present:
            labels = msgspec.structs.replace(labels, pattern=None)
        return msgspec.structs.replace(self, columns=columns, labels=labels)


def zone(name: str) -> tzinfo:
    """Return the zone of that IANA name; UTC also where the system has no zone files."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f'timezone = "{name}" is no known zone; write "UTC" or a name such as "Europe/Berlin"'
        raise ColumnMapError(message) from error


def builtin_columns(name: BuiltinName) -> ColumnMap:
    """Return a map that comes with the product: our own names, Kaggle's bank CSV, or the handbook's."""
    file = resources.files("stream.sources") / f"{name}.toml"
    return _parse(file.read_text(encoding="utf-8"), name)


def fitting_builtin(header: Iterable[str]) -> ColumnMap | None:
    """Return the first built-in map whose required columns a file has, cut down to the columns it has."""
    present = tuple(header)
    for name in BUILTIN:
        cut = builtin_columns(name).only(present)
        if not cut.unmapped():
            return cut
    return None


def load_columns(path: Path) -> ColumnMap:
    """Read a column map; ColumnMapError says what is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ColumnMapError(f"the column map {path} cannot be read: {error}") from error
    return _parse(text, str(path))


def save_columns(columns: ColumnMap, path: Path) -> None:
    """Write a column map as TOML, its notes as comments."""
    path.write_text(format_columns(columns), encoding="utf-8")


def format_columns(columns: ColumnMap) -> str:
    """Return a column map as the TOML that `load_columns` reads."""
    lines = ["# Which column of the file is which field of a payment: field = column."]
    lines += [f"# {_one_line(note)}" for note in columns.notes]
    lines += ["", "[columns]", *_pairs(columns.columns)]
    options = msgspec.to_builtins(columns.options)
    if options:
        lines += ["", "[options]", *_pairs(options)]
    if columns.labels is not None:
        lines += ["", "[labels]", *_pairs(msgspec.to_builtins(columns.labels))]
    return "\n".join(lines) + "\n"


def _pairs(table: Mapping[str, object]) -> list[str]:
    # JSON writes strings, booleans and lists as TOML does, but for the raw DEL.
    values = {key: json.dumps(value, ensure_ascii=False) for key, value in table.items()}
    return [f"{key} = {value}".replace("\x7f", "\\u007f") for key, value in values.items()]


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _parse(text: str, where: str) -> ColumnMap:
    try:
        columns = msgspec.convert(tomllib.loads(text), ColumnMap)
    except tomllib.TOMLDecodeError as error:
        raise ColumnMapError(f"the column map {where} is not TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise ColumnMapError(f"the column map {where} is wrong: {error}; see docs/replay.md") from error
    unknown = [field for field in columns.columns if field not in FIELDS]
    if unknown:
        raise ColumnMapError(
            f"the column map {where} names {', '.join(unknown)}, which is no field of a payment;"
            f" the fields are {', '.join(FIELDS)}"
        )
    if columns.options.timezone is not None:
        try:
            zone(columns.options.timezone)
        except ColumnMapError as error:
            raise ColumnMapError(f"the column map {where}: {error}") from error
    return columns
