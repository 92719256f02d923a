"""What every rival but the worker's own stage is given, so that all do the same work.

It is imported in the Quix rival's environment too, which has neither Faust nor aiokafka.
"""

import gc
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec
from confluent_kafka import Consumer, TopicPartition

from detectors.assess import Outcome
from detectors.events import Event, TimeMark
from detectors.memory_keys import ledger_key, merchant_key
from detectors.merchants.ledger import ledger_edge
from detectors.merchants.profile import MerchantProfile, decode_profile
from detectors.transaction import EnrichedTransaction
from sinks.alerts import CONTENT_TYPE, alert_event
from stream.headers import INGESTED_AT, KIND, ORIGIN, find
from stream.settings import Settings
from stream.topics import MERCHANT_PROFILES

ANSWER_SECONDS: Final = 10.0
Headers = Sequence[tuple[str, bytes]]

_decode_payment = msgspec.json.Decoder(EnrichedTransaction).decode
_decode_mark = msgspec.json.Decoder(TimeMark).decode
_decode_profile = lru_cache(10_000)(decode_profile)  # as many as stream.replica keeps
encode = msgspec.json.Encoder().encode


def decode_event(value: bytes, headers: Headers) -> Event:
    """A record of `transactions.enriched`; the benchmark's traffic has payments and time marks."""
    return _decode_payment(value) if find(headers, KIND) is None else _decode_mark(value)


def passed_on(headers: Headers) -> list[tuple[str, bytes]]:
    """The headers that an assessment has from its payment."""
    return [(name, value) for name, value in headers if name in (ORIGIN, INGESTED_AT)]


class Output(NamedTuple):
    """What goes out about one payment."""

    key: bytes
    assessment: bytes
    alert: bytes | None


def outputs(events: Sequence[Event], outcome: Outcome) -> list[tuple[int, Output]]:
    """Encode an outcome; with the position of the payment in the batch."""
    found = []
    for at, assessment in outcome.assessments:
        event, alert = events[at], None
        # The same condition as stream.stages.assess.publishes_alert has.
        if assessment.alert in ("new", "escalation") and isinstance(event, EnrichedTransaction):
            alert = alert_event(assessment, event)
        found.append((at, Output(assessment.account_id.encode(), encode(assessment), alert)))
    return found


ALERT_HEADER: Final = CONTENT_TYPE


def spare_the_collector() -> None:
    """Set garbage collection as the worker has it once it has started; call it before the first record."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


class MerchantsAsTheyAre:
    """The memories of merchants as `merchant-profiles` holds them at the start: the replica, standing still."""

    def __init__(self, settings: Settings) -> None:
        self._memories: dict[bytes, bytes] = {}
        for partition in range(settings.partitions):
            self._memories.update(_read_partition(settings, partition))
        heads = [self._memories.get(ledger_key(each)) for each in range(settings.partitions)]
        self.edge = min(0 if head is None else ledger_edge(head) for head in heads)
        """Hours since 1970 before which the totals of all partitions are in."""

    def profile(self, merchant_id: str) -> MerchantProfile | None:
        """Return the memory of a merchant; None for one that is not known."""
        data = self._memories.get(merchant_key(merchant_id))
        return None if data is None else _decode_profile(data)


def _read_partition(settings: Settings, partition: int) -> dict[bytes, bytes]:
    tp = TopicPartition(MERCHANT_PROFILES, partition, 0)
    consumer = Consumer({**settings.kafka_client(), "group.id": "speed-merchants", "enable.partition.eof": "true"})
    found: dict[bytes, bytes] = {}
    try:
        consumer.assign([tp])
        while True:
            for message in consumer.consume(5000, timeout=0.1):
                if message.error() is not None:
                    return found  # the end of the partition
                found[message.key() or b""] = message.value() or b""
    finally:
        consumer.close()
