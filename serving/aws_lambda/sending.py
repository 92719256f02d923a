"""Sends what follows from a batch: assessments to the archive, alerts to SNS, bad records to SQS.

All of it can be sent again. An archive object is the same to the name; an alert or a letter that is marked as sent
is left out, so that it comes twice only if the function dies between the service's answer and the mark.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec
import structlog

from detectors.decoding import Rejection
from serving.aws_lambda.letters import Letter, letter_of
from serving.aws_lambda.records import Shard, ShardRecord
from serving.aws_lambda.stage import Outputs
from serving.aws_lambda.table import MemoryTable
from sinks.alerts import AlertEvent, decode_alert
from sinks.archive import OffsetRange, ParquetArchive, Record
from sinks.errors import NotificationsRefusedError
from sinks.notices import Notice, alert_notice
from sinks.restraint import Judge
from sinks.sink import Sink
from sinks.sns import SnsSink

MARKED_SECONDS: Final = 8 * 86_400
"""How long a mark is kept: longer than Kinesis can redeliver from a stream that keeps a week."""
DIGEST_DIGITS: Final = 12

_encode = msgspec.json.Encoder().encode
_log = structlog.get_logger(__name__)


class Sender:
    """The three destinations, and the marks of what is out. Without a topic nobody is told of alerts."""

    def __init__(
        self,
        archive: ParquetArchive,
        letters: Sink[Letter],
        marks: MemoryTable,
        topic: SnsSink | None,
        judge: Judge,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._archive = archive
        self._letters = letters
        self._marks = marks
        self._topic = topic
        self._judge = judge
        self._now = now

    def send(self, shard: Shard, records: Sequence[ShardRecord], outputs: Outputs) -> None:
        """Send everything, and tell nobody of what is not archived. Raises SinkError, ServingError."""
        if outputs.assessments:
            self._archive.write([archived(shard, records, outputs)])
        if self._topic is not None and outputs.alerts:
            self._notify(self._topic, outputs.alerts, records)
        if outputs.letters:
            self._bury(outputs.letters)

    def _notify(self, topic: SnsSink, alerts: Sequence[bytes], records: Sequence[ShardRecord]) -> None:
        events = [(decode_alert(value), value) for value in alerts]
        sent = self._marks.marked([_mark(event.id) for event, _ in events])
        arrived = min(record.arrived_ms for record in records) / 1000
        wanted = list(self._wanted([each for each in events if _mark(each[0].id) not in sent], arrived))
        with self._marking(wanted, topic):
            topic.write(wanted)

    def _wanted(self, alerts: Sequence[tuple[AlertEvent, bytes]], arrived: float) -> Iterator[Notice]:
        """Yield notices of the alerts that people want to be told of."""
        now = self._now()
        for event, value in alerts:
            verdict = self._judge.judge(event, now - arrived, now)
            if verdict == "publish":
                yield alert_notice(event, value)
            else:
                _log.info("alert not published", alert_id=event.id, why=verdict)

    @contextmanager
    def _marking(self, notices: Sequence[Notice], topic: SnsSink) -> Iterator[None]:
        """Mark what was published, also when not everything was."""
        try:
            yield
        except NotificationsRefusedError as error:
            # It will never take these, and they are archived: the stream must not wait for them.
            _log.exception("alerts refused by SNS", alert_ids=sorted(error.refused))
        finally:
            self._mark([_mark(notice.id) for notice in notices if notice.id in topic])

    def _bury(self, bad: Sequence[tuple[ShardRecord, Rejection]]) -> None:
        letters = [letter_of(*each) for each in bad]
        sent = self._marks.marked([_mark(letter.id) for letter in letters])
        wanted = [letter for letter in letters if _mark(letter.id) not in sent]
        self._letters.write(wanted)
        self._mark([_mark(letter.id) for letter in wanted])

    def _mark(self, names: Sequence[str]) -> None:
        if names:
            self._marks.mark(names, int(self._now()) + MARKED_SECONDS)


def archived(shard: Shard, records: Sequence[ShardRecord], outputs: Outputs) -> OffsetRange:
    """Return what the archive is to hold of a batch, under a name that follows from what it is.

    Stream, a digest of the assessments, shard and the sequence numbers make the name: delivered again, a batch
    finds its object there. If meanwhile the bundle is another one, the object is another one too.
    """
    rows = tuple(Record(position, _encode(assessment)) for position, assessment in outputs.assessments)
    digest = hashlib.sha256(b"\n".join(row.value for row in rows)).hexdigest()[:DIGEST_DIGITS]
    first, last = records[0].sequence_number, records[-1].sequence_number
    return OffsetRange(f"{shard.stream}-{digest}", shard.number, first, last, rows)


def _mark(id_: str) -> str:
    return f"sent/{id_}"
