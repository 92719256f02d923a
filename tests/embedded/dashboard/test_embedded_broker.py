"""The dashboard on the embedded broker, which knows neither times of offsets nor members of groups."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from dashboard.server import running
from sinks.alerts import CONTENT_TYPE, alert_event
from stream.embedded.broker import EmbeddedBroker
from stream.settings import Settings
from stream.topics import ALERTS, ASSESSMENTS, declared_topics
from tests.pipeline.topics import Sending, produce
from tests.unit.sinks.assessments import assessment, transaction

PARTITIONS = 2


async def until(session: aiohttp.ClientSession, path: str, holds: Callable[[Any], bool]) -> Any:
    async with asyncio.timeout(20):
        while True:
            async with session.get(path) as response:
                found = await response.json()
            if holds(found):
                return found
            await asyncio.sleep(0.05)


async def test_it_shows_what_it_can_know_there(tmp_path: Path):
    with EmbeddedBroker(declared_topics(PARTITIONS, "riskstream")) as broker:
        settings = Settings(
            kafka_bootstrap=broker.bootstrap, partitions=PARTITIONS, dashboard_port=0, bundle=tmp_path / "none"
        )
        sent = [assessment(number) for number in range(50)]
        keys = [each.account_id.encode() for each in sent]
        produce(
            broker.bootstrap,
            ASSESSMENTS,
            [Sending(key, msgspec.json.encode(each)) for key, each in zip(keys, sent, strict=True)],
        )
        produce(
            broker.bootstrap,
            ALERTS,
            [
                Sending(key, alert_event(each, transaction()), headers=(CONTENT_TYPE,))
                for key, each in zip(keys, sent, strict=True)
            ],
        )
        async with running(settings) as (address, failed), aiohttp.ClientSession(address) as session:
            live = await until(session, "/api/live", lambda live: live["payments"]["window"] == len(sent))
            found = await until(session, "/api/alerts", lambda found: found["counts"]["open"] == 7)
            assert sum(case["alerts"] for case in found["cases"]) == len(sent)
            live = await until(session, "/api/live", lambda live: live["lag"])
            assert {each["records"] for each in live["lag"]} == {None}
            assert (live["workers"], live["broker"]["reachable"], live["bundle"]) == (None, True, None)
            assert not failed.is_set()
