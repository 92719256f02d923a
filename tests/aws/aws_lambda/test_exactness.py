"""The same file through the function and through a backtest: the same assessments, memories, alerts."""

import os
from collections.abc import Callable

import pytest

from detectors.frozen import freeze
from serving.aws_lambda.head import decode_head
from sinks.archive import open_archive, read_archive
from stream.backtest import PartitionFold, backtest
from stream.partitioning import partition_of
from tests.aws.aws_lambda.conftest import NONE_FAILED, Account, expected_rows, rows, told
from tests.aws.aws_lambda.events import FIRST_SEQUENCE, batches, records_of
from tests.pipeline.traffic import enriched, payments, small_bundle

COUNT = int(os.environ.get("TEST_PAYMENTS", "4000"))
"""50,000 take some eight minutes, most of them waiting for a DynamoDB that refuses every seventh call."""
pytestmark = pytest.mark.timeout(180 + COUNT / 50)
POISON = {700: b"\xff\xfe not json", 1_100: b'{"transaction_id": "T1", "amount": "70"}'}


def test_a_file_gives_what_a_backtest_with_frozen_centres_gives(
    account: Callable[..., Account], figures: dict[str, float]
) -> None:
    """Merchants known, DynamoDB throttled, two records poisoned, every fifth batch delivered twice."""
    it = account()
    for number, event in enumerate(batches(records_of(it.name, payments(COUNT), POISON))):
        for _ in range(2 if number % 5 == 0 else 1):
            answer = it.function.invoke(event)
            assert (answer.failed, answer.body) == (False, NONE_FAILED), it.function.log()[-3000:]

    [fold] = backtest(enriched(COUNT), freeze(small_bundle()), 1)
    archived = open_archive(it.name, endpoint=it.endpoint).to_table()
    assert archived.num_rows == COUNT
    assert rows(archived) == expected_rows(fold.assessments)
    assert not any(each.degraded for each in fold.assessments), "merchants were known"
    assert it.memories() == {key: value for key, value in fold.memories.items() if key.startswith(b"account/")}
    assert sorted(event.id for event in it.alerts()) == told(fold.assessments)
    assert len(it.published) > 5
    letters = it.letters()
    assert sorted(letter.data for letter in letters) == sorted(POISON.values())
    assert {letter.headers["reason"] for letter in letters} == {"MALFORMED_JSON", "INVALID_FIELD"}
    assert it.throttled.refused > 5
    assert it.throttled.halved > 5
    assert it.function.started == 1
    figures["lambda_assessed"] = archived.num_rows


def test_shards_are_independent_of_each_other(account: Callable[..., Account]) -> None:
    """Two shards that take turns; without merchants no shard hears of another."""
    it = account(shards=2, merchant_memory="false")
    paid = payments(1_200)
    shards = [[each for each in paid if partition_of(each.account_id, 2) == shard] for shard in range(2)]
    events = [
        list(batches(records_of(it.name, dealt, shard=shard), seed=shard)) for shard, dealt in enumerate(shards)
    ]
    for turn in range(max(map(len, events))):
        for each in events:
            if turn < len(each):
                assert it.function.invoke(each[turn]).body == NONE_FAILED

    folds = [PartitionFold(shard) for shard in range(2)]
    for fold in folds:
        fold.feed(
            [each for each in enriched(1_200) if partition_of(each.account_id, 2) == fold.partition],
            freeze(small_bundle()),
        )
    assessments = [each for fold in folds for each in fold.assessments]
    assert rows(read_archive(it.name, endpoint=it.endpoint)) == expected_rows(assessments)
    assert sorted(event.id for event in it.alerts()) == told(assessments)
    for shard, dealt in enumerate(shards):
        head = decode_head(it.memories(f"head/{it.name}/shardId-{shard:012d}").popitem()[1])
        assert head.records == len(dealt)
        assert int(head.sequence_number) == FIRST_SEQUENCE + 7 * (len(dealt) - 1)
