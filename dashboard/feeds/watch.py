"""Looks at the cluster every two seconds: does the broker answer, how far behind is each stage, who works. It
writes nothing. What a broker does not tell (the embedded one tells no members) is unknown, not zero.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # it does not say so

from dashboard.feeds.membership import assigned_partitions
from dashboard.words import iso
from stream.settings import Settings
from stream.topics import ALERTS, ASSESSMENTS, ENRICHED, LABELS, MERCHANT_ACTIVITY, TRANSACTIONS

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 2.0
ANSWER_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage whose lag is shown."""

    name: str
    topic: str
    group: str


@dataclass(frozen=True, slots=True)
class Lag:
    """How many records a stage has not finished with; None where nobody tells."""

    stage: Stage
    records: int | None
    partitions: int


@dataclass(frozen=True, slots=True)
class Member:
    """A worker, as the group knows it."""

    id: str
    host: str
    partitions: int
    """Of payments."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen of the cluster."""

    reachable: bool
    since: float
    """Since when it has been so, in seconds since 1970."""
    lags: tuple[Lag, ...] = ()
    members: tuple[Member, ...] | None = None
    """None where the broker does not tell."""

    def snapshot(self, catching_up: bool) -> dict[str, Any]:
        """Return it as the page shows it; `catching_up`: what the topics held at the start is still being read."""
        return {
            "lag": [
                {
                    "stage": each.stage.name,
                    "topic": each.stage.topic,
                    "records": each.records,
                    "partitions": each.partitions,
                }
                for each in self.lags
            ],
            "workers": None
            if self.members is None
            else [{"id": each.id, "host": each.host, "partitions": each.partitions} for each in self.members],
            "broker": {"reachable": self.reachable, "since": iso(self.since), "catching_up": catching_up},
        }


def stages_of(settings: Settings) -> tuple[Stage, ...]:
    """Return the stages of a worker with these settings, in the order in which a payment meets them."""
    stages = [("enrich", TRANSACTIONS), ("labels", LABELS), ("assess", ENRICHED), ("archive", ASSESSMENTS)]
    if settings.merchant_memory:
        stages.append(("merchants", MERCHANT_ACTIVITY))
    if settings.sns_topic_arn is not None:
        stages.append(("notify", ALERTS))
    found = [Stage(name, topic, settings.app_id) for name, topic in stages]
    if settings.explain_processes:
        found.append(Stage("explain", ALERTS, settings.explaining_group))
    return tuple(found)


class ClusterWatch:
    """Looks in a thread of its own, from `start` to `stop`; `sight` is what it saw last.

    It asks coordinators of groups nothing by the admin client: when a coordinator goes away meanwhile, librdkafka
    2.16 ends the process (an assertion in rdkafka_queue.h).
    """

    def __init__(self, client: Mapping[str, str], group: str, stages: Sequence[Stage]) -> None:
        patient = {"reconnect.backoff.max.ms": "1000"}
        self._admin = AdminClient({**client, **patient})
        self._client: dict[str, str] = {**client, **patient, "enable.auto.commit": "false"}
        self._consumers: dict[str, Consumer] = {}
        self._group = group
        self._stages = stages
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dashboard-watch", daemon=True)
        self.sight = Sight(True, time.time())

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; may take as long as an answer."""
        self._stopping.set()
        self._thread.join()
        for consumer in self._consumers.values():
            consumer.close()

    def _run(self) -> None:
        while not self._stopping.wait(EVERY_SECONDS):
            self.look(time.time())

    def look(self, now: float) -> None:
        """Look once."""
        before = self.sight
        try:
            topics = self._admin.list_topics(timeout=ANSWER_SECONDS).topics
        except KafkaException as error:
            if before.reachable:
                log.warning("the broker does not answer", why=error.args[0].str())
            since = now if before.reachable else before.since
            self.sight = Sight(False, since, tuple(Lag(e.stage, None, e.partitions) for e in before.lags))
            return
        if not before.reachable:
            log.info("the broker answers again")
        partitions = {name: sorted(topic.partitions) for name, topic in topics.items()}
        self.sight = Sight(
            True,
            before.since if before.reachable else now,
            tuple(self._lags(partitions)),
            self._members(),
        )

    def _lags(self, partitions: Mapping[str, Sequence[int]]) -> list[Lag]:
        held = {
            stage: [TopicPartition(stage.topic, each) for each in partitions.get(stage.topic, ())]
            for stage in self._stages
        }
        committed = {stage: self._committed(stage.group, those) for stage, those in held.items()}
        # Asked afterwards: ends run ahead of commits.
        ends = self._ends([each for those in held.values() for each in those])
        return [Lag(stage, behind(those, ends, committed[stage]), len(those)) for stage, those in held.items()]

    def _ends(self, held: Sequence[TopicPartition]) -> dict[tuple[str, int], int]:
        wanted = {TopicPartition(each.topic, each.partition): _latest() for each in held}
        ends: dict[tuple[str, int], int] = {}
        for at, answer in self._admin.list_offsets(wanted, request_timeout=ANSWER_SECONDS).items():
            try:
                ends[at.topic, at.partition] = answer.result(timeout=ANSWER_SECONDS).offset
            except (KafkaException, TimeoutError):
                continue
        return ends

    def _committed(self, group: str, held: list[TopicPartition]) -> dict[tuple[str, int], int]:
        if not held:
            return {}
        if group not in self._consumers:
            self._consumers[group] = Consumer({**self._client, "group.id": group})
        try:
            told = self._consumers[group].committed(held, timeout=ANSWER_SECONDS)
        except KafkaException:
            return {}
        return {(each.topic, each.partition): each.offset for each in told if each.offset >= 0}

    def _members(self) -> tuple[Member, ...] | None:
        try:
            groups: Any = self._admin.list_groups(self._group, timeout=ANSWER_SECONDS)
        except KafkaException:  # the embedded broker knows no such question
            return None
        found = [
            Member(
                each.id, each.client_host.lstrip("/"), assigned_partitions(each.assignment or b"", ENRICHED) or 0
            )
            for group in groups
            for each in group.members
        ]
        return tuple(sorted(found, key=lambda each: each.id))


def behind(
    held: Sequence[TopicPartition], ends: Mapping[tuple[str, int], int], committed: Mapping[tuple[str, int], int]
) -> int | None:
    """Return the records between commits and ends, by topic and partition.

    None where no partition has a commit, or none tells its end.
    """
    known = [
        ends[at] - committed[at]
        for each in held
        if (at := (each.topic, each.partition)) in ends and at in committed
    ]
    return sum(max(0, each) for each in known) if known else None


def _latest() -> OffsetSpec:
    spec: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # it declares no result
    return spec
