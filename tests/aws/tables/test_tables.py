"""The archive on S3 as a table: in Glue's catalogue, and read by DuckDB and Arrow alike."""

import json
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from scripts.main import build
from scripts.query import run_query
from sinks import aws
from sinks.archive import ParquetArchive, open_archive, parquet_bytes, read_archive
from sinks.s3 import ensure_bucket
from sinks.schema import SCHEMA, columnise
from sinks.tables.glue import table_input, table_location
from stream.embedded.aws import EmbeddedAws
from tests.unit.sinks.assessments import EVENT_TIME, assessment, flushed

BUCKET, PREFIX = "archive-tables", "team"
OLDER = [name for name in SCHEMA.names if name not in ("ip_country", "reason_codes", "degraded", "provisional")]
"""The columns of an older version, which had another one besides."""
RECENT = [assessment(number, event_time=EVENT_TIME + timedelta(hours=number)) for number in range(30)]
OLD = [assessment(100 + number) for number in range(4)]


@pytest.fixture(scope="module")
def s3(embedded_aws: EmbeddedAws) -> Any:
    """An archive with rows that are there twice, and an object of an older schema."""
    client = aws.client("s3", embedded_aws.endpoint)
    ensure_bucket(client, BUCKET)
    archive = ParquetArchive(BUCKET, PREFIX, client)
    archive.write([flushed(*RECENT[:20]), flushed(*RECENT[10:], first=10)])
    older = columnise(OLD, 1, range(len(OLD))).select(OLDER).append_column("model", pa.array(["m"] * len(OLD)))
    name = f"{PREFIX}/assessments/date={EVENT_TIME.date()}/assessments-1-{0:020d}-{3:020d}.parquet"
    client.put_object(Bucket=BUCKET, Key=name, Body=parquet_bytes(older.replace_schema_metadata(None)))
    return client


def test_glue_keeps_the_table_and_it_names_where_the_objects_are(s3: Any, embedded_aws: EmbeddedAws) -> None:
    glue = aws.client("glue", embedded_aws.endpoint)
    location = table_location(BUCKET, PREFIX)
    glue.create_database(DatabaseInput={"Name": "fraud"})
    glue.create_table(DatabaseName="fraud", TableInput=table_input(location))

    kept = glue.get_table(DatabaseName="fraud", Name="assessments_raw")["Table"]

    assert [each["Name"] for each in kept["StorageDescriptor"]["Columns"]] == SCHEMA.names
    assert kept["Parameters"]["projection.enabled"] == "true"
    folder = kept["StorageDescriptor"]["Location"].removeprefix(f"s3://{BUCKET}/")
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=folder)["Contents"]
    assert len(listed) == s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] > 3
    assert all(each["Key"].removeprefix(folder).startswith("date=2026-03-1") for each in listed)


def test_duckdb_and_arrow_read_the_same_from_s3_objects_of_an_older_schema_too(
    s3: Any, embedded_aws: EmbeddedAws
) -> None:
    table = read_archive(BUCKET, PREFIX, endpoint=embedded_aws.endpoint)

    names, rows = run_query(
        open_archive(BUCKET, PREFIX, embedded_aws.endpoint),
        "SELECT * FROM assessments ORDER BY source_partition, source_offset",
    )

    assert [dict(zip(names, row, strict=True)) for row in rows] == table.to_pylist()
    assert table.num_rows == len(RECENT) + len(OLD)
    assert table["ip_country"].null_count == table.num_rows
    assert table["reason_codes"].null_count == len(OLD)


def test_the_command_answers_from_a_view(s3: Any, embedded_aws: EmbeddedAws) -> None:
    environment = {
        "RISKSTREAM_S3_BUCKET": BUCKET,
        "RISKSTREAM_S3_PREFIX": PREFIX,
        "RISKSTREAM_S3_ENDPOINT": embedded_aws.endpoint,
    }
    sql = "SELECT date, sum(alerts) AS alerts FROM alerts_per_hour GROUP BY date ORDER BY date"

    done = CliRunner().invoke(build("query"), ["query", sql, "--json"], env=environment)

    assert done.exit_code == 0, done.output
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"date": "2026-03-14", "alerts": 15 + len(OLD)},
        {"date": "2026-03-15", "alerts": 15},
    ]
