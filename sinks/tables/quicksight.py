"""The views for QuickSight: data sets that read them through Athena, and a manifest for files that it imports.

QuickSight imports text only, never Parquet: the manifest is for views that were exported as CSV.
"""

from typing import Any, Final, Literal

from sinks.tables.spelling import quicksight_type
from sinks.tables.views import View

CATALOG: Final = "AwsDataCatalog"
"""Glue's, as Athena names it."""
EXPORTS: Final = "exports"
ImportMode = Literal["SPICE", "DIRECT_QUERY"]


def export_prefix(bucket: str, prefix: str, view: str) -> str:
    """Return where the CSV files of a view are to be put.

    >>> export_prefix("archive", "team/", "by_country")
    's3://archive/team/exports/by_country/'
    """
    return f"s3://{bucket}/" + f"{prefix.strip('/')}/{EXPORTS}/{view}/".lstrip("/")


def manifest(uri_prefix: str) -> dict[str, Any]:
    """Return a manifest of all files under `uri_prefix`, as `riskstream query --csv` prints them."""
    return {
        "fileLocations": [{"URIPrefixes": [uri_prefix]}],
        "globalUploadSettings": {
            "format": "CSV",
            "delimiter": ",",
            "textqualifier": '"',
            "containsHeader": "true",
        },
    }


def data_set(view: View, data_source_arn: str, database: str, mode: ImportMode = "DIRECT_QUERY") -> dict[str, Any]:
    """Return what `aws quicksight create-data-set --cli-input-json` takes; columns of lists are left out.

    `data_source_arn`: of a data source of the type ATHENA; its account becomes the data set's.
    """
    table = view.name.replace("_", "-")
    types = {column.name: quicksight_type(column.type) for column in view.columns}
    # As text it comes from Athena, see `sinks/tables/glue.py`.
    columns = [
        {"Name": name, "Type": "STRING" if name == "date" else kind} for name, kind in types.items() if kind
    ]
    return {
        "AwsAccountId": data_source_arn.split(":")[4],
        "DataSetId": f"riskstream-{table}",
        "Name": f"riskstream {view.name}",
        "ImportMode": mode,
        "PhysicalTableMap": {
            table: {
                "RelationalTable": {
                    "DataSourceArn": data_source_arn,
                    "Catalog": CATALOG,
                    "Schema": database,
                    "Name": view.name,
                    "InputColumns": columns,
                }
            }
        },
        "LogicalTableMap": {
            f"{table}-dated": {
                "Alias": view.name,
                "Source": {"PhysicalTableId": table},
                "DataTransforms": [
                    {
                        "CastColumnTypeOperation": {
                            "ColumnName": "date",
                            "NewColumnType": "DATETIME",
                            "Format": "yyyy-MM-dd",
                        }
                    }
                ],
            }
        },
    }
