"""A worker that lacks one permission says which, and ends; with the permission it goes on where it was."""

import re

import pytest

from stream.topics import ASSESSMENTS, TRANSACTIONS
from tests.broker.security.broker import AclOperation, Grant, ResourceType, SecureKafka
from tests.pipeline.cluster import Cluster
from tests.pipeline.traffic import payments

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("topic", [ASSESSMENTS, "changelog"])
def test_a_refused_write_ends_the_worker_and_loses_nothing(
    guarded: Cluster, secure_kafka: SecureKafka, topic: str
) -> None:
    name = guarded.settings.changelog_topic if topic == "changelog" else topic
    missing = Grant(ResourceType.TOPIC, name, AclOperation.WRITE)
    secure_kafka.revoke(missing)
    sent = payments(200)
    guarded.send(sent)
    with guarded.start_worker() as refused:
        assert refused.exit_code(40) == 1
        assert re.search(rf"worker crashed.*Authorization.*{re.escape(name)}", refused.log_text())

    secure_kafka.grant(missing)
    with guarded.start_worker() as allowed:
        guarded.wait_until_done([allowed])
        allowed.stop()
    assert sum(len(records) for records in guarded.read(ASSESSMENTS)) == len(sent)


def test_a_refused_read_ends_the_worker(guarded: Cluster, secure_kafka: SecureKafka) -> None:
    missing = Grant(ResourceType.TOPIC, TRANSACTIONS, AclOperation.READ)
    secure_kafka.revoke(missing)
    with guarded.start_worker() as refused:
        assert refused.exit_code(40) == 1
        assert TRANSACTIONS in refused.log_text()
