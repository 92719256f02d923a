"""A Kinesis stream of a test's own on LocalStack: made, filled, split, merged."""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from detectors.transaction import Transaction
from sinks import aws
from stream.kinesis.service import KinesisStream, Page
from stream.kinesis.shards import Shard, Start
from stream.kinesis.target import KinesisTarget
from stream.publishing import DeliveryReport, PublishConfig, publish
from tests.pipeline.waiting import wait_until

READY_SECONDS = 20.0


@dataclass
class StreamUnderTest:
    """One stream; its `client` is boto3's."""

    endpoint: str
    shard_count: int = 1
    name: str = field(default_factory=lambda: f"payments-{uuid.uuid4().hex[:8]}")
    client: Any = field(init=False)

    def __post_init__(self) -> None:
        self.client = aws.client("kinesis", self.endpoint)
        self.make()

    @property
    def stream(self) -> KinesisStream:
        """The stream as the adapter sees it."""
        return KinesisStream(self.client, self.name)

    def make(self) -> None:
        """Create it."""
        self.client.create_stream(StreamName=self.name, ShardCount=self.shard_count)
        self.wait_active()

    def delete(self) -> None:
        """Delete it, and return when it is gone."""
        self.client.delete_stream(StreamName=self.name)
        listed = self.client.list_streams
        wait_until(lambda: self.name not in listed()["StreamNames"], READY_SECONDS, "the stream is gone")

    def wait_active(self) -> None:
        """Return when it takes records and changes."""
        wait_until(lambda: self._status() == "ACTIVE", READY_SECONDS, "the stream is active")

    def send(
        self, payments: Iterable[Transaction], on_progress: Callable[[DeliveryReport], None] | None = None
    ) -> None:
        """Put payments as `riskstream replay --to kinesis` does."""
        config = PublishConfig(client={})
        report = publish(payments, config, on_progress, target=KinesisTarget(self.stream))
        assert report.acknowledged == report.sent, report.first_failure

    def put(self, data: bytes, key: str = "key") -> None:
        """Put any bytes."""
        self.client.put_record(StreamName=self.name, Data=data, PartitionKey=key)

    def split(self, shard_id: str) -> None:
        """Split a shard in the middle of its keys."""
        keys = self._keys(shard_id)
        middle = (int(keys["StartingHashKey"]) + int(keys["EndingHashKey"])) // 2
        self.client.split_shard(StreamName=self.name, ShardToSplit=shard_id, NewStartingHashKey=str(middle))
        self.wait_active()

    def merge(self, shard_id: str, neighbour: str) -> None:
        """Merge two shards that lie beside each other."""
        self.client.merge_shards(StreamName=self.name, ShardToMerge=shard_id, AdjacentShardToMerge=neighbour)
        self.wait_active()

    def open_shards(self) -> list[Shard]:
        """The shards without children, in the order of their keys."""
        shards = self.stream.shards()
        parents = {parent for shard in shards for parent in shard.parents}
        leaves = [shard for shard in shards if shard.id not in parents]
        return sorted(leaves, key=lambda shard: int(self._keys(shard.id)["StartingHashKey"]))

    def read_bare(self, limit: int = 10_000) -> int:
        """Read all shards one after the other as simply as can be; return the number of records."""
        return sum(len(page.records) for shard in self.stream.shards() for page in self._pages(shard.id, limit))

    def records(self, shard_id: str) -> list[dict[str, Any]]:
        """Everything that a shard holds, as boto3 gives it."""
        return [record for page in self._pages(shard_id, 10_000) for record in page.records]

    def _pages(self, shard_id: str, limit: int) -> Sequence[Page]:
        stream, pages = self.stream, []
        iterator: str | None = stream.iterator(shard_id, Start("trim-horizon"))
        while iterator:
            pages.append(stream.read(iterator, limit))
            iterator = pages[-1].next_iterator if pages[-1].behind_ms else None
        return pages

    def _keys(self, shard_id: str) -> dict[str, str]:
        shards = self.client.list_shards(StreamName=self.name)["Shards"]
        return next(shard["HashKeyRange"] for shard in shards if shard["ShardId"] == shard_id)

    def _status(self) -> str:
        answer = self.client.describe_stream_summary(StreamName=self.name)
        return str(answer["StreamDescriptionSummary"]["StreamStatus"])
