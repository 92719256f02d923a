"""A worker on a broker that demands TLS and a password."""

import pytest

from stream.topics import ASSESSMENTS
from tests.pipeline.cluster import Cluster
from tests.pipeline.traffic import payments

pytestmark = pytest.mark.timeout(90)


def test_with_the_documented_rights_everything_is_assessed_and_archived(guarded: Cluster) -> None:
    sent = payments(300)
    guarded.send(sent)
    with guarded.start_worker() as worker:
        guarded.wait_until_done([worker])
        worker.stop()
    assert "explaining alerts failed" not in worker.log_text()
    assessed = sum(len(records) for records in guarded.read(ASSESSMENTS))
    assert assessed == guarded.archived().num_rows == len(sent)


def test_a_wrong_password_ends_a_worker_that_names_the_settings(guarded: Cluster) -> None:
    said = refusal(guarded, RISKSTREAM_KAFKA_SASL_PASSWORD="guessed")
    assert "refuses the login of RISKSTREAM_KAFKA_SASL_USERNAME" in said
    assert "guessed" not in said


def test_an_unknown_certificate_ends_a_worker_that_names_the_setting(guarded: Cluster) -> None:
    del guarded.environment["RISKSTREAM_KAFKA_SSL_CA_FILE"]
    assert "set RISKSTREAM_KAFKA_SSL_CA_FILE" in refusal(guarded)


def test_plaintext_to_a_listener_that_demands_tls_ends_a_worker_that_names_the_setting(guarded: Cluster) -> None:
    said = refusal(guarded, RISKSTREAM_KAFKA_SECURITY_PROTOCOL="PLAINTEXT")
    assert "RISKSTREAM_KAFKA_SECURITY_PROTOCOL" in said


def refusal(cluster: Cluster, **environment: str) -> str:
    """Start a worker that must end with 1, and return all that it said."""
    with cluster.start_worker(**environment) as worker:
        assert worker.exit_code(25) == 1
        return worker.log_text()
