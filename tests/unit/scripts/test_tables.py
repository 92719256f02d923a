"""Facts about `riskstream tables`."""

import json

import pytest
from typer.testing import CliRunner, Result

from scripts.main import build
from sinks.tables.views import VIEWS

ARN = "arn:aws:quicksight:eu-central-1:123456789012:datasource/athena"


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(build("tables"), ["tables", *arguments], env=environment)


def test_the_bucket_is_that_of_the_settings_unless_it_is_given() -> None:
    environment = {"RISKSTREAM_S3_BUCKET": "theirs", "RISKSTREAM_S3_PREFIX": "team"}

    assert "LOCATION 's3://theirs/team/assessments/'" in run(**environment).stdout
    assert "LOCATION 's3://ours/x/assessments/'" in run("--bucket", "ours", "--prefix", "x", **environment).stdout


def test_glue_gets_json() -> None:
    printed = json.loads(run("--format", "glue", "--since", "2026-02-03").stdout)

    assert printed["Parameters"]["projection.date.range"].startswith("2026-02-03,")


def test_all_views_are_printed_each_a_statement() -> None:
    for dialect, start in (("athena", 'CREATE OR REPLACE VIEW "fraud"."'), ("duckdb", 'CREATE VIEW "')):
        printed = run("--format", "views", "--database", "fraud", "--dialect", dialect).stdout.split(";\n\n")

        assert len(printed) == len(VIEWS)
        assert all(
            statement.startswith(f'{start}{view.name}" AS\n')
            for view, statement in zip(VIEWS, printed, strict=True)
        )


def test_quicksight_gets_json_of_the_view_asked_for() -> None:
    made = json.loads(
        run("--format", "quicksight-dataset", "--view", "by_country", "--data-source-arn", ARN).stdout
    )
    manifest = json.loads(run("--format", "quicksight-manifest", "--view", "by_country", "--bucket", "b").stdout)

    assert made["DataSetId"] == "riskstream-by-country"
    assert manifest["fileLocations"] == [{"URIPrefixes": ["s3://b/exports/by_country/"]}]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--view", "nothing"), "there is no view nothing; choose one of assessments, alerts_per_hour"),
        (("--format", "quicksight-dataset"), "needs --data-source-arn"),
        (("--format", "quicksight-dataset", "--data-source-arn", "arn:aws:s3:::x"), "needs --data-source-arn"),
        (("--format", "quicksight-manifest", "--since", "yesterday"), "2026-03-14"),
    ],
)
def test_wrong_options_are_named(arguments: tuple[str, ...], told: str) -> None:
    done = run(*arguments)

    assert done.exit_code == 2
    assert told in done.stderr
