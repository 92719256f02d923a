"""Stock Faust, written as its documentation writes an agent with a table: an event at a time.

Raw serializers and msgspec, since `faust.Record` and Faust's JSON would be slower; its compiled parts are on.
"""

import asyncio
from typing import Any

import faust

from benchmarks.speed.rivals.equal_terms import (
    ALERT_HEADER,
    MerchantsAsTheyAre,
    decode_event,
    outputs,
    passed_on,
    spare_the_collector,
)
from detectors.assess import assess
from sinks.bundles import load_bundle
from stream.settings import Settings
from stream.topics import ALERTS, ASSESSMENTS, ENRICHED


def build_app(settings: Settings) -> Any:
    """An application with one agent over `transactions.enriched`."""
    bundle, merchants = load_bundle(settings.bundle), MerchantsAsTheyAre(settings)
    app = faust.App(
        settings.app_id,
        broker=f"kafka://{settings.kafka_bootstrap}",
        store="memory://",
        datadir=f"{settings.bundle}-{settings.app_id}",
        consumer_auto_offset_reset="earliest",
        topic_partitions=settings.partitions,
        topic_replication_factor=1,
        topic_allow_declare=False,
        topic_disable_leader=True,
        key_serializer="raw",
        value_serializer="raw",
        web_enabled=False,
        cython_optimizations=True,
    )
    payments = app.topic(ENRICHED, key_type=bytes, value_type=bytes)
    assessments = app.topic(ASSESSMENTS, key_type=bytes, value_type=bytes)
    alerts = app.topic(ALERTS, key_type=bytes, value_type=bytes)
    memories = app.Table("memories", key_type=bytes, value_type=bytes, partitions=settings.partitions)

    @app.agent(payments)  # type: ignore[untyped-decorator]  # Faust's types are skipped
    async def assess_payments(stream: Any) -> None:
        async for event in stream.events():
            headers = list((event.headers or {}).items())
            events = [decode_event(event.value, headers)]
            outcome = assess(events, memories.get, bundle, event.message.partition, merchants)
            for key, memory in outcome.memories.items():
                memories[key] = memory
            for _, output in outputs(events, outcome):
                kept = passed_on(headers)
                await assessments.send(key=output.key, value=output.assessment, headers=kept)
                if output.alert is not None:
                    await alerts.send(key=output.key, value=output.alert, headers=[*kept, ALERT_HEADER])

    return app


def main() -> None:
    """Run until told to stop."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    app = build_app(Settings())
    spare_the_collector()
    faust.Worker(app, loglevel="warn", loop=loop).execute_from_commandline()


if __name__ == "__main__":
    main()
