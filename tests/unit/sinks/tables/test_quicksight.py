"""Facts about what QuickSight is given."""

import botocore.session
import pytest
from botocore.validate import ParamValidator

from sinks.tables.quicksight import data_set, export_prefix, manifest
from sinks.tables.views import VIEWS, View, view_named

SOURCE = "arn:aws:quicksight:eu-central-1:123456789012:datasource/athena"


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_quicksight_takes_every_data_set(view: View) -> None:
    model = botocore.session.get_session().get_service_model("quicksight")

    report = ParamValidator().validate(
        data_set(view, SOURCE, "fraud"), model.operation_model("CreateDataSet").input_shape
    )

    assert not report.has_errors(), report.generate_report()


def test_types_are_those_that_quicksight_knows() -> None:
    known = botocore.session.get_session().get_service_model("quicksight").shape_for("InputColumnDataType").enum
    found = {
        column["Type"]
        for view in VIEWS
        for table in data_set(view, SOURCE, "fraud")["PhysicalTableMap"].values()
        for column in table["RelationalTable"]["InputColumns"]
    }

    assert found <= set(known)
    assert found == {"STRING", "DECIMAL", "DATETIME", "BOOLEAN", "INTEGER"}


def test_a_data_set_reads_a_view_through_athena() -> None:
    made = data_set(view_named("value_at_risk"), SOURCE, "fraud", "SPICE")
    (table,) = made["PhysicalTableMap"].values()

    assert made["AwsAccountId"] == "123456789012"
    assert made["ImportMode"] == "SPICE"
    assert table["RelationalTable"] == {
        "DataSourceArn": SOURCE,
        "Catalog": "AwsDataCatalog",
        "Schema": "fraud",
        "Name": "value_at_risk",
        "InputColumns": [
            {"Name": "date", "Type": "STRING"},
            {"Name": "hour", "Type": "DATETIME"},
            {"Name": "currency", "Type": "STRING"},
            {"Name": "payments", "Type": "INTEGER"},
            {"Name": "accounts", "Type": "INTEGER"},
            {"Name": "amount", "Type": "DECIMAL"},
            {"Name": "largest_amount", "Type": "DECIMAL"},
        ],
    }


def test_lists_which_quicksight_does_not_take_are_left_out() -> None:
    (table,) = data_set(view_named("assessments"), SOURCE, "fraud")["PhysicalTableMap"].values()
    names = {column["Name"] for column in table["RelationalTable"]["InputColumns"]}

    assert names.isdisjoint({"reasons", "reason_codes", "features", "degraded"})
    assert {"assessment_id", "event_time", "date"} <= names


def test_a_manifest_is_for_the_csv_files_of_a_view() -> None:
    assert manifest(export_prefix("archive", "", "by_country")) == {
        "fileLocations": [{"URIPrefixes": ["s3://archive/exports/by_country/"]}],
        "globalUploadSettings": {
            "format": "CSV",
            "delimiter": ",",
            "textqualifier": '"',
            "containsHeader": "true",
        },
    }
