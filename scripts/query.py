"""`riskstream query`: SQL over the archive with DuckDB, which runs in this process and reads S3 through Arrow."""

import csv
import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import duckdb
import msgspec
import typer
from pyarrow import ArrowException
from rich.table import Table
from rich.text import Text

from detectors.errors import RiskstreamError
from detectors.masking import printable
from scripts.options import WRONG_USAGE, fail, settings_from
from scripts.pipes import PipeConsole, until_reader_leaves
from sinks.archive import open_archive, open_local_archive
from sinks.errors import ArchiveError
from sinks.kinds import ASSESSMENT, EXPLANATION, Kind
from sinks.tables.views import EXPLANATIONS, EXPLANATIONS_RAW, RAW, VIEWS, create_view
from stream.settings import Settings

SHOWN_ROWS = 1000
"""A table longer than that is cut; --json and --csv print everything."""
WIDEST_TABLE = 12
"""With more columns than that, rows are printed as blocks of lines."""

_json = msgspec.json.Encoder(decimal_format="number", enc_hook=str)


def query(
    sql: Annotated[str, typer.Argument(help="One SQL statement, in DuckDB's dialect.")],
    path: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="A local copy of the archive, instead of S3.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV with a header; lists as JSON.")] = False,
) -> None:
    """Ask the archive on S3 with SQL.

    The view assessments holds every assessment once. Made from it are
    alerts_per_hour, score_distribution, value_at_risk and by_country;
    docs/archive.md lists their columns. Conditions on date, the UTC day of the
    payment, limit what is read. The table assessments_raw also has what was
    written twice after a crash. The view explanations holds every explanation
    of an alert. Account ids are not masked.

    Exits with 0, with 1 when the query or the archive fails, with 2 on wrong
    options.

    Alerts per hour:

    riskstream query "SELECT hour, alerts FROM alerts_per_hour ORDER BY hour"

    Value at risk of a day, by currency:

    riskstream query "SELECT currency, sum(amount) AS amount FROM value_at_risk
    WHERE date = '2026-03-14' GROUP BY currency"

    Reasons of a week:

    riskstream query "SELECT unnest(reason_codes) AS reason, count(*) AS n
    FROM assessments WHERE date BETWEEN '2026-03-02' AND '2026-03-08'
    GROUP BY reason ORDER BY n DESC"
    """
    if as_json and as_csv:
        typer.echo("error: choose one of --json and --csv", err=True)
        raise typer.Exit(WRONG_USAGE)
    settings = settings_from()
    try:
        archive, explanations = _opened(settings, path, ASSESSMENT), _opened(settings, path, EXPLANATION)
        if not archive.files:
            typer.echo(f"note: the archive in {path or f's3://{settings.s3_bucket}'} is still empty", err=True)
        names, rows = run_query(archive, sql, explanations)
    except RiskstreamError as error:
        fail(error)
    show = _show_json if as_json else _show_csv if as_csv else _show_table
    with until_reader_leaves():
        show(names, rows)
        sys.stdout.flush()


def _opened(settings: Settings, path: Path | None, kind: Kind) -> Any:
    if path is not None:
        return open_local_archive(path, kind)
    return open_archive(settings.s3_bucket, settings.s3_prefix, settings.s3_endpoint, kind)


def run_query(archive: Any, sql: str, explanations: Any = None) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run one statement over an Arrow data set of the archive; return the columns' names and the rows.

    `explanations` is the data set of explanations, where the statement may ask for them.
    """
    # Extensions would be downloaded, and Python variables are no tables.
    off = ("autoinstall_known_extensions", "autoload_known_extensions", "python_enable_replacements")
    config: dict[str, Any] = dict.fromkeys(off, "false")
    with duckdb.connect(config=config) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register(RAW, archive)
        for view in VIEWS:
            connection.execute(create_view(view, "duckdb"))
        if explanations is not None:
            connection.register(EXPLANATIONS_RAW, explanations)
            connection.execute(create_view(EXPLANATIONS, "duckdb"))
        try:
            relation = connection.sql(sql)
            if relation is None:
                return [], []
            result = relation.to_arrow_table()
        except (duckdb.Error, OSError, ArrowException) as error:
            raise ArchiveError(f"the query failed: {error}") from error
    return result.column_names, list(zip(*(column.to_pylist() for column in result.columns), strict=True))


def _show_json(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    for row in rows:
        sys.stdout.write(_json.encode(dict(zip(names, row, strict=True))).decode() + "\n")


def _show_csv(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_text(value) for value in row] for row in rows)


def _show_table(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    # Into a file or pipe a table is as wide as it needs to be.
    console = PipeConsole(highlight=False, width=None if sys.stdout.isatty() else 10_000)
    shown = rows[:SHOWN_ROWS]
    if len(names) <= WIDEST_TABLE:
        console.print(_table(names, shown))
    else:
        for row in shown:
            console.print(_block(names, row))
    if len(rows) > len(shown):
        typer.echo(f"note: the first {len(shown):,} of {len(rows):,} rows; --json and --csv print all", err=True)


def _table(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for index, name in enumerate(names):
        numbers = bool(rows) and all(isinstance(row[index], int | float | None) for row in rows)
        table.add_column(Text(printable(name)), justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(_text(value))) for value in row))
    return table


def _block(names: Sequence[str], row: Sequence[Any]) -> Text:
    width = max(map(len, names))
    lines = (
        f"{printable(name):{width}}  {printable(_text(value))}\n" for name, value in zip(names, row, strict=True)
    )
    return Text("".join(lines))


def _text(value: Any) -> str:
    """Write a value as plain text: nothing for null, ISO 8601 for times, JSON for lists and structs."""
    match value:
        case None:
            return ""
        case str():
            return value
        case datetime() | date():
            return value.isoformat().replace("+00:00", "Z")
        case list() | dict() | tuple() | bool():
            return _json.encode(value).decode()
        case _:
            return str(value)
