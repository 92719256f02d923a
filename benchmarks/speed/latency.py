"""How long a payment takes to become an alert, at a steady rate on the whole path with one worker.

The clock starts with the payment's own Kafka timestamp (its producer's) and stops when a subscriber has the alert.
For all payments, alerted or not, it is also told how long it takes until the assessment is handed to the producer.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from confluent_kafka import Consumer, Message, TopicPartition

from benchmarks.speed.figures import Latency, spread
from benchmarks.speed.ground import PARTITIONS, Ground, header
from benchmarks.speed.process import Process, RivalFailed
from benchmarks.speed.rivals.command import python_module
from detectors.transaction import Transaction
from stream.headers import INGESTED_AT
from stream.pacing import LagGate
from stream.topics import ALERTS, ASSESSMENTS

WARM_UP_SECONDS: Final = 3.0
LOOK_SECONDS: Final = 0.5
"""Between two looks at whether the worker is through, once the last payment is out."""
LONGEST_SECONDS: Final = 600.0

Timed = tuple[float, float]
"""When a payment was produced and when it was done with: milliseconds since 1970."""


def measure_latency(
    ground: Ground, gate: LagGate, payments: Sequence[Transaction], rate: int, scratch: Path
) -> Latency:
    """Send payments at a rate to a running worker; those of the first seconds are not counted."""
    lines = scratch / f"payments-{rate}.jsonl"
    lines.write_bytes(msgspec.json.Encoder().encode_lines(payments))
    command = python_module("benchmarks.speed.pacer", str(lines), str(rate))
    log = scratch / f"pacer-{rate}.log"
    before, alerts_before = ground.ends(ASSESSMENTS), ground.ends(ALERTS)
    with _subscriber(ground, ALERTS, alerts_before) as alerts:
        with Process(command, ground.environment(), log) as pacer:
            received = _receive(alerts, pacer, gate)
        _receive_rest(alerts, received, sum(ground.ends(ALERTS)) - sum(alerts_before))
    assessed = _assessments(ground, before, len(payments))
    first = min(ingested for ingested, _ in assessed) + 1000 * WARM_UP_SECONDS
    return Latency(
        to_alert=spread([done - ingested for ingested, done in received if ingested >= first]),
        to_assessment=spread([done - ingested for ingested, done in assessed if ingested >= first]),
        alert_share=round(len(received) / len(payments), 4),
        sent_per_s=round(_achieved(log)),
    )


def _receive(alerts: Consumer, pacer: Process, gate: LagGate) -> list[Timed]:
    """Receive alerts until the pacer has ended and everything is assessed."""
    received: list[Timed] = []
    deadline, look = time.monotonic() + LONGEST_SECONDS, 0.0
    while True:
        _take(alerts, received)
        now = time.monotonic()
        if pacer.ended and now >= look:
            if gate.lag() == 0:
                return received
            look = time.monotonic() + LOOK_SECONDS
        if now > deadline:
            raise RivalFailed(f"payments were not assessed within {LONGEST_SECONDS:g} s")


def _receive_rest(alerts: Consumer, received: list[Timed], count: int) -> None:
    """Receive what else lies in the topic."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while len(received) < count:
        _take(alerts, received)
        if time.monotonic() > deadline:
            raise RivalFailed(f"{len(received)} of {count} alerts were received within {LONGEST_SECONDS:g} s")


def _take(alerts: Consumer, received: list[Timed]) -> None:
    message = alerts.poll(0.1)
    now = time.time()
    if message is not None:
        received.append((_ingested_at(message), 1000 * now))


def _assessments(ground: Ground, before: Sequence[int], count: int) -> list[Timed]:
    """When payments were produced and when their assessments were, read once they all lie in the topic."""
    found: list[Timed] = []
    deadline = time.monotonic() + LONGEST_SECONDS
    with _subscriber(ground, ASSESSMENTS, before) as assessments:
        while len(found) < count:
            messages = assessments.consume(1000, timeout=0.1)
            found += [(_ingested_at(each), float(each.timestamp()[1])) for each in messages]
            if time.monotonic() > deadline:
                raise RivalFailed(f"{len(found)} of {count} payments were assessed in {LONGEST_SECONDS:g} s")
    return found


def _ingested_at(message: Message) -> float:
    return float(header(message, INGESTED_AT))


def _subscriber(ground: Ground, topic: str, offsets: Sequence[int]) -> Consumer:
    """A consumer without a group that gets records as soon as the broker has them."""
    client = ground.settings.kafka_client()
    consumer = Consumer({**client, "group.id": "speed-subscriber", "enable.auto.commit": "false"})
    consumer.assign([TopicPartition(topic, each, offsets[each]) for each in range(PARTITIONS)])
    return consumer


def _achieved(log: Path) -> float:
    report = msgspec.json.decode(log.read_bytes().splitlines()[-1])
    return float(report["acknowledged"] / report["seconds"])
