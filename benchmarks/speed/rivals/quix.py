"""A Quix Streams application: its stateful `apply`, its RocksDB state and changelog, an event at a time.

It runs in an environment of its own (benchmarks.speed.quix_environment). Its state belongs to a message's key, so
what the product keeps by partition (centroids, drift, clock) stays in this process, never written.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from quixstreams import Application, State, message_context

from benchmarks.speed.rivals.equal_terms import (
    MerchantsAsTheyAre,
    Output,
    decode_event,
    outputs,
    spare_the_collector,
)
from detectors.assess import assess
from detectors.bundle import Bundle
from detectors.merchants.view import Merchants
from sinks.bundles import load_bundle
from stream.settings import Settings
from stream.topics import ALERTS, ASSESSMENTS, ENRICHED

ACCOUNT = b"account/"
MEMORY = "memory"

Assess = Callable[[bytes, Any, int, Any, State], Output | None]


def assessing(bundle: Bundle, merchants: Merchants) -> Assess:
    """The function that Quix calls for each payment."""
    by_partition: dict[bytes, bytes] = {}

    def assess_payment(value: bytes, key: Any, timestamp: int, headers: Any, state: State) -> Output | None:
        def read(name: bytes) -> bytes | None:
            return state.get_bytes(MEMORY) if name.startswith(ACCOUNT) else by_partition.get(name)

        events = [decode_event(value, headers or ())]
        outcome = assess(events, read, bundle, message_context().partition, merchants)
        for name, memory in outcome.memories.items():
            if name.startswith(ACCOUNT):
                state.set_bytes(MEMORY, memory)
            else:
                by_partition[name] = memory
        return next((output for _, output in outputs(events, outcome)), None)

    return assess_payment


def main() -> None:
    """Run until told to stop."""
    settings = Settings()
    app = Application(
        broker_address=settings.kafka_bootstrap,
        consumer_group=settings.app_id,
        auto_offset_reset="earliest",
        state_dir=Path(f"{settings.bundle}-{settings.app_id}"),
        loglevel="WARNING",
    )
    payments = app.topic(ENRICHED, key_deserializer="bytes", value_deserializer="bytes")
    assessments = app.topic(ASSESSMENTS, key_serializer="bytes", value_serializer="bytes")
    alerts = app.topic(ALERTS, key_serializer="bytes", value_serializer="bytes")
    merchants = MerchantsAsTheyAre(settings)
    # Time marks have no account, and Quix no state for them.
    known = app.dataframe(payments).filter(lambda value, key, timestamp, headers: key is not None, metadata=True)
    done = known.apply(assessing(load_bundle(settings.bundle), merchants), stateful=True, metadata=True)
    done = done.filter(lambda output: output is not None)
    done.apply(lambda output: output.assessment).to_topic(assessments)
    done.filter(lambda output: output.alert is not None).apply(lambda output: output.alert).to_topic(alerts)
    spare_the_collector()
    app.run()


if __name__ == "__main__":
    main()
