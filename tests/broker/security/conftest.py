"""One demanding broker for the tests of this folder, and a cluster whose workers log in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.topics import (
    DEAD_LETTERS,
    DRIFT,
    LABELS,
    MERCHANT_PROGRESS,
    TRANSACTIONS,
    worker_topics,
)
from tests.broker.security.broker import (
    PASSWORD,
    USER,
    AclOperation,
    Grant,
    ResourceType,
    SecureKafka,
)
from tests.pipeline.cluster import Cluster, recreate_topics
from tests.pipeline.traffic import small_bundle

WRITTEN_ONLY = {DRIFT, MERCHANT_PROGRESS, DEAD_LETTERS}
READ_ONLY = {TRANSACTIONS, LABELS}


@pytest.fixture(scope="session")
def secure_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    """A broker that demands TLS, a password and permissions."""
    with SecureKafka(tmp_path_factory.mktemp("secure") / "kafka") as broker:
        yield broker


@pytest.fixture
def guarded(secure_kafka: SecureKafka, s3_endpoint: str, bundle_directory: Path, tmp_path: Path) -> Cluster:
    """A cluster whose workers have exactly the rights that docs/kafka.md lists."""
    made = Cluster(secure_kafka.bootstrap, s3_endpoint, small_bundle(), bundle_directory, tmp_path)
    recreate_topics(secure_kafka.bootstrap, made.name)
    made.environment |= {
        "RISKSTREAM_KAFKA_BOOTSTRAP": secure_kafka.secure,
        "RISKSTREAM_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "RISKSTREAM_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
        "RISKSTREAM_KAFKA_SASL_USERNAME": USER,
        "RISKSTREAM_KAFKA_SASL_PASSWORD": PASSWORD,
        "RISKSTREAM_KAFKA_SSL_CA_FILE": str(secure_kafka.ca_file),
        "RISKSTREAM_KAFKA_CONNECT_SECONDS": "3",
        "RISKSTREAM_EXPLAIN_PROCESSES": "1",
    }
    secure_kafka.grant(*documented_rights(made.name))
    return made


def documented_rights(app_id: str) -> list[Grant]:
    """What docs/kafka.md asks for: no wildcard, nothing on the cluster but idempotent writes."""
    topic, describe = ResourceType.TOPIC, AclOperation.DESCRIBE_CONFIGS
    names = sorted(worker_topics(app_id))
    return [
        *(Grant(topic, name, describe) for name in names),
        *(Grant(topic, name, AclOperation.READ) for name in names if name not in WRITTEN_ONLY),
        *(Grant(topic, name, AclOperation.WRITE) for name in names if name not in READ_ONLY),
        Grant(ResourceType.GROUP, app_id, AclOperation.READ),
        Grant(ResourceType.GROUP, f"{app_id}-explanations", AclOperation.READ),
        Grant(ResourceType.TRANSACTIONAL_ID, f"{app_id}-", AclOperation.WRITE, prefix=True),
    ]
