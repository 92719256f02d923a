"""The archive as an external table of the Glue catalogue, which Athena, Redshift Spectrum and Spark read.

Partitions are projected: nobody has to add the date of a new day, and no crawler runs.
"""

from typing import Any, Final

from sinks.archive import archive_folder
from sinks.columns import COLUMNS, DATE, SCHEMA_VERSION, Column
from sinks.tables.spelling import hive_type
from sinks.tables.views import RAW

SINCE: Final = "2020-01-01"
_INPUT: Final = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
_OUTPUT: Final = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
_SERDE: Final = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
_MEANING: Final = "every row of the archive, duplicates too, the view assessments has each assessment once"


def table_location(bucket: str, prefix: str = "") -> str:
    """Return the URL under which the archive's dates lie.

    >>> table_location("riskstream-archive", "team")
    's3://riskstream-archive/team/assessments/'
    """
    return f"s3://{bucket}/{archive_folder(prefix)}/"


def table_input(location: str, since: str = SINCE, table: str = RAW) -> dict[str, Any]:
    """Return a Glue `TableInput`, as boto3 and CloudFormation's `AWS::Glue::Table` take it.

    `location`: where the dates lie, as `table_location` gives it. `since`: the earliest event date
    that is looked for, "2026-03-14"; the fewer dates, the faster are queries without a condition on `date`.
    """
    return {
        "Name": table,
        "Description": _MEANING,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": table_properties(since),
        # Text, since dates that are projected are: "date BETWEEN '2026-03-02' AND '2026-03-08'" works everywhere.
        "PartitionKeys": [{"Name": DATE.name, "Type": "string", "Comment": comment(DATE)}],
        "StorageDescriptor": {
            "Columns": [
                {"Name": column.name, "Type": hive_type(column.type), "Comment": comment(column)}
                for column in COLUMNS
            ],
            "Location": location,
            "InputFormat": _INPUT,
            "OutputFormat": _OUTPUT,
            "SerdeInfo": {"SerializationLibrary": _SERDE, "Parameters": {"serialization.format": "1"}},
        },
    }


def table_properties(since: str = SINCE) -> dict[str, str]:
    """Return the table's parameters. Payments may be dated a little ahead, hence a day more than now."""
    return {
        "EXTERNAL": "TRUE",
        "classification": "parquet",
        "schema_version": SCHEMA_VERSION,
        "projection.enabled": "true",
        "projection.date.type": "date",
        "projection.date.format": "yyyy-MM-dd",
        "projection.date.range": f"{since},NOW+1DAYS",
        "projection.date.interval": "1",
        "projection.date.interval.unit": "DAYS",
    }


def create_table(location: str, database: str, since: str = SINCE, table: str = RAW) -> str:
    """Return the same table as a statement for Athena."""
    columns = ",\n".join(
        f"  `{column.name}` {hive_type(column.type)} COMMENT '{comment(column)}'" for column in COLUMNS
    )
    given = {name: value for name, value in table_properties(since).items() if name != "EXTERNAL"}
    properties = ",\n".join(f"  '{name}' = '{value}'" for name, value in given.items())
    return (
        f"CREATE EXTERNAL TABLE IF NOT EXISTS `{database}`.`{table}` (\n{columns}\n)\n"
        f"COMMENT '{_MEANING}'\n"
        f"PARTITIONED BY (`{DATE.name}` string COMMENT '{comment(DATE)}')\n"
        f"STORED AS PARQUET\nLOCATION '{location}'\nTBLPROPERTIES (\n{properties}\n)"
    )


def comment(column: Column) -> str:
    """Return a column's meaning without the marks that SQL reads otherwise."""
    return column.meaning.replace("`", "").replace("'", "").replace(";", ",")
