"""Facts about the archive as a table of the Glue catalogue."""

import botocore.session
import sqlglot
from botocore.validate import ParamValidator

from sinks.columns import COLUMNS
from sinks.tables.glue import create_table, table_input, table_location

LOCATION = table_location("riskstream-archive", "team/risk/")


def test_it_lies_where_the_worker_writes() -> None:
    assert LOCATION == "s3://riskstream-archive/team/risk/assessments/"


def test_glue_takes_the_table() -> None:
    model = botocore.session.get_session().get_service_model("glue")
    shape = model.operation_model("CreateTable").input_shape

    report = ParamValidator().validate({"DatabaseName": "fraud", "TableInput": table_input(LOCATION)}, shape)

    assert not report.has_errors(), report.generate_report()


def test_nothing_in_a_comment_ends_it() -> None:
    comments = [each["Comment"] for each in table_input(LOCATION)["StorageDescriptor"]["Columns"]]

    assert not set("';`") & set("".join(comments))
    assert max(map(len, comments)) <= 255, "Glue's limit"


def test_the_statement_and_the_table_input_say_the_same() -> None:
    """Read back by a parser of Athena's dialect."""
    given = table_input(LOCATION, since="2026-01-01")
    parsed = sqlglot.parse_one(create_table(LOCATION, "fraud", since="2026-01-01"), dialect="athena")
    statement = parsed.sql(dialect="athena")
    columns = parsed.find(sqlglot.exp.Schema).expressions

    assert [each.name for each in columns] == [column.name for column in COLUMNS]
    kinds = [each.args["kind"].sql(dialect="hive").lower().replace(" ", "").replace("`", "") for each in columns]
    assert kinds == [each["Type"] for each in given["StorageDescriptor"]["Columns"]]
    assert "PARTITIONED BY (`date` STRING" in statement
    assert f"LOCATION '{LOCATION}'" in statement
    for name, value in given["Parameters"].items():
        assert name == "EXTERNAL" or f"'{name}'='{value}'" in statement


def test_dates_are_projected_from_the_first_one_asked_for() -> None:
    given = table_input(LOCATION, since="2026-01-01")

    assert given["PartitionKeys"][0]["Name"] == "date"
    assert given["Parameters"]["projection.date.range"] == "2026-01-01,NOW+1DAYS"


def test_lists_are_spelled_as_hive_does() -> None:
    kinds = {each["Name"]: each["Type"] for each in table_input(LOCATION)["StorageDescriptor"]["Columns"]}

    assert kinds["reasons"] == "array<struct<code:string,contribution:double,text:string>>"
    assert kinds["features"] == "array<double>"
    assert (kinds["event_time"], kinds["late"]) == ("timestamp", "boolean")
    assert (kinds["source_partition"], kinds["source_offset"]) == ("int", "bigint")
