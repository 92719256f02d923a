"""Turns records of the topics into news for the board. What cannot be read is counted, and never shown."""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec
import structlog
from confluent_kafka import Message

from dashboard.state.alarms import Drifted
from dashboard.state.board import News
from dashboard.state.cards import card_of_alert
from dashboard.state.packed import Packing
from dashboard.state.passing import Passed, Passing
from dashboard.state.suppressions import Suppression
from detectors.drift import DriftEvent
from detectors.labels import Label, decode_labels
from sinks.alerts import decode_alert
from sinks.errors import AlertError
from stream.headers import ECHO_KIND, INGESTED_AT, KIND
from stream.topics import ALERTS, ASSESSMENTS, DEAD_LETTERS, DRIFT, EXPLAINED, LABELS, SUPPRESSIONS

log = structlog.get_logger(__name__)

Reading = Callable[[News, Message, bytes], None]
"""Adds what a record says to the news."""


class _Named(msgspec.Struct, frozen=True, gc=False):
    """The name of the assessment that an explanation is about."""

    assessment_id: str


_passing = msgspec.json.Decoder(Passing)
_named = msgspec.json.Decoder(_Named)
_suppression = msgspec.json.Decoder(Suppression)
_drift = msgspec.json.Decoder(DriftEvent)


class NewsReader:
    """Says what records mean, each topic's in its own way."""

    def __init__(self) -> None:
        self._packing = Packing()
        self._readers: dict[str, Reading] = _READERS | {ALERTS: self._alert, EXPLAINED: self._explanation}

    def read(self, messages: Iterable[Message]) -> News:
        """Return what records say, in their order."""
        news = News()
        for message in messages:
            read = self._readers.get(message.topic() or "")
            if read is None:
                continue
            try:
                read(news, message, message.value() or b"")
            except (msgspec.MsgspecError, UnicodeDecodeError, AlertError, ValueError):
                news.unreadable += 1
                where = {"topic": message.topic(), "partition": message.partition(), "offset": message.offset()}
                log.warning("skipped a record that its topic should not hold", **where)
        return news

    def _alert(self, news: News, message: Message, value: bytes) -> None:
        news.cards.append(card_of_alert(decode_alert(value), value, _at(message), self._packing))

    def _explanation(self, news: News, _message: Message, value: bytes) -> None:
        news.explained.append((_named.decode(value).assessment_id, self._packing.pack(value)))


def _assessment(news: News, message: Message, value: bytes) -> None:
    ingested = _header(message, INGESTED_AT)
    produced = None if ingested is None else int(ingested) / 1000
    news.passed.append(Passed(_passing.decode(value), _at(message), produced, value))


def _label(news: News, message: Message, value: bytes) -> None:
    if _header(message, KIND) == ECHO_KIND:  # a replay in step asks how far the workers are
        return
    (found,) = decode_labels([value], [message.timestamp()[1]])
    if not isinstance(found, Label):
        raise ValueError(found.message)
    news.labels.append(found)


def _suppressed(news: News, _message: Message, value: bytes) -> None:
    if value:
        news.suppressions.append(_suppression.decode(value))


def _drifted(news: News, message: Message, value: bytes) -> None:
    news.drifts.append(Drifted(_drift.decode(value), message.partition() or 0, _at(message)))


def _dead_letter(news: News, message: Message, _value: bytes) -> None:
    news.dead_letters.append(_at(message))


def _header(message: Message, wanted: str) -> bytes | None:
    for header in message.headers() or ():
        if header[0] == wanted:
            return header[1] if isinstance(header[1], bytes) else None
    return None


def _at(message: Message) -> float:
    return message.timestamp()[1] / 1000


_READERS: Final[dict[str, Reading]] = {
    ASSESSMENTS: _assessment,
    LABELS: _label,
    SUPPRESSIONS: _suppressed,
    DRIFT: _drifted,
    DEAD_LETTERS: _dead_letter,
}
TOPICS: Final = (*_READERS, ALERTS, EXPLAINED)
"""The topics that are followed."""
