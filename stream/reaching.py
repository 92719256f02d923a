"""The wait for a broker, and what is wrong when none lets us in: librdkafka tells that only on the side."""

import time
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from stream.errors import BrokerUnavailable
from stream.settings import Settings

_ATTEMPT_SECONDS = 2.0
_PAUSE_SECONDS = 0.2
_WAITING_HELPS = frozenset({KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._RESOLVE})


def wait_for_broker(settings: Settings) -> None:
    """Return once a broker answers.

    Raises:
        BrokerUnavailable: none did within `kafka_connect_seconds`, or one refused us, which waiting does not mend.
    """
    deadline = time.monotonic() + settings.kafka_connect_seconds
    complaints: list[KafkaError] = []
    configuration: dict[str, Any] = {**settings.kafka_client(), "error_cb": complaints.append}
    admin = AdminClient(configuration)
    while True:
        try:
            admin.list_topics(timeout=min(_ATTEMPT_SECONDS, settings.kafka_connect_seconds))
        except KafkaException as error:
            admin.poll(0)
            final = next((each for each in complaints if each.code() not in _WAITING_HELPS), None)
            if final is not None or time.monotonic() >= deadline:
                raise BrokerUnavailable(_message(settings, final)) from error
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def _message(settings: Settings, final: KafkaError | None) -> str:
    where = settings.kafka_bootstrap
    code = None if final is None else final.code()
    if code == KafkaError._AUTHENTICATION:
        return (
            f"the broker at {where} refuses the login of RISKSTREAM_KAFKA_SASL_USERNAME: check it, its password"
            f" and RISKSTREAM_KAFKA_SASL_MECHANISM ({settings.kafka_sasl_mechanism})"
        )
    if code == KafkaError._SSL:
        return (
            f"the broker at {where} shows a certificate that is not trusted here, or speaks no TLS: set"
            " RISKSTREAM_KAFKA_SSL_CA_FILE to its authority's PEM file, or check"
            f" RISKSTREAM_KAFKA_SECURITY_PROTOCOL ({settings.kafka_security_protocol})"
        )
    return (
        f"no Kafka broker answers at {where} (waited {settings.kafka_connect_seconds:g} s,"
        f" {settings.kafka_security_protocol}): start it, or set RISKSTREAM_KAFKA_BOOTSTRAP and"
        " RISKSTREAM_KAFKA_SECURITY_PROTOCOL"
    )
