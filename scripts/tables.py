"""`riskstream tables`: prints what makes the archive on S3 a set of tables for Athena, Glue and QuickSight."""

import json
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal, NoReturn

import typer

from scripts.options import WRONG_USAGE, settings_from
from sinks.tables import glue, quicksight
from sinks.tables.markdown import columns_table
from sinks.tables.views import ASSESSMENTS, VIEWS, Dialect, create_view, view_named

Format = Literal["athena", "glue", "views", "quicksight-manifest", "quicksight-dataset", "columns"]

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATA_SOURCE = re.compile(r"arn:aws[\w-]*:quicksight:[\w-]+:\d{12}:datasource/\S+")


def tables(
    form: Annotated[Format, typer.Option("--format", help="What to print.")] = "athena",
    bucket: Annotated[str | None, typer.Option(help="Default: RISKSTREAM_S3_BUCKET.")] = None,
    prefix: Annotated[str | None, typer.Option(help="Default: RISKSTREAM_S3_PREFIX.")] = None,
    database: Annotated[str, typer.Option(help="The Glue database that holds table and views.")] = "riskstream",
    since: Annotated[
        str, typer.Option(help="The earliest event date that Athena looks for. The fewer dates, the faster.")
    ] = glue.SINCE,
    view: Annotated[str, typer.Option(help="The view that QuickSight shows or imports.")] = ASSESSMENTS,
    data_source_arn: Annotated[
        str | None, typer.Option(help="QuickSight's data source of the type ATHENA, for quicksight-dataset.")
    ] = None,
    dialect: Annotated[Dialect, typer.Option(help="Of the views.")] = "athena",
) -> None:
    """Print the archive's tables for other tools; nothing is created.

    athena prints the statement for the table assessments_raw, views those of
    the views over it, glue the same table as JSON (a TableInput, for boto3 or
    CloudFormation), quicksight-dataset a data set of one view,
    quicksight-manifest the manifest for a view that was exported as CSV, and
    columns the documentation of a view's columns. docs/archive.md shows the way.

    Exits with 0, with 2 on wrong options.

    Example: riskstream tables --format athena --bucket my-archive

    Example: riskstream tables --format views --database fraud

    Example: riskstream tables --format quicksight-manifest --view by_country
    """
    known = [each.name for each in VIEWS]
    if view not in known:
        _refuse(f"there is no view {view}; choose one of {', '.join(known)}")
    if not _DATE.fullmatch(since):
        _refuse(f"--since {since} is no date; write it like 2026-03-14")
    settings = settings_from(s3_bucket=bucket, s3_prefix=prefix)
    location = glue.table_location(settings.s3_bucket, settings.s3_prefix)
    exports = quicksight.export_prefix(settings.s3_bucket, settings.s3_prefix, view)
    printed: dict[Format, Callable[[], str]] = {
        "athena": lambda: glue.create_table(location, database, since) + ";",
        "glue": lambda: _json(glue.table_input(location, since)),
        "views": lambda: _views(dialect, database),
        "quicksight-manifest": lambda: _json(quicksight.manifest(exports)),
        "quicksight-dataset": lambda: _data_set(view, data_source_arn, database),
        "columns": lambda: columns_table(view_named(view).columns),
    }
    typer.echo(printed[form]())


def _views(dialect: Dialect, database: str) -> str:
    # DuckDB has no database of that name: there the views are where the archive is.
    qualified = database if dialect == "athena" else None
    return "\n\n".join(f"{create_view(each, dialect, qualified)};" for each in VIEWS)


def _data_set(view: str, data_source_arn: str | None, database: str) -> str:
    if data_source_arn is None or not _DATA_SOURCE.fullmatch(data_source_arn):
        _refuse("quicksight-dataset needs --data-source-arn arn:aws:quicksight:<region>:<account>:datasource/<id>")
    return _json(quicksight.data_set(view_named(view), data_source_arn, database))


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2)


def _refuse(message: str) -> NoReturn:
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(WRONG_USAGE)
