"""Dead letters for SQS: a bad record's own bytes, why it is bad and where it stood, as one JSON text."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from detectors.decoding import Rejection
from serving.aws_lambda.records import ShardRecord
from serving.errors import LettersUnavailable
from sinks.dead_letters import SourcePosition, dead_letter

ENTRIES: Final = 10
"""Of one SendMessageBatch; the limit of SQS."""
BATCH_BYTES: Final = 240_000
"""Of one SendMessageBatch, all messages together; SQS takes 262,144 with attributes."""
_VALUE_BYTES: Final = 160_000
"""Largest letter before it becomes Base64; a longer record is cut, and the letter says so."""


class Letter(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the queue holds, as JSON."""

    id: str
    """The same whenever the letter is sent."""
    stream: str
    shard_id: str
    sequence_number: str
    partition_key: str
    arrived_at_ms: int
    data: bytes
    """The record's own bytes, in Base64; their beginning only where `headers` has `truncated`."""
    headers: dict[str, str]
    """`reason`, `message` and the rest, as docs/dead-letters.md has them for Kafka."""


def letter_of(record: ShardRecord, rejection: Rejection) -> Letter:
    """Return the letter about a record."""
    position = SourcePosition(record.shard.stream, record.shard.number, record.sequence_number)
    built = dead_letter(record.data, rejection, position, limit=_VALUE_BYTES)
    return Letter(
        id=f"letter/{record.shard}/{record.sequence_number}",
        stream=record.shard.stream,
        shard_id=record.shard.shard_id,
        sequence_number=str(record.sequence_number),
        partition_key=record.partition_key,
        arrived_at_ms=record.arrived_ms,
        data=built.value or b"",
        headers={name: value.decode(errors="replace") for name, value in built.headers},
    )


class SqsLetters:
    """A `Sink` of letters."""

    def __init__(self, client: Any, queue_url: str) -> None:
        self._client = client
        self._queue = queue_url

    def write(self, batch: Sequence[Letter]) -> None:
        """Send every letter. Raises LettersUnavailable if one was not taken; sending them again is harmless."""
        for together in _packed([(letter, msgspec.json.encode(letter).decode()) for letter in batch]):
            self._send(together)

    def _send(self, together: Sequence[tuple[Letter, str]]) -> None:
        entries = [
            {
                "Id": str(index),
                "MessageBody": body,
                "MessageAttributes": {
                    "reason": {"DataType": "String", "StringValue": letter.headers["reason"]},
                },
            }
            for index, (letter, body) in enumerate(together)
        ]
        try:
            failed = self._client.send_message_batch(QueueUrl=self._queue, Entries=entries).get("Failed", ())
        except (BotoCoreError, ClientError) as error:
            raise LettersUnavailable(
                f"the queue of dead letters takes none ({error}); check RISKSTREAM_DEAD_LETTER_QUEUE_URL and the"
                " permission sqs:SendMessage"
            ) from error
        if failed:
            codes = ", ".join(sorted({each.get("Code", "") for each in failed}))
            raise LettersUnavailable(
                f"the queue did not take {len(failed)} of {len(together)} dead letters ({codes})"
            )


def read_letter(body: str) -> Letter:
    """Return a letter from the text of its message."""
    return msgspec.json.decode(body, type=Letter)


def _packed(letters: Sequence[tuple[Letter, str]]) -> Iterator[list[tuple[Letter, str]]]:
    """Split letters into as few requests as the limits allow."""
    together: list[tuple[Letter, str]] = []
    size = 0
    for letter, body in letters:
        if together and (len(together) == ENTRIES or size + len(body.encode()) > BATCH_BYTES):
            yield together
            together, size = [], 0
        together.append((letter, body))
        size += len(body.encode())
    if together:
        yield together
