"""What Kinesis refuses is said in words, and what passes by itself is told apart."""

from datetime import UTC, datetime

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

from stream.kinesis.service import IteratorExpired, KinesisError, KinesisStream, StreamBusy
from stream.kinesis.shards import Shard, Start

MADE = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def client():
    return boto3.client("kinesis", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture
def stubber(client):
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def stream(client) -> KinesisStream:
    return KinesisStream(client, "payments")


@pytest.mark.parametrize(
    "code",
    [
        "ProvisionedThroughputExceededException",
        "LimitExceededException",
        "KMSThrottlingException",
        "InternalFailure",
    ],
)
def test_throttling_passes_by_itself(stream, stubber, code: str) -> None:
    stubber.add_client_error("get_records", code, http_status_code=400)
    with pytest.raises(StreamBusy, match=code):
        stream.read("iterator", 10)


def test_an_outage_passes_by_itself(stream, client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    monkeypatch.setattr(client, "get_records", fail)
    with pytest.raises(StreamBusy, match="check its address"):
        stream.read("iterator", 10)


def test_an_expired_iterator_is_told_apart(stream, stubber) -> None:
    stubber.add_client_error("get_records", "ExpiredIteratorException", http_status_code=400)
    with pytest.raises(IteratorExpired):
        stream.read("iterator", 10)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("ResourceNotFoundException", "does not exist, or was deleted"),
        ("AccessDeniedException", "may not use kinesis:ListShards"),
        ("KMSAccessDeniedException", "allow kms:Decrypt"),
        ("InvalidArgumentException", "kinesis:ListShards is refused"),
    ],
)
def test_what_somebody_has_to_mend_says_how(stream, stubber, code: str, told: str) -> None:
    stubber.add_client_error("list_shards", code, http_status_code=400)
    with pytest.raises(KinesisError, match=told) as caught:
        stream.shards()
    assert not isinstance(caught.value, StreamBusy)


def test_a_source_is_the_streams_name_and_when_it_was_made(stream, stubber) -> None:
    summary = {
        "StreamName": "payments",
        "StreamARN": "arn:aws:kinesis:us-east-1:000000000000:stream/payments",
        "StreamStatus": "ACTIVE",
        "RetentionPeriodHours": 24,
        "StreamCreationTimestamp": MADE,
        "EnhancedMonitoring": [],
        "OpenShardCount": 1,
    }
    stubber.add_response("describe_stream_summary", {"StreamDescriptionSummary": summary})

    facts = stream.describe()

    assert facts.source == "kinesis:payments@1767225600000"
    assert facts.retention_ms == 24 * 3_600_000


def test_shards_are_listed_to_the_last_page(stream, stubber) -> None:
    keys = {
        "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": "1"},
        "SequenceNumberRange": {"StartingSequenceNumber": "1"},
    }
    first = {"ShardId": "shardId-000000000000", **keys}
    merged = {
        "ShardId": "shardId-000000000007",
        "ParentShardId": "shardId-000000000003",
        "AdjacentParentShardId": "shardId-000000000004",
        **keys,
    }
    stubber.add_response("list_shards", {"Shards": [first], "NextToken": "more"}, {"StreamName": "payments"})
    stubber.add_response("list_shards", {"Shards": [merged]}, {"NextToken": "more"})

    assert stream.shards() == [
        Shard("shardId-000000000000"),
        Shard("shardId-000000000007", ("shardId-000000000003", "shardId-000000000004")),
    ]


@pytest.mark.parametrize(
    ("start", "asked"),
    [
        (Start("trim-horizon"), {"ShardIteratorType": "TRIM_HORIZON"}),
        (Start("time", 1767225600000), {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": MADE}),
        (
            Start("after", None, "17"),
            {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": "17"},
        ),
    ],
)
def test_an_iterator_begins_where_it_should(stream, stubber, start: Start, asked: dict[str, object]) -> None:
    expected = {"StreamName": "payments", "ShardId": "shard-0", **asked}
    stubber.add_response("get_shard_iterator", {"ShardIterator": "it"}, expected)

    assert stream.iterator("shard-0", start) == "it"
