"""Finds the explanation of a payment on the topic, or in the archive, or makes it from the assessment there."""

import time
from collections.abc import Callable
from typing import Any, Final

import msgspec
import pyarrow.compute as pc
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from pyarrow import ArrowException

from detectors.assessment import DETECTORS, Assessment
from detectors.bundle import Bundle
from detectors.errors import ExplanationFormatError
from detectors.explanation.explain import explain
from detectors.explanation.explanation import Explanation, decode_explanation
from sinks.errors import ArchiveError
from stream.errors import BrokerUnavailable
from stream.settings import Settings
from stream.topics import EXPLAINED

NEWEST: Final = 20_000
"""Explanations of a partition that are looked through, the newest; older ones are in the archive."""
QUIET_SECONDS: Final = 10.0
"""A broker that gives nothing for so long gives nothing."""
CONNECT_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.2


def on_topic(settings: Settings, transaction_id: str) -> Explanation | None:
    """Return the newest explanation of a payment that `alerts.explained` holds; None if it holds none.

    It joins no group and commits nothing. Raises BrokerUnavailable.
    """
    own = {
        "group.id": f"{settings.app_id}-explain",  # demanded by the client; nobody joins it
        "enable.auto.commit": "false",
        "enable.partition.eof": "true",
        "fetch.wait.max.ms": "100",
    }
    consumer = Consumer(settings.kafka_client() | own)
    try:
        return _newest(consumer, min(CONNECT_SECONDS, settings.kafka_connect_seconds), transaction_id)
    except KafkaException as error:
        raise BrokerUnavailable(
            f"topic {EXPLAINED} cannot be read at {settings.kafka_bootstrap} ({error.args[0].str()}): start the"
            " broker, set RISKSTREAM_KAFKA_BOOTSTRAP, or ask the archive with --from archive"
        ) from error
    finally:
        consumer.close()


def _newest(consumer: Consumer, timeout: float, transaction_id: str) -> Explanation | None:
    topic = consumer.list_topics(EXPLAINED, timeout=timeout).topics[EXPLAINED]
    if topic.error is not None:
        raise KafkaException(topic.error)
    left = set()
    for partition in topic.partitions:
        first, end = consumer.get_watermark_offsets(TopicPartition(EXPLAINED, partition), timeout=timeout)
        if end > first:
            left.add(TopicPartition(EXPLAINED, partition, max(first, end - NEWEST)))
    consumer.assign(list(left))
    open_partitions = {each.partition for each in left}
    # As it stands in the JSON; only what may be it is decoded.
    wanted, found = msgspec.json.encode(transaction_id), None
    deadline = time.monotonic() + QUIET_SECONDS
    while open_partitions:
        message = consumer.poll(_POLL_SECONDS)
        if message is None:
            if time.monotonic() > deadline:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
            continue
        deadline = time.monotonic() + QUIET_SECONDS
        error, value = message.error(), message.value() or b""
        if error is not None and error.code() != KafkaError._PARTITION_EOF:
            raise KafkaException(error)
        if error is not None:
            open_partitions.discard(message.partition())
        elif isinstance(value, bytes) and wanted in value:
            found = _match(value, transaction_id) or found
    return found


def _match(value: bytes, transaction_id: str) -> Explanation | None:
    try:
        explanation = decode_explanation(value)
    except ExplanationFormatError:  # somebody else's record on our topic explains nothing
        return None
    return explanation if explanation.transaction_id == transaction_id else None


def in_archive(explanations: Any, transaction_id: str) -> Explanation | None:
    """Return the explanation of a payment from the archive's data set of explanations; None if there is none."""
    row = _newest_row(explanations, transaction_id)
    return None if row is None else msgspec.convert(row, Explanation)


def made_from_archive(assessments: Any, transaction_id: str, load: Callable[[], Bundle]) -> Explanation | None:
    """Explain a payment that was assessed and not alerted, with LIME; None if the archive does not hold it."""
    row = _newest_row(assessments, transaction_id)
    if row is None:
        return None
    for group, suffix in (("scores", "score"), ("tails", "tail")):
        row[group] = {detector: row[f"{detector}_{suffix}"] for detector in DETECTORS}
    assessment = msgspec.convert(row, Assessment)
    return explain(assessment, "", load())


def _newest_row(dataset: Any, transaction_id: str) -> dict[str, Any] | None:
    """Return the last archived row of a payment: of several bundles' the latest."""
    try:
        found = dataset.to_table(filter=pc.field("transaction_id") == transaction_id)
    except (OSError, ArrowException) as error:
        raise ArchiveError(f"cannot read the archive: {error}; check endpoint, bucket and credentials") from error
    rows: list[dict[str, Any]] = found.to_pylist()
    return max(rows, key=lambda row: (row["source_partition"], row["source_offset"]), default=None)
