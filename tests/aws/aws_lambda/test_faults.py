"""Deliveries that end halfway: whatever had happened by then, the next one makes it whole, and nothing twice."""

from collections.abc import Callable

import pytest

from detectors.frozen import freeze
from serving.aws_lambda.head import decode_head
from sinks.archive import open_archive, read_archive
from stream.backtest import backtest
from tests.aws.aws_lambda import faulty
from tests.aws.aws_lambda.conftest import NONE_FAILED, Account, expected_rows, rows, told
from tests.aws.aws_lambda.events import records_of
from tests.pipeline.traffic import enriched, payments, small_bundle

pytestmark = pytest.mark.timeout(180)
PAID = {"count": 1_600, "seed": 35}
"""Simulated payments; of this seed there are alerts in the batches that need some."""
SIZE = 110
"""So many change more items than one transaction takes."""
BAD = b"[]"


def test_a_batch_whose_delivery_died_anywhere_counts_once(account: Callable[..., Account]) -> None:
    """Five batches with an end at another point each, delivered again; a bad record in each."""
    it = account()
    count = SIZE * (len(faulty.FAULTS) + 1)
    records = records_of(it.name, payments(**PAID)[:count], dict.fromkeys(range(60, count, SIZE), BAD))
    size = SIZE + 1
    for number, fault in enumerate([*faulty.FAULTS, "answer_lost"]):
        event = {"Records": records[number * size : (number + 1) * size]}
        died = it.function.invoke(event, handler=f"tests.aws.aws_lambda.faulty.{fault}")
        assert died.failed == (fault in faulty.FAULTS), it.function.log()[-3000:]
        before = set(it.objects())
        # What is left may come together with later records, or one half after the other.
        for some in [event] if number % 2 else [{"Records": event["Records"][:70]}, event]:
            answer = it.function.invoke(some)
            assert (answer.failed, answer.body) == (False, NONE_FAILED), it.function.log()[-3000:]
        if fault in ("before_answer", "answer_lost"):
            assert set(it.objects()) == before

    [fold] = backtest(enriched(**PAID)[:count], freeze(small_bundle()), 1)
    assert rows(read_archive(it.name, endpoint=it.endpoint)) == expected_rows(fold.assessments)
    everything = open_archive(it.name, endpoint=it.endpoint).to_table().drop_columns(["date"])
    assert everything.num_rows > count, "something was archived twice"
    distinct = {str(row) for row in everything.to_pylist()}
    assert len(distinct) == count, "and is the same, down to its position"
    assert it.memories() == {key: value for key, value in fold.memories.items() if key.startswith(b"account/")}
    assert sorted(event.id for event in it.alerts()) == told(fold.assessments)
    assert len(it.published) >= 3
    assert [letter.data for letter in it.letters()] == [BAD] * (len(faulty.FAULTS) + 1)


def test_records_that_dynamodb_does_not_take_are_reported_and_come_again(account: Callable[..., Account]) -> None:
    """Two writes go through, the clocks and the batch's first step; then there is no capacity for a while."""
    it = account()
    records = records_of(it.name, payments(**PAID)[:SIZE])
    it.throttled.writes_left = 2
    partly = it.function.invoke({"Records": records})
    assert not partly.failed
    failed = [each["itemIdentifier"] for each in partly.body["batchItemFailures"]]
    sequence_numbers = [each["kinesis"]["sequenceNumber"] for each in records]
    done = sequence_numbers.index(failed[0])
    assert 0 < done < SIZE
    assert failed == sequence_numbers[done:], "none behind it was applied either"
    head = decode_head(it.memories("head/").popitem()[1])
    assert (head.records, head.sequence_number) == (done, sequence_numbers[done - 1])
    assert it.function.invoke({"Records": records[done:]}).failed, "all records of this batch have"

    it.throttled.writes_left = None
    assert it.function.invoke({"Records": records[done:]}).body == NONE_FAILED
    [fold] = backtest(enriched(**PAID)[:SIZE], freeze(small_bundle()), 1)
    assert it.memories() == {key: value for key, value in fold.memories.items() if key.startswith(b"account/")}
    assert rows(read_archive(it.name, endpoint=it.endpoint)) == expected_rows(fold.assessments)
    assert sorted(event.id for event in it.alerts()) == told(fold.assessments)
    log = it.function.log()
    assert not any(each.account_id in log for each in payments(**PAID)[:SIZE]), "no account is named in the log"
