"""The CloudFormation template: sound to its linter, deployed to an emulator, and careful with what it allows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from cfnlint import decode
from cfnlint.api import lint_file
from moto import mock_aws

from serving.aws_lambda.settings import LambdaSettings
from sinks.tables.glue import table_input, table_location

TEMPLATE = Path(__file__).parents[3] / "deploy" / "riskstream.yaml"
REGION = "us-east-1"
IMAGE = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/riskstream-lambda:0.1.0"
ENDPOINT = {
    "EndpointImageUri": f"123456789012.dkr.ecr.{REGION}.amazonaws.com/riskstream-sagemaker:0.1.0",
    "ModelDataUrl": "s3://models/model.tar.gz",
    "EndpointInstanceType": "ml.c5.large",
}
NOT_IN_MOTO = {
    "AWS::CloudWatch::Alarm",
    "AWS::Glue::Database",
    "AWS::Glue::Table",
    "AWS::S3::BucketPolicy",
    "AWS::SQS::QueuePolicy",
}
"""Types that the emulator passes over."""
NAMELESS = {"ecr:GetAuthorizationToken", "cloudwatch:PutMetricData"}
"""Actions for which AWS knows no resource."""


def template() -> dict[str, Any]:
    parsed, problems = decode.decode(str(TEMPLATE))
    assert not problems
    return dict(parsed)


RESOURCES: dict[str, dict[str, Any]] = template()["Resources"]


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    return {name: each["Properties"] for name, each in RESOURCES.items() if each["Type"] == kind}


def roles_statements() -> Iterator[dict[str, Any]]:
    for role in of_type("AWS::IAM::Role").values():
        for policy in role["Policies"]:
            yield from policy["PolicyDocument"]["Statement"]
    for policy in of_type("AWS::IAM::RolePolicy").values():
        yield from policy["PolicyDocument"]["Statement"]


def actions(statement: dict[str, Any]) -> set[str]:
    given = statement["Action"]
    return {given} if isinstance(given, str) else set(given)


def test_its_linter_finds_nothing() -> None:
    assert [str(each) for each in lint_file(TEMPLATE)] == []


def test_the_linter_would_find_something(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(TEMPLATE.read_text().replace("!Ref Memories\n", "!Ref Memory\n"))
    assert {each.rule.id for each in lint_file(broken)} == {"E1020"}


def test_no_role_may_do_everything_or_reach_everything() -> None:
    for statement in roles_statements():
        assert not any("*" in action for action in actions(statement)), statement
        if statement["Resource"] == "*":
            assert actions(statement) <= NAMELESS


def test_every_bucket_is_encrypted_closed_and_kept() -> None:
    buckets = of_type("AWS::S3::Bucket")
    assert set(buckets) == {"Archive", "Artifacts"}
    for name, bucket in buckets.items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
        assert RESOURCES[name]["DeletionPolicy"] == RESOURCES[name]["UpdateReplacePolicy"] == "Retain"
    denied = [policy["PolicyDocument"]["Statement"] for policy in of_type("AWS::S3::BucketPolicy").values()]
    assert all(statement["Effect"] == "Deny" for (statement,) in denied)
    assert len(denied) == len(buckets)


def test_streams_topics_queues_and_tables_are_encrypted() -> None:
    assert RESOURCES["Transactions"]["Properties"]["StreamEncryption"]["EncryptionType"] == "KMS"
    assert all(topic["KmsMasterKeyId"] for topic in of_type("AWS::SNS::Topic").values())
    assert all(queue["SqsManagedSseEnabled"] for queue in of_type("AWS::SQS::Queue").values())
    assert all(table["SSESpecification"]["SSEEnabled"] for table in of_type("AWS::DynamoDB::Table").values())


def test_marks_of_alerts_expire() -> None:
    table = RESOURCES["Memories"]["Properties"]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_mail_is_for_critical_alerts_only() -> None:
    assert RESOURCES["AlertsByEmail"]["Properties"]["FilterPolicy"] == {"risk_level": ["critical"]}


def test_its_table_is_the_one_that_the_product_prints() -> None:
    given = RESOURCES["AssessmentsRaw"]["Properties"]["TableInput"]
    location = given["StorageDescriptor"]["Location"]

    assert location == {"Fn::Sub": table_location("${Archive}")}
    assert given == table_input(location)


def test_every_variable_of_the_function_is_a_setting_of_it() -> None:
    told = RESOURCES["Function"]["Properties"]["Environment"]["Variables"]
    assert {name.removeprefix("RISKSTREAM_").lower() for name in told} <= set(LambdaSettings.model_fields)


def test_every_alarm_tells_somebody() -> None:
    alarms = of_type("AWS::CloudWatch::Alarm")
    assert len(alarms) == 5
    assert all(alarm["AlarmActions"] == [{"Ref": "Operators"}] for alarm in alarms.values())


# The emulator warns of every type that it passes over.
pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse .* but it's not supported:UserWarning")


@pytest.fixture(params=[{}, ENDPOINT], ids=["in-process", "endpoint"])
def deployed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """A stack on the emulator: what each name in the template became."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    given = {"ImageUri": IMAGE, "AlertEmail": "analysts@example.com", "ShardCount": "3", **request.param}
    with mock_aws():
        cloudformation = boto3.client("cloudformation")
        cloudformation.create_stack(
            StackName="riskstream",
            TemplateBody=TEMPLATE.read_text(),
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        )
        (stack,) = cloudformation.describe_stacks(StackName="riskstream")["Stacks"]
        assert stack["StackStatus"] == "CREATE_COMPLETE"
        made = cloudformation.describe_stack_resources(StackName="riskstream")["StackResources"]
        yield {
            each["LogicalResourceId"]: each["PhysicalResourceId"] for each in made if "LogicalResourceId" in each
        }


def test_a_deployed_function_reads_the_stream_in_order_and_reports_what_failed(deployed: dict[str, str]) -> None:
    (source,) = boto3.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    stream = boto3.client("kinesis").describe_stream(StreamName=deployed["Transactions"])["StreamDescription"]
    assert source["EventSourceArn"] == stream["StreamARN"]
    assert len(stream["Shards"]) == 3
    mapping = RESOURCES["TransactionsToFunction"]["Properties"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ParallelizationFactor"] == 1


def test_a_deployed_function_is_told_where_everything_is(deployed: dict[str, str]) -> None:
    settings = boto3.client("lambda").get_function_configuration(FunctionName=deployed["Function"])
    told = settings["Environment"]["Variables"]
    assert told["RISKSTREAM_MEMORY_TABLE"] == deployed["Memories"]
    assert told["RISKSTREAM_S3_BUCKET"] == deployed["Archive"]
    assert told["RISKSTREAM_SNS_TOPIC_ARN"] == deployed["Alerts"]
    assert told["RISKSTREAM_BUNDLE"] == f"s3://{deployed['Artifacts']}/bundles/current"
    assert ("Endpoint" in deployed) == bool(told["RISKSTREAM_SAGEMAKER_ENDPOINT"])


def test_everything_that_the_emulator_knows_was_deployed(deployed: dict[str, str]) -> None:
    optional = {name for name, each in RESOURCES.items() if "Condition" in each}
    known = {name for name, each in RESOURCES.items() if each["Type"] not in NOT_IN_MOTO}
    assert known - optional <= set(deployed)
