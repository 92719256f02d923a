"""One Kinesis stream, asked with boto3: its shards, iterators and records, and what its refusals mean.

Calls block, and may come from several threads. What passes by itself is StreamBusy; nothing here waits for that.
"""

import email.utils
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from stream.errors import StreamError
from stream.kinesis.shards import Shard, Start

_BUSY = {
    "ProvisionedThroughputExceededException",
    "LimitExceededException",
    "KMSThrottlingException",
    "ThrottlingException",
    "Throttling",
    "RequestLimitExceeded",
    "InternalFailure",
    "InternalFailureException",
    "ServiceUnavailable",
}
_FORBIDDEN = {
    "AccessDeniedException",
    "AccessDenied",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "IncompleteSignature",
    "ExpiredTokenException",
    "MissingAuthenticationToken",
    "OptInRequired",
    "SignatureDoesNotMatch",
}
_KMS = {
    "KMSAccessDeniedException",
    "KMSDisabledException",
    "KMSInvalidStateException",
    "KMSNotFoundException",
    "KMSOptInRequired",
}


class KinesisError(StreamError):
    """The stream cannot be used as it stands; somebody has to mend the cause."""


class StreamBusy(KinesisError):
    """The service does not answer, or asks to slow down: the same call may be made again."""


class IteratorExpired(KinesisError):
    """An iterator is good for five minutes; a new one continues."""


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What a stream is."""

    source: str
    """What origins call it: its name and when it was made, so that a stream made anew is another source."""
    retention_ms: int
    now_ms: int
    """The service's clock, Unix time."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one read gave."""

    records: Sequence[dict[str, Any]]
    """As boto3 gives them: Data, SequenceNumber, PartitionKey, ApproximateArrivalTimestamp."""
    next_iterator: str | None
    """None at the end of a shard that was closed."""
    behind_ms: int
    """How far the page is behind the newest record of the shard."""
    asked_ms: int
    """When it was asked for, Unix time."""


class KinesisStream:
    """A stream by its name."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self.name = name

    def describe(self) -> StreamFacts:
        """Ask what the stream is.

        Raises:
            KinesisError: there is no such stream, or it is not for us to read.
        """
        with self._spoken("kinesis:DescribeStreamSummary"):
            answer = self._client.describe_stream_summary(StreamName=self.name)
        facts = answer["StreamDescriptionSummary"]
        made_ms = milliseconds(facts["StreamCreationTimestamp"])
        return StreamFacts(
            f"kinesis:{self.name}@{made_ms}", facts["RetentionPeriodHours"] * 3_600_000, _clock_of(answer)
        )

    def shards(self) -> list[Shard]:
        """List all shards that still hold records or may get some."""
        found: list[Shard] = []
        asked: dict[str, str] = {"StreamName": self.name}
        while asked:
            with self._spoken("kinesis:ListShards"):
                answer = self._client.list_shards(**asked)
            found += map(_shard, answer["Shards"])
            token = answer.get("NextToken")
            asked = {"NextToken": token} if token else {}
        return found

    def iterator(self, shard_id: str, start: Start) -> str:
        """Return what reads a shard from there."""
        asked: dict[str, Any] = {"ShardIteratorType": "TRIM_HORIZON"}
        if start.kind == "after":
            asked = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": start.sequence}
        elif start.kind == "time":
            asked = {
                "ShardIteratorType": "AT_TIMESTAMP",
                "Timestamp": datetime.fromtimestamp((start.since_ms or 0) // 1000, UTC),
            }
        with self._spoken("kinesis:GetShardIterator"):
            answer = self._client.get_shard_iterator(StreamName=self.name, ShardId=shard_id, **asked)
        return str(answer["ShardIterator"])

    def read(self, iterator: str, limit: int) -> Page:
        """Read once."""
        asked_ms = int(time.time() * 1000)
        with self._spoken("kinesis:GetRecords"):
            answer = self._client.get_records(ShardIterator=iterator, Limit=limit)
        behind_ms = answer.get("MillisBehindLatest") or 0
        return Page(answer["Records"], answer.get("NextShardIterator"), behind_ms, asked_ms)

    def put(self, entries: Sequence[dict[str, Any]]) -> list[str | None]:
        """Put records in one call; return for each why it was refused, None if it was taken."""
        with self._spoken("kinesis:PutRecords"):
            answer = self._client.put_records(StreamName=self.name, Records=entries)
        return [result.get("ErrorCode") for result in answer["Records"]]

    @contextmanager
    def _spoken(self, action: str) -> Iterator[None]:
        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise self._translated(error, action) from error

    def _translated(self, error: BotoCoreError | ClientError, action: str) -> KinesisError:
        stream = f"the Kinesis stream {self.name}"
        if isinstance(error, HTTPClientError | NoConnectionError):
            return StreamBusy(f"{stream}: Kinesis does not answer ({error}); check its address")
        if not isinstance(error, ClientError):
            return KinesisError(f"{stream} cannot be used: {error}; check the AWS settings")
        told = error.response.get("Error", {})
        code, message = told.get("Code", ""), told.get("Message", "")
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        if code in _BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return StreamBusy(f"{stream}: Kinesis asks to slow down or fails ({code})")
        if code == "ExpiredIteratorException":
            return IteratorExpired(f"{stream}: the iterator has expired")
        if code == "ResourceNotFoundException":
            return KinesisError(
                f"{stream} does not exist, or was deleted ({message}): check --stream, the region and --endpoint"
            )
        if code in _FORBIDDEN:
            return KinesisError(
                f"{stream}: these credentials may not use {action} ({code}): allow it (docs/kinesis.md lists what"
                " is needed), or use others"
            )
        if code in _KMS:
            return KinesisError(
                f"{stream} is encrypted with a key that cannot be used ({code}): allow kms:Decrypt on it, and"
                " kms:GenerateDataKey for whoever writes"
            )
        return KinesisError(f"{stream}: {action} is refused ({code}: {message})")


def milliseconds(moment: datetime) -> int:
    """Return Unix time in milliseconds.

    >>> milliseconds(datetime(2026, 1, 1, tzinfo=UTC))
    1767225600000
    """
    return round(moment.timestamp() * 1000)


def _shard(listed: dict[str, Any]) -> Shard:
    parents = (listed.get("ParentShardId"), listed.get("AdjacentParentShardId"))
    return Shard(listed["ShardId"], tuple(parent for parent in parents if parent))


def _clock_of(answer: dict[str, Any]) -> int:
    """Return when the service answered by its own clock: a time that lies ahead of that is refused."""
    told = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    try:
        return milliseconds(email.utils.parsedate_to_datetime(told)) if told else int(time.time() * 1000)
    except ValueError:
        return int(time.time() * 1000)
