"""Dead letters on a fake of SQS."""

from typing import Any

import pytest

from detectors.decoding import Rejection
from serving.aws_lambda.letters import BATCH_BYTES, SqsLetters, letter_of, read_letter
from serving.aws_lambda.records import Shard, ShardRecord
from serving.errors import LettersUnavailable

SHARD = Shard("payments", "shardId-000000000002")
BAD = Rejection("INVALID_FIELD", "amount must be a number", "amount")


def record(place: int, data: bytes) -> ShardRecord:
    return ShardRecord(SHARD, 10**55 + place, data, 1_700_000_000_000, "A1")


class Queue:
    """Takes everything but what it is told to refuse."""

    def __init__(self, failed: tuple[dict[str, Any], ...] = ()) -> None:
        self.requests: list[list[dict[str, Any]]] = []
        self._failed = failed

    def send_message_batch(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request["Entries"])
        return {"Failed": list(self._failed)}


def test_a_letter_holds_the_records_own_bytes_and_why_it_is_bad() -> None:
    queue = Queue()
    SqsLetters(queue, "url").write([letter_of(record(1, b"\xff\0{"), BAD)])
    [[entry]] = queue.requests
    letter = read_letter(entry["MessageBody"])
    assert letter.data == b"\xff\0{"
    assert (letter.shard_id, letter.sequence_number) == (SHARD.shard_id, str(10**55 + 1))
    assert letter.headers["reason"] == entry["MessageAttributes"]["reason"]["StringValue"] == "INVALID_FIELD"
    assert letter.headers["field"] == "amount"
    assert letter.headers["source-offset"] == letter.sequence_number


def test_a_record_that_is_too_large_for_the_queue_is_cut_and_says_so() -> None:
    letter = letter_of(record(1, b"x" * 1_000_000), BAD)
    assert 100_000 < len(letter.data) < 1_000_000
    assert letter.headers["length"] == "1000000"
    assert letter.headers["truncated"] == "1"


def test_requests_stay_within_the_limits_of_the_queue() -> None:
    queue = Queue()
    letters = [letter_of(record(place, b"x" * (60_000 if place < 5 else 10)), BAD) for place in range(20)]
    SqsLetters(queue, "url").write(letters)
    sent = [[entry["MessageBody"] for entry in entries] for entries in queue.requests]
    assert [read_letter(body) for bodies in sent for body in bodies] == letters
    assert all(len(bodies) <= 10 and sum(map(len, bodies)) <= BATCH_BYTES for bodies in sent)


def test_what_the_queue_does_not_take_is_an_error() -> None:
    with pytest.raises(LettersUnavailable, match="InternalError"):
        SqsLetters(Queue(({"Id": "0", "Code": "InternalError"},)), "url").write([letter_of(record(1, b""), BAD)])
