"""An invocation holds records of one shard in order, or is refused."""

import pytest

from serving.aws_lambda.head import Head, decode_head, encode_head, not_applied
from serving.aws_lambda.records import Shard, read_records
from serving.errors import EventError
from tests.aws.aws_lambda.events import FIRST_SEQUENCE, event_record


def records(*places: int, shard: int = 3) -> list[dict[str, object]]:
    return [event_record("payments", place, b"{}", "A1", shard) for place in places]


def test_a_record_is_read_with_where_it_comes_from() -> None:
    [record] = read_records({"Records": records(2)})
    assert record.shard == Shard("payments", "shardId-000000000003")
    assert record.shard.number == 3
    assert record.sequence_number == FIRST_SEQUENCE + 14
    assert (record.data, record.partition_key) == (b"{}", "A1")


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"Records": [{"body": "of SQS"}]},
        {"Records": records(1, 0)},
        {"Records": [*records(0), *records(1, shard=4)]},
    ],
)
def test_anything_else_is_refused(event: dict[str, object]) -> None:
    with pytest.raises(EventError):
        read_records(event)


def test_what_a_head_has_passed_is_left_out() -> None:
    read = read_records({"Records": records(0, 1, 2, 3)})
    head = Head(sequence_number=str(read[1].sequence_number), records=2)
    assert not_applied(decode_head(encode_head(head)), read) == read[2:]
    assert not_applied(decode_head(None), read) == read
