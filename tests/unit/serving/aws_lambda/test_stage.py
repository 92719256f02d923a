"""What follows from a batch does not depend on where it begins or ends, nor on how often it is worked out."""

from collections.abc import Iterator

import msgspec
import pytest

from detectors.bundle import Bundle
from detectors.decoding import Rejection
from detectors.frozen import freeze
from detectors.judging import Judged, judge
from serving.aws_lambda.clocks import Clocks
from serving.aws_lambda.head import Head, decode_head, head_name
from serving.aws_lambda.records import Shard, ShardRecord
from serving.aws_lambda.sending import archived
from serving.aws_lambda.stage import Outputs, Stage
from serving.aws_lambda.table import WRITE_ITEMS
from serving.aws_lambda.working import WorkingMemory
from serving.errors import EndpointUnavailable
from stream.backtest import backtest
from stream.enrichment import GeoResolver
from stream.kinesis.aggregation import AGGREGATED
from stream.partitioning import partition_of
from tests.unit.detectors.histories import history, rarity_bundle

SHARD = Shard("payments", "shardId-000000000000")
PAID = history()[:300]
_encode = msgspec.json.Encoder().encode


def records() -> list[ShardRecord]:
    return [
        ShardRecord(SHARD, 1_000 + place, _encode(payment), 4_000_000_000_000, payment.account_id)
        for place, payment in enumerate(PAID)
    ]


def fold(sizes: int, stage: Stage | None = None) -> tuple[list[Outputs], WorkingMemory]:
    """Take all payments through a stage in batches of a size."""
    stage = stage or Stage(rarity_bundle(), GeoResolver())
    memory, clocks, told = WorkingMemory({}), Clocks({SHARD.shard_id: 0}), []
    read = records()
    for start in range(0, len(read), sizes):
        head = decode_head(memory.get(head_name(SHARD)))
        batch = stage.decode(SHARD, read[start : start + sizes])
        outputs, steps = stage.compute(batch, head, memory, clocks)
        assert all(len(step.changes) <= WRITE_ITEMS for step in steps)
        assert steps[-1].done == len(batch.records)
        told.append(outputs)
        clocks = clocks.moved(SHARD.shard_id, decode_head(memory.get(head_name(SHARD))).edge)
    return told, memory


@pytest.mark.parametrize("size", [1, 7, 300])
def test_batches_of_any_size_give_the_assessments_of_a_backtest(size: int) -> None:
    told, memory = fold(size)
    [expected] = backtest(PAID, freeze(rarity_bundle()), 1)
    assessments = [each for outputs in told for each in outputs.assessments]
    assert [_encode(each) for _, each in assessments] == [_encode(each) for each in expected.assessments]
    assert [position for position, _ in assessments] == list(range(len(PAID)))
    accounts = {key: value for key, value in expected.memories.items() if key.startswith(b"account/")}
    assert {key: memory.get(key.decode()) for key in accounts} == accounts
    head = decode_head(memory.get(head_name(SHARD)))
    assert head == Head("1299", 300, head.edge, rarity_bundle().version)
    assert head.edge > 0


def test_a_merchant_that_is_known_across_shards_is_known_as_in_a_backtest() -> None:
    """Two shards take turns, a few payments each; one that runs ahead of the other says so instead of guessing."""
    stage, memory = Stage(rarity_bundle(), GeoResolver()), WorkingMemory({})
    shards = [Shard("payments", f"shardId-{number:012d}") for number in range(2)]
    clocks = Clocks(dict.fromkeys([shard.shard_id for shard in shards], 0))
    known = 0
    [*folds] = backtest(PAID, freeze(rarity_bundle()), 2)
    expected = {each.transaction_id: each for fold in folds for each in fold.assessments}
    for number, read in _turns(shards):
        shard = shards[number]
        head = decode_head(memory.get(head_name(shard)))
        outputs, _ = stage.compute(stage.decode(shard, read), head, memory, clocks)
        clocks = clocks.moved(shard.shard_id, decode_head(memory.get(head_name(shard))).edge)
        for _, assessment in outputs.assessments:
            if not assessment.degraded:
                known += 1
                assert assessment.features == expected[assessment.transaction_id].features
    assert 50 < known < len(PAID), "the first ones of an hour come before the other shard has closed it"


def _turns(shards: list[Shard]) -> Iterator[tuple[int, list[ShardRecord]]]:
    """Four payments at a time, dealt by account."""
    for start in range(0, len(PAID), 4):
        for number, shard in enumerate(shards):
            read = [
                ShardRecord(shard, start + place, _encode(payment), 4_000_000_000_000, payment.account_id)
                for place, payment in enumerate(PAID[start : start + 4])
                if partition_of(payment.account_id, 2) == number
            ]
            if read:
                yield number, read


def test_a_record_on_which_scoring_fails_is_buried_and_the_others_are_assessed() -> None:
    bad = PAID[40].transaction_id

    def fail(seen, accounts, memories, parts, bundle: Bundle) -> Judged:
        if any(each.details.transaction.transaction_id == bad for each in seen):
            raise ValueError("cannot be digested")
        return judge(seen, accounts, memories, parts, bundle)

    told, _ = fold(100, Stage(rarity_bundle(), GeoResolver(), fail))
    [(record, rejection)] = [letter for outputs in told for letter in outputs.letters]
    assert record == records()[40]
    assert rejection.reason == "INTERNAL_ERROR"
    assert sum(len(outputs.assessments) for outputs in told) == len(PAID) - 1


def test_a_record_that_holds_several_is_refused_with_what_to_do() -> None:
    packed = records()[0]._replace(data=AGGREGATED + b"\n\x05key-1")
    [item] = Stage(rarity_bundle(), GeoResolver()).decode(SHARD, [packed]).items
    assert isinstance(item, Rejection)
    assert item.reason == "KPL_AGGREGATED"


def test_an_endpoint_that_is_away_buries_nobody() -> None:
    def fail(*arguments: object) -> Judged:
        raise EndpointUnavailable("away")

    with pytest.raises(EndpointUnavailable):
        fold(100, Stage(rarity_bundle(), GeoResolver(), fail))


def test_an_object_is_named_after_what_it_holds() -> None:
    [outputs], _ = fold(300)
    named = archived(SHARD, records(), outputs)
    assert (named.partition, named.first, named.last) == (0, 1_000, 1_299)
    assert named == archived(SHARD, records(), outputs)
    assert named.topic.startswith("payments-")
    fewer = Outputs(assessments=outputs.assessments[:-1])
    assert archived(SHARD, records(), fewer).topic != named.topic
