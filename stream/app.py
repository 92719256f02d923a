"""The one place where things are wired: settings and a bundle become a Faust application with its agents."""

import tempfile
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from faust.types import TP

from detectors.bundle import Bundle
from stream.batching.app import BatchApp
from stream.batching.fencing import FencedWriter
from stream.batching.outbox import Outbox
from stream.batching.stores import OpenStore
from stream.batching.stores.memory import open_memory
from stream.batching.table import BatchTable
from stream.enrichment import GeoResolver
from stream.enrichment.building import build_resolver
from stream.errors import SettingsError
from stream.explaining.service import ExplainService
from stream.kafka import (
    OUTPUT_BATCH_BYTES,
    changelog_producer,
    claimant,
    faust_credentials,
    follower,
    producer,
)
from stream.metrics import Metrics
from stream.positions import PositionWatch
from stream.progress import IdleClock, ProgressReporter
from stream.replica import Replica
from stream.settings import Settings
from stream.side_paths import build_archives, build_explaining, build_notify, build_profiles
from stream.stages.archive import ArchiveStage
from stream.stages.assess import AssessStage
from stream.stages.echo import EchoStage
from stream.stages.enrich import EnrichStage
from stream.stages.labels import LabelStage
from stream.stages.lanes import Lanes
from stream.stages.notify import NotifyStage
from stream.stages.profiles import ProfileLanes
from stream.stages.steps import Producers
from stream.topic_ids import NO_IDS, TopicIds, wait_for_topic_ids
from stream.topics import (
    ALERTS,
    ASSESSMENTS,
    ENRICHED,
    EXPLAINED,
    LABELS,
    MERCHANT_ACTIVITY,
    MERCHANT_PROFILES,
    TRANSACTIONS,
)

MEMORIES = "memories"
REQUEST_SECONDS = 90.0
"""Faust demands that it be at least the session timeout."""
LARGEST_FETCH_BYTES = 4 * 1024 * 1024
LINGERS = {ASSESSMENTS: 0.25, ALERTS: 0.25, EXPLAINED: 0.25}
"""Seconds: nobody waits for the archive, and people do not notice. Merchants' activity may not linger: a replay in
step waits for it at every hour."""
LONGEST_HOLD_SECONDS = 3 * 3600.0
"""Merchant activity is acknowledged when its hour closes; Faust warns of commits that stand still longer."""

Agent = tuple[str, str, Lanes | ArchiveStage | NotifyStage]
"""Its name, the topic it reads and what it runs."""


@dataclass(frozen=True, slots=True)
class MerchantMemory:
    """The parts of the side path that the worker starts and watches."""

    replica: Replica
    reporter: ProgressReporter
    idle_clock: IdleClock
    lanes: ProfileLanes


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The wired application and the parts that the worker starts, watches and drains."""

    app: BatchApp
    table: BatchTable
    producers: Producers
    changelog: FencedWriter
    resolver: GeoResolver
    archives: tuple[ArchiveStage, ...]
    lanes: tuple[Lanes, ...]
    merchants: MerchantMemory | None
    """None where it is switched off."""
    notify: NotifyStage | None
    """None where nobody is told."""
    explaining: ExplainService | None
    """None where this worker explains nothing."""

    @property
    def flushed(self) -> tuple[ArchiveStage | NotifyStage, ...]:
        """The stages at the end, which hold batches back and have to let go of them."""
        return self.archives if self.notify is None else (*self.archives, self.notify)


def build_pipeline(
    settings: Settings,
    bundle: Bundle,
    metrics: Metrics,
    only: Container[str] | None = None,
    topics: TopicIds = NO_IDS,
) -> Pipeline:
    """Wire the application. Call it with the event loop running; nothing is started yet.

    `only` names the agents to declare, for whoever measures a stage alone; None declares all. `topics` are the ids
    that the topics have now.
    """
    app = _faust_app(settings)
    watch = PositionWatch(settings, topics)
    app.resume_hooks.append(watch.on_resume)
    app.step_back_hooks.append(watch.on_step_back)
    open_store = _open_store(settings)
    table = app.Table(
        MEMORIES, key_type=bytes, value_type=bytes, partitions=settings.partitions, open_store=open_store
    )
    changelog = _changelog(app, settings)
    outputs, partitions = producer(settings, OUTPUT_BATCH_BYTES), settings.partitions
    producers = Producers(outputs, changelog, Outbox(outputs))
    resolver = build_resolver(settings)
    archives = build_archives(app, settings, outputs, metrics)
    replica = Replica(follower(settings), partitions) if settings.merchant_memory else None
    if replica is not None:
        app.resume_hooks.append(lambda committed: replica.overtake())
    enrich = Lanes(app, EchoStage(EnrichStage(outputs, resolver, partitions, metrics, topics), outputs))
    labels = Lanes(app, EchoStage(LabelStage(outputs, partitions, metrics, topics), outputs))
    assess = Lanes(app, AssessStage(bundle, table, producers, metrics, partitions, replica, topics))
    agents: list[Agent] = [
        ("enrich_transactions", TRANSACTIONS, enrich),
        ("accept_labels", LABELS, labels),
        ("assess_transactions", ENRICHED, assess),
        ("archive_assessments", ASSESSMENTS, archives[0]),
        ("archive_explanations", EXPLAINED, archives[1]),
    ]
    notify = build_notify(app, settings, metrics)
    if notify is not None:
        agents.append(("notify", ALERTS, notify))
    merchants = None
    if replica is not None:
        timing = bundle.manifest.timing
        profiles = build_profiles(app, settings, timing, producers, metrics, open_store)
        agents.append(("profile_merchants", MERCHANT_ACTIVITY, profiles))
        payments = partial(held, app)
        clock = IdleClock(app, table, outputs, timing, (enrich, assess), profiles.newest_edge, payments)
        merchants = MerchantMemory(replica, ProgressReporter(outputs, replica, payments), clock, profiles)
    _declare_agents(app, partitions, [agent for agent in agents if only is None or agent[0] in only])
    lanes = (enrich, labels, assess)
    explains = only is None or "explain_alerts" in only
    explaining = build_explaining(settings, outputs, metrics) if explains else None
    return Pipeline(app, table, producers, changelog, resolver, archives, lanes, merchants, notify, explaining)


def _changelog(app: BatchApp, settings: Settings) -> FencedWriter:
    """Wire the writer of all memories to the assignments that it has to know of."""
    writer = FencedWriter(
        changelog_producer(settings),
        partial(claimant, settings),
        settings.app_id,
        {settings.changelog_topic, MERCHANT_PROFILES},
        settings.session_timeout_seconds,
    )
    app.assignment_hooks.append(writer.on_assigned)
    app.revocation_hooks.append(writer.on_revoked)
    return writer


def _open_store(settings: Settings) -> OpenStore:
    if settings.store == "memory":
        return open_memory
    try:
        from stream.batching.stores.rocks import RocksStores
    except ImportError as error:
        raise SettingsError(
            "RISKSTREAM_STORE=rocksdb needs a package that is not installed: pip install 'riskstream[rocksdb]'"
        ) from error
    return RocksStores(settings.store_dir).open


def _faust_app(settings: Settings) -> BatchApp:
    return BatchApp(
        settings.app_id,
        fetch_wait_ms=settings.fetch_wait_ms,
        batch_max_records=settings.batch_max_records,
        open_changelogs=partial(follower, settings),
        identify=partial(_identify, settings),
        broker=[f"kafka://{address}" for address in settings.kafka_bootstrap.split(",")],
        broker_credentials=faust_credentials(settings),
        broker_session_timeout=settings.session_timeout_seconds,
        broker_heartbeat_interval=settings.session_timeout_seconds / 6,
        broker_request_timeout=max(REQUEST_SECONDS, settings.session_timeout_seconds),
        broker_rebalance_timeout=max(60.0, settings.session_timeout_seconds),
        broker_commit_interval=settings.commit_seconds,
        broker_commit_every=None,
        broker_commit_livelock_soft_timeout=LONGEST_HOLD_SECONDS,
        broker_max_poll_records=settings.batch_max_records,
        consumer_max_fetch_size=LARGEST_FETCH_BYTES,
        consumer_auto_offset_reset="earliest",
        store="memory://",
        # Faust makes this directory even for the memory store, by default in the current one.
        datadir=str(Path(tempfile.gettempdir()) / f"{settings.app_id}-data"),
        table_standby_replicas=0,
        key_serializer="raw",
        value_serializer="raw",
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_partitions=settings.partitions,
        topic_replication_factor=settings.replication,
        web_enabled=False,
        stream_recovery_delay=0.0,
    )


def _identify(settings: Settings, topics: Sequence[str]) -> Mapping[str, str]:
    return wait_for_topic_ids(settings.kafka_client(), settings.kafka_connect_seconds, topics).ids


def _declare_agents(app: BatchApp, partitions: int, agents: Sequence[Agent]) -> None:
    """Declare one agent a stage. Concurrency stays 1: a partition's order is the lane's business."""
    for name, topic, stage in agents:
        app.agent(app.batch_topic(topic, partitions, LINGERS.get(topic)), name=name)(stage.run)


def held_partitions(app: BatchApp) -> set[TP]:
    """Return the batched partitions this worker holds."""
    return {tp for tp in app.consumer.assignment() if tp.topic in app.batched_topics}


def held(app: BatchApp) -> list[int]:
    """Return the partitions of payments this worker holds."""
    return sorted(tp.partition for tp in app.consumer.assignment() if tp.topic == ENRICHED)
