"""The main stage: what it produces, in which order its effects come, and what it does with records it has seen."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

import stream.stages.activity
import stream.stages.assess
from detectors.clock import decode_clock
from detectors.events import TimeMark
from detectors.labels import Label
from detectors.memory_keys import clock_key
from detectors.merchants.activity import Activity, decode_activity
from detectors.merchants.local import LocalMerchants
from detectors.merchants.view import Merchants
from detectors.timing import Timing
from detectors.transaction import EnrichedTransaction
from sinks.dead_letters import read_cause
from stream.backtest import PartitionFold
from stream.batching.batch import BatchMessage
from stream.batching.outbox import Outbox
from stream.errors import OffsetGap
from stream.head import Head, decode_head, head_key
from stream.headers import INGESTED_AT, KIND, LABEL_KIND, ORIGIN, TIME_KIND
from stream.metrics import Metrics
from stream.partitioning import partition_of
from stream.stages.assess import AssessStage
from stream.stages.steps import Producers
from stream.topic_ids import TopicIds
from stream.topics import ALERTS, ASSESSMENTS, DEAD_LETTERS, ENRICHED, MERCHANT_ACTIVITY
from tests.unit.detectors.histories import history, labels, probability_bundle
from tests.unit.stream.stages.fakes import FakeBatchBuilder, FakeProducer, FakeTable, message, record

PARTITION, PARTITIONS = 2, 4
LOG_ID = "q8Jn0zSWTGu9y4Xr1oTtDw"
encode = msgspec.json.encode


@dataclass
class Stage:
    """The stage with everything around it faked."""

    outputs: FakeProducer = field(default_factory=FakeProducer)
    table: FakeTable = field(default_factory=FakeTable)
    metrics: Metrics = field(default_factory=Metrics)
    merchants: Merchants | None = None
    real: AssessStage = field(init=False)

    def __post_init__(self) -> None:
        producers = Producers(self.outputs, FakeProducer(), Outbox(self.outputs))
        table: Any = self.table
        bundle, topics = probability_bundle(), TopicIds({ENRICHED: LOG_ID})
        self.real = AssessStage(bundle, table, producers, self.metrics, PARTITIONS, self.merchants, topics)

    async def take(self, batch: BatchMessage) -> None:
        """Compute a batch and apply its effects."""
        effects = await self.real.compute(batch.value)
        await effects.apply()

    def values(self, topic: str) -> list[bytes | None]:
        return [each.value for each in self.outputs.sent_to(topic)]


def enriched(transactions: Sequence[EnrichedTransaction], first_offset: int = 0) -> BatchMessage:
    """A batch as the first stage leaves it in `transactions.enriched`."""
    return message(
        [
            record(
                offset,
                encode(transaction),
                topic=ENRICHED,
                partition=PARTITION,
                key=transaction.account_id.encode(),
                headers=[(ORIGIN, b"transactions/5/%d" % (1000 + offset)), (INGESTED_AT, b"1780000000000")],
            )
            for offset, transaction in enumerate(transactions, first_offset)
        ]
    )


def folded(transactions: Sequence[EnrichedTransaction]) -> PartitionFold:
    fold = PartitionFold(PARTITION)
    fold.feed(transactions, probability_bundle())
    return fold


async def test_it_produces_what_the_pure_fold_gives_with_key_and_origin() -> None:
    stage, payments = Stage(), history()[:80]
    await stage.take(enriched(payments[:30]))
    await stage.take(enriched(payments[30:], first_offset=30))

    fold = folded(payments)
    sent = stage.outputs.sent_to(ASSESSMENTS)
    assert [each.value for each in sent] == [encode(each) for each in fold.assessments]
    assert [each.key for each in sent] == [each.account_id.encode() for each in payments]
    assert [each.headers[ORIGIN] for each in sent] == [b"transactions/5/%d" % (1000 + n) for n in range(80)]
    assert {each.partition for each in stage.outputs.produced} == {PARTITION}

    head = Head(80, {"transactions/5": 1079}, probability_bundle().version, LOG_ID)
    assert decode_head(stage.table.changelog.pop(head_key(PARTITION))) == head
    assert {**stage.table.local, **fold.memories} == stage.table.local == stage.table.changelog


async def test_outputs_are_acknowledged_before_memories_are_written() -> None:
    """The reverse would lose outputs: the head would hide what was never sent."""
    acknowledged = asyncio.Event()

    class SlowProducer(FakeProducer):
        async def send_batch(
            self, builder: FakeBatchBuilder, topic: str, *, partition: int
        ) -> asyncio.Future[Any]:
            delivery = await super().send_batch(builder, topic, partition=partition)

            async def deliver() -> Any:
                await acknowledged.wait()
                return delivery.result()

            return asyncio.ensure_future(deliver())

    stage = Stage(SlowProducer())
    effects = asyncio.create_task(stage.take(enriched(history()[:5])))
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(stage.values(ASSESSMENTS)) == 5
    assert stage.table.written == []
    acknowledged.set()
    await effects
    assert len(stage.table.written) == 1


async def test_a_delivery_that_fails_leaves_the_memories_unwritten() -> None:
    class BrokenProducer(FakeProducer):
        async def send_batch(
            self, builder: FakeBatchBuilder, topic: str, *, partition: int
        ) -> asyncio.Future[Any]:
            delivery: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            delivery.set_exception(OSError("not delivered"))
            return delivery

    stage = Stage(BrokenProducer())
    with pytest.raises(OSError, match="not delivered"):
        await stage.take(enriched(history()[:5]))
    assert stage.table.written == []


async def test_records_that_come_again_are_skipped_and_counted() -> None:
    stage, payments = Stage(), history()[:40]
    await stage.take(enriched(payments[:30]))
    memories = dict(stage.table.local)
    await stage.take(enriched(payments[:30]))
    assert stage.table.local == memories
    assert len(stage.values(ASSESSMENTS)) == 30
    assert stage.metrics.skipped._value.get() == 30
    assert stage.metrics.assessed._value.get() == 30


async def test_records_that_were_enriched_twice_are_skipped_by_their_origin() -> None:
    """After a crash of the first stage the same payments stand in its output once more, at later offsets."""
    stage, payments = Stage(), history()[:30]
    await stage.take(enriched(payments))
    again = [msgspec.structs.replace(each) for each in payments[20:]]
    records = [
        record(
            30 + number, encode(each), topic=ENRICHED, partition=PARTITION,
            headers=[(ORIGIN, b"transactions/5/%d" % (1020 + number))],
        )
        for number, each in enumerate(again)
    ]  # fmt: skip
    await stage.take(message(records))
    assert len(stage.values(ASSESSMENTS)) == 30
    assert stage.metrics.skipped._value.get() == 10
    assert stage.metrics.duplicates._value.get() == 0
    assert decode_head(stage.table.changelog[head_key(PARTITION)]).next_offset == 40


async def test_records_that_were_never_seen_are_not_jumped_over() -> None:
    stage = Stage()
    await stage.take(enriched(history()[:10]))
    with pytest.raises(OffsetGap, match=r"come to offset 10, but the next record is 12; .*accept-loss"):
        await stage.take(enriched(history()[12:20], first_offset=12))


async def test_bytes_that_are_no_enriched_transaction_are_dead_letters_and_the_others_are_assessed() -> None:
    stage, payments = Stage(), history()[:4]
    good = enriched(payments).value.records
    foreign = [b"", None, b"\xff\xfe", b"[]", b"{}", b'{"transaction_id": 1}', encode(payments[0])[:-1]]
    bad = [record(10 + n, value, topic=ENRICHED, partition=PARTITION) for n, value in enumerate(foreign)]
    await stage.take(message([*good, *bad]))
    assert stage.values(ASSESSMENTS) == [encode(each) for each in folded(payments).assessments]
    assert stage.values(DEAD_LETTERS) == foreign
    causes = [read_cause(list(each.headers.items())) for each in stage.outputs.sent_to(DEAD_LETTERS)]
    assert {cause.reason for cause in causes} == {"MALFORMED_JSON"}
    assert [cause.source and cause.source.offset for cause in causes] == list(range(10, 17))


async def test_memories_too_large_for_one_write_are_written_in_parts_that_are_each_complete(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    payments = history()[:64]
    whole = Stage()
    await whole.take(enriched(payments))
    size = sum(map(len, whole.table.changelog.values()))
    monkeypatch.setattr(stream.stages.assess, "LARGEST_CHANGE_BYTES", size * 2 // 3)
    cut = Stage()
    await cut.take(enriched(payments))

    assert len(whole.table.written) == 1
    assert len(cut.table.written) >= 2
    assert cut.table.changelog == whole.table.changelog
    assert cut.values(ASSESSMENTS) == whole.values(ASSESSMENTS)
    heads = [decode_head(changes[head_key(PARTITION)]).next_offset for changes in cut.table.written]
    assert heads == sorted(set(heads))
    assert heads[-1] == 64


async def test_live_alerts_are_published_and_those_of_history_are_not() -> None:
    payments = history()
    live, past = Stage(), Stage()
    await live.take(enriched(payments))
    await past.take(enriched([msgspec.structs.replace(each, backfill=True) for each in payments]))
    assert len(live.values(ALERTS)) > 0
    assert past.values(ALERTS) == []
    assert len(past.values(ASSESSMENTS)) == len(payments)
    assert past.metrics.latency._sum.get() == 0


def log_of(events: Sequence[EnrichedTransaction | Label | TimeMark]) -> BatchMessage:
    """A batch of all that a partition's log can hold."""
    kinds: dict[type, tuple[tuple[str, bytes], ...]] = {
        Label: ((KIND, LABEL_KIND),),
        TimeMark: ((KIND, TIME_KIND),),
    }
    return message(
        [
            record(offset, encode(event), topic=ENRICHED, partition=PARTITION, headers=kinds.get(type(event), ()))
            for offset, event in enumerate(events)
        ]
    )


def told(stage: Stage) -> list[tuple[int, Activity]]:
    """What merchants were told, with the partition that was."""
    sent = stage.outputs.sent_to(MERCHANT_ACTIVITY)
    return [(each.partition, decode_activity(each.value or b"")) for each in sent]


def ignorant() -> LocalMerchants:
    """Merchants of whom nobody has told yet."""
    return LocalMerchants(PARTITIONS, Timing())


async def test_each_partition_of_merchants_is_told_of_its_own_and_all_of_a_closed_hour() -> None:
    payments = history()[:30]
    stage = Stage(merchants=ignorant())
    await stage.take(log_of(payments))

    news = told(stage)
    assert [partition for partition, _ in news] == [0, 1, 2, 3]
    edge = Timing().activity_edge(int(payments[-1].event_time.timestamp()))
    assert {(each.source, each.edge) for _, each in news} == {(PARTITION, edge)}
    entries = [(entry.position, entry.merchant_id) for _, each in news for entry in each.payments]
    assert sorted(entries) == [(offset, payment.merchant_id) for offset, payment in enumerate(payments)]
    for partition, each in news:
        assert {partition_of(entry.merchant_id, PARTITIONS) for entry in each.payments} <= {partition}


async def test_nobody_is_told_of_a_closed_hour_twice() -> None:
    payments = history()[:1]
    stage = Stage(merchants=ignorant())
    await stage.take(log_of(payments))
    again = msgspec.structs.replace(payments[0], transaction_id="another")
    await stage.take(message([record(1, encode(again), topic=ENRICHED, partition=PARTITION)]))
    assert [len(each.payments) for _, each in told(stage)[PARTITIONS:]] == [1]


async def test_a_label_in_the_log_is_counted_told_and_no_payment() -> None:
    (label,) = (each for each in labels() if each.transaction_id == next(iter(labels())).transaction_id)
    payment = next(each for each in history() if each.transaction_id == label.transaction_id)
    unsuspicious = msgspec.structs.replace(payment, amount=1.0)
    stage = Stage(merchants=ignorant())
    await stage.take(log_of([unsuspicious, label, label]))

    assert len(stage.values(ASSESSMENTS)) == 1
    assert [
        (entry.position, entry.merchant_id, entry.change) for _, each in told(stage) for entry in each.labels
    ] == [(1, label.merchant_id, 1)]
    assert stage.metrics.labels._value.get() == 1
    assert stage.metrics.labels_repeated._value.get() == 1


async def test_a_time_mark_moves_the_clock_and_says_so_to_all() -> None:
    stage = Stage(merchants=ignorant())
    await stage.take(log_of([TimeMark(history()[0].event_time)]))
    edge = Timing().activity_edge(int(history()[0].event_time.timestamp()))
    assert decode_clock(stage.table.changelog[clock_key(PARTITION)]).edge == edge
    assert told(stage) == [(partition, Activity(PARTITION, edge, log=LOG_ID)) for partition in range(PARTITIONS)]
    assert stage.values(ASSESSMENTS) == stage.values(DEAD_LETTERS) == []


async def test_without_merchant_memory_nobody_is_told_anything() -> None:
    stage = Stage()
    await stage.take(log_of(history()[:30]))
    assert told(stage) == []


async def test_payments_whose_merchants_hours_are_not_known_yet_are_counted() -> None:
    stage = Stage(merchants=ignorant())
    await stage.take(log_of(history()[:30]))
    assert stage.metrics.merchants_behind._value.get() == 30


async def test_a_record_of_an_unknown_kind_is_a_dead_letter() -> None:
    stage = Stage()
    await stage.take(message([record(0, b"{}", topic=ENRICHED, partition=PARTITION, headers=[(KIND, b"song")])]))
    (letter,) = stage.outputs.sent_to(DEAD_LETTERS)
    assert "says b'song'" in read_cause(list(letter.headers.items())).message


async def test_a_giant_batch_is_told_in_records_whose_last_one_closes_the_hours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Positions rise from record to record: what has a lower one would be taken for a repetition."""
    monkeypatch.setattr(stream.stages.activity, "WINDOW", 7)
    payments = history()[:30]
    stage = Stage(merchants=ignorant())
    await stage.take(log_of(payments))
    for partition in range(PARTITIONS):
        mine = [each for to, each in told(stage) if to == partition]
        positions = [entry.position for each in mine for entry in each.payments]
        assert positions == sorted(positions)
        assert [each.edge > 0 for each in mine] == [False] * (len(mine) - 1) + [True]
    assert sum(len(each.payments) for _, each in told(stage)) == 30
