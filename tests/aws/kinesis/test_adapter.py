"""The adapter on streams that split, merge, expire and are made anew, with a real Apache Kafka behind it."""

import asyncio
import os
import signal
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import pytest

from detectors.transaction import Transaction
from sinks.dead_letters import read_cause
from stream.errors import RecordsLost
from stream.headers import INGESTED_AT, ORIGIN
from stream.kinesis.adapter import Plan, run_adapter
from stream.kinesis.aggregation import AGGREGATED
from stream.kinesis.checkpoints import CheckpointLog
from stream.kinesis.following import Ground, Totals
from stream.kinesis.service import IteratorExpired, KinesisError, KinesisStream, Page, StreamBusy
from stream.kinesis.shards import Checkpoint, Shard, Share
from stream.partitioning import partition_of
from stream.topics import DEAD_LETTERS, ENRICHED
from tests.aws.kinesis.conftest import MakeStream
from tests.aws.kinesis.streams import StreamUnderTest
from tests.pipeline.cluster import Cluster
from tests.pipeline.folds import event_of
from tests.pipeline.topics import Logged
from tests.pipeline.traffic import payments
from tests.pipeline.waiting import wait_until

pytestmark = pytest.mark.timeout(120)
ONCE = Plan(once=True)
COUNT = 300


def read_once(cluster: Cluster, stream: StreamUnderTest | KinesisStream, plan: Plan = ONCE) -> Totals:
    """Run an adapter in this process until it has read everything."""
    asked = stream.stream if isinstance(stream, StreamUnderTest) else stream
    return asyncio.run(run_adapter(cluster.settings, asked, plan))


def passed_on(cluster: Cluster) -> list[Logged]:
    return [record for partition in cluster.read(ENRICHED) for record in partition]


def ids(records: Sequence[Logged]) -> list[str]:
    return [event_of(record).transaction_id for record in records]


def by_account(found: Sequence[Transaction]) -> dict[str, list[str]]:
    accounts: defaultdict[str, list[str]] = defaultdict(list)
    for payment in found:
        accounts[payment.account_id].append(payment.transaction_id)
    return accounts


def assert_in_order(cluster: Cluster, sent: Sequence[Transaction]) -> None:
    """Each payment is there once, in its account's partition, after the account's earlier ones."""
    log = cluster.read(ENRICHED)
    assert by_account([event_of(record) for part in log for record in part]) == by_account(sent)
    for number, part in enumerate(log):
        assert {partition_of(event_of(record).account_id, cluster.partitions) for record in part} <= {number}


def checkpoints(cluster: Cluster, stream: StreamUnderTest) -> dict[str, Checkpoint]:
    with CheckpointLog(cluster.settings) as log:
        return dict(log.of(stream.stream.describe().source))


def test_payments_say_where_they_came_from_and_when_they_came_in(
    cluster: Cluster, make_stream: MakeStream
) -> None:
    stream = make_stream(2)
    stream.send(payments(COUNT))

    totals = read_once(cluster, stream)

    assert totals.records == COUNT
    assert_in_order(cluster, payments(COUNT))
    source = stream.stream.describe().source
    stored = {
        f"{source}/{number}/{record['SequenceNumber']}": record
        for number, shard in enumerate(stream.stream.shards())
        for record in stream.records(shard.id)
    }
    for record in passed_on(cluster):
        origin = (record.header(ORIGIN) or b"").decode()
        arrived = stored[origin]["ApproximateArrivalTimestamp"].timestamp() * 1000
        assert abs(int(record.header(INGESTED_AT) or 0) - arrived) < 1


def test_a_restart_goes_on_where_the_checkpoints_are(cluster: Cluster, make_stream: MakeStream) -> None:
    stream = make_stream(2)
    stream.send(payments(COUNT)[:200])
    read_once(cluster, stream)
    stream.send(payments(COUNT)[200:])

    assert read_once(cluster, stream).records == COUNT - 200
    assert_in_order(cluster, payments(COUNT))


def test_what_is_passed_on_again_after_a_crash_is_applied_once(
    cluster: Cluster, make_stream: MakeStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends when Kafka has the payments and their checkpoint is not written yet."""
    stream = make_stream(2)
    stream.send(payments(COUNT))
    write = Ground.write

    async def crash(ground: Ground, shard_id: str, checkpoint: Checkpoint) -> None:
        if checkpoint.sequence is not None:
            raise RuntimeError("pulled the plug")
        await write(ground, shard_id, checkpoint)

    monkeypatch.setattr(Ground, "write", crash)
    with pytest.raises(RuntimeError, match="pulled the plug"):
        read_once(cluster, stream)
    monkeypatch.undo()
    assert read_once(cluster, stream).records == COUNT

    expected = cluster.expected()
    assert len(passed_on(cluster)) > COUNT
    assert sum(each.guard.skipped for each in expected) == len(passed_on(cluster)) - COUNT
    assert sum(len(each.assessments) for each in expected) == COUNT


def test_children_are_read_when_their_parents_have_ended(cluster: Cluster, make_stream: MakeStream) -> None:
    stream = make_stream(2)
    stream.send(payments(COUNT)[:100])
    first, second = stream.open_shards()
    stream.split(first.id)
    stream.send(payments(COUNT)[100:200])
    _, upper, _ = stream.open_shards()
    stream.merge(upper.id, second.id)
    stream.send(payments(COUNT)[200:])

    read_once(cluster, stream)

    assert_in_order(cluster, payments(COUNT))
    found = checkpoints(cluster, stream)
    assert [found[each].ended for each in sorted(found)] == [True, True, False, True, False]


def test_two_adapters_share_the_shards_and_see_one_anothers_ends(
    cluster: Cluster, make_stream: MakeStream
) -> None:
    stream = make_stream(2)
    stream.send(payments(COUNT)[:200])
    stream.merge(*(shard.id for shard in stream.open_shards()))
    stream.send(payments(COUNT)[200:])
    first, second = (replace(ONCE, share=Share(index, 2)) for index in range(2))

    # Number 2, the child of 0 and 1, is the first adapter's, which has to wait for the second.
    before = read_once(cluster, stream, first).records
    other = read_once(cluster, stream, second).records
    after = read_once(cluster, stream, first).records

    assert before + other == 200
    assert after == COUNT - 200
    assert_in_order(cluster, payments(COUNT))


def test_what_is_no_payment_becomes_a_dead_letter_with_its_bytes(
    cluster: Cluster, make_stream: MakeStream
) -> None:
    stream = make_stream(1)
    aggregated = AGGREGATED + b"\n\x05key-1\x1a\x00" + bytes(16)
    for data in (b'{"transaction_id": "t1"', aggregated):
        stream.put(data, "the-key")
    stream.send(payments(1))

    assert read_once(cluster, stream).dead_letters == 2

    letters = [letter for partition in cluster.read(DEAD_LETTERS) for letter in partition]
    causes = [read_cause(letter.headers) for letter in letters]
    assert [cause.reason for cause in causes] == ["MALFORMED_JSON", "KPL_AGGREGATED"]
    assert [letter.value for letter in letters] == [b'{"transaction_id": "t1"', aggregated]
    assert {letter.key for letter in letters} == {b"the-key"}
    stored = [int(record["SequenceNumber"]) for record in stream.records("shardId-000000000000")]
    assert [cause.source for cause in causes] == [
        (f"kinesis:{stream.name}", 0, sequence) for sequence in stored[:2]
    ]
    assert len(passed_on(cluster)) == 1


def test_latest_begins_with_what_comes_and_remembers_that(cluster: Cluster, make_stream: MakeStream) -> None:
    stream = make_stream(1)
    sent = payments(3)
    stream.send(sent[:1])
    arrived = stream.records("shardId-000000000000")[0]["ApproximateArrivalTimestamp"].timestamp()
    latest = Plan("latest", once=True)
    # The service's clock tells whole seconds.
    wait_until(lambda: stream.stream.describe().now_ms / 1000 > arrived, 5, "the second has passed")
    assert read_once(cluster, stream, latest).records == 0

    stream.send(sent[1:])
    assert read_once(cluster, stream, latest).records == 2
    assert set(ids(passed_on(cluster))) == {payment.transaction_id for payment in sent[1:]}


def test_a_time_to_begin_at_leaves_out_what_came_before(cluster: Cluster, make_stream: MakeStream) -> None:
    stream = make_stream(1)
    stream.send(payments(2)[:1])
    before = stream.records("shardId-000000000000")[0]["ApproximateArrivalTimestamp"].timestamp()
    wait_until(lambda: stream.stream.describe().now_ms / 1000 > before, 5, "the second has passed")
    begin = stream.stream.describe().now_ms
    stream.send(payments(2)[1:])

    read_once(cluster, stream, Plan(begin, once=True))

    assert ids(passed_on(cluster)) == [payments(2)[1].transaction_id]


def test_a_stream_made_anew_is_another_source_and_refused_until_that_is_accepted(
    cluster: Cluster, make_stream: MakeStream
) -> None:
    stream = make_stream(1)
    stream.send(payments(2)[:1])
    read_once(cluster, stream)
    stream.delete()
    stream.make()
    stream.send(payments(2)[1:])

    with pytest.raises(RecordsLost, match="made anew"):
        read_once(cluster, stream)
    read_once(cluster, stream, replace(ONCE, accept_loss=True))
    read_once(cluster, stream)

    assert set(ids(passed_on(cluster))) == {payment.transaction_id for payment in payments(2)}
    origins = {(record.header(ORIGIN) or b"").rsplit(b"/", 1)[0] for record in passed_on(cluster)}
    assert len(origins) == 2


class Troubled(KinesisStream):
    """Now and then its iterators expire, and it asks to slow down."""

    reads = 0

    def read(self, iterator: str, limit: int) -> Page:
        self.reads += 1
        if self.reads % 3 == 0:
            raise StreamBusy("slow down")
        if self.reads % 3 == 1:
            raise IteratorExpired("too old")
        return super().read(iterator, 70)


def test_expired_iterators_and_throttling_lose_and_double_nothing(
    cluster: Cluster, make_stream: MakeStream
) -> None:
    stream = make_stream(1)
    stream.send(payments(COUNT))

    read_once(cluster, Troubled(stream.client, stream.name))

    assert_in_order(cluster, payments(COUNT))


class Away(KinesisStream):
    """Does not answer; while it is asked, a service manager ends the adapter."""

    silent = "read"

    def read(self, iterator: str, limit: int) -> Page:
        return self._answer("read") or super().read(iterator, limit)

    def shards(self) -> list[Shard]:
        return self._answer("shards") or super().shards()

    def _answer(self, what: str) -> None:
        if what == self.silent:
            os.kill(os.getpid(), signal.SIGTERM)
            raise StreamBusy("no answer")


@pytest.mark.parametrize("silent", ["read", "shards"])
def test_an_adapter_that_waits_for_kinesis_stops_on_a_signal(
    cluster: Cluster, make_stream: MakeStream, silent: str
) -> None:
    stream = make_stream(1)
    stream.send(payments(1))
    away = Away(stream.client, stream.name)
    away.silent = silent

    assert read_once(cluster, away, Plan()).records == 0
    assert read_once(cluster, stream).records == 1


class Forgetful(KinesisStream):
    """Keeps nothing longer than a moment."""

    def describe(self):
        return replace(super().describe(), retention_ms=-3_600_000)


def test_records_that_expired_before_they_were_read_are_refused_until_that_is_accepted(
    cluster: Cluster, make_stream: MakeStream
) -> None:
    stream = make_stream(1)
    stream.send(payments(2))
    read_once(cluster, stream)
    forgetful = Forgetful(stream.client, stream.name)

    with pytest.raises(RecordsLost, match=r"shardId-000000000000: all was passed on up to .* is deleted"):
        read_once(cluster, forgetful)

    # Read again from the oldest record there is; the workers skip what they know.
    assert read_once(cluster, forgetful, replace(ONCE, accept_loss=True)).records == 2


def test_a_stream_that_does_not_exist_is_named(cluster: Cluster, make_stream: MakeStream) -> None:
    stream = make_stream(1)

    with pytest.raises(KinesisError, match="the Kinesis stream nowhere does not exist"):
        read_once(cluster, KinesisStream(stream.client, "nowhere"))


def test_a_running_adapter_passes_on_what_comes_takes_up_children_and_stops_on_a_signal(
    cluster: Cluster, make_stream: MakeStream
) -> None:
    stream = make_stream(1)
    arguments = ("kinesis", "--stream", stream.name, "--endpoint", stream.endpoint)
    with cluster.start_module("scripts.main", *arguments) as adapter:
        stream.send(payments(COUNT)[:100])
        wait_until(lambda: len(passed_on(cluster)) == 100, 30, "the first payments are passed on")
        stream.split(stream.open_shards()[0].id)
        stream.send(payments(COUNT)[100:])
        wait_until(lambda: len(passed_on(cluster)) == COUNT, 30, "those of the children too")
        adapter.stop()

    assert_in_order(cluster, payments(COUNT))
    assert read_once(cluster, stream).records == 0


def test_a_deleted_stream_ends_the_adapter(cluster: Cluster, make_stream: MakeStream) -> None:
    stream = make_stream(1)
    with cluster.start_module(
        "scripts.main", "kinesis", "--stream", stream.name, "--endpoint", stream.endpoint
    ) as adapter:
        stream.put(b"{}")
        wait_until(lambda: sum(map(len, cluster.read(DEAD_LETTERS))) == 1, 30, "it reads")
        stream.delete()
        assert adapter.exit_code(30) == 1
        assert "does not exist, or was deleted" in adapter.log_text()
