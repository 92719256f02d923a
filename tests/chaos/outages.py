"""The labels topic, away for a while: it lies on a broker of its own, which is killed and started again."""

from pathlib import Path
from types import TracebackType

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from stream.topics import ENRICHED, LABELS, declared_topics
from tests.kafka_broker import ApacheKafka
from tests.pipeline.cluster import Cluster
from tests.pipeline.waiting import wait_until

_ANSWER_SECONDS = 30.0
_NODE = 2


class JoinedBroker(ApacheKafka):
    """A second broker in the cluster of a first one, which stays the only controller."""

    role_options = ()

    def __init__(self, directory: Path, first: ApacheKafka) -> None:
        super().__init__(directory)
        self.cluster_id = first.cluster_id
        self._first = first

    def _properties(self) -> dict[str, str]:
        return {
            **super()._properties(),
            "process.roles": "broker",
            "node.id": str(_NODE),
            "controller.quorum.bootstrap.servers": self._first.controller,
            "listeners": f"PLAINTEXT://{self.bootstrap}",
        }


class LabelsOutage:
    """Moves the labels topic, still empty, to a broker of its own; everything else stays on the first."""

    def __init__(self, directory: Path, first: ApacheKafka, cluster: Cluster) -> None:
        self._broker = JoinedBroker(directory, first)
        self._client = cluster.settings.kafka_client()
        self._cluster = cluster

    def __enter__(self) -> "LabelsOutage":
        self._make_coordinators()
        self._broker.start()
        self._move_labels()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._broker.kill()

    def begin(self) -> None:
        """Nobody can write or read labels any more."""
        self._broker.kill()

    def end(self) -> None:
        """Everybody can again."""
        self._broker.start()

    def _make_coordinators(self) -> None:
        """Have Kafka make its own topics while there is one broker only."""
        consumer = Consumer({**self._client, "group.id": self._cluster.name})
        consumer.committed([TopicPartition(ENRICHED, 0)], timeout=_ANSWER_SECONDS)
        consumer.close()
        Producer({**self._client, "transactional.id": "first"}).init_transactions(_ANSWER_SECONDS)

    def _move_labels(self) -> None:
        admin = AdminClient({**self._client})
        (declared,) = (
            topic
            for topic in declared_topics(self._cluster.partitions, self._cluster.name)
            if topic.name == LABELS
        )
        admin.delete_topics([LABELS])[LABELS].result(_ANSWER_SECONDS)
        wait_until(lambda: LABELS not in admin.list_topics(timeout=10).topics, 30, "the topic is deleted")
        places = [[_NODE]] * self._cluster.partitions
        moved = NewTopic(LABELS, len(places), replica_assignment=places, config=declared.config())
        admin.create_topics([moved])[LABELS].result(_ANSWER_SECONDS)
