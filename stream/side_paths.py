"""Wires what runs beside the main path: memories of merchants, notices to people, explanations, the archive."""

from functools import partial

from aiokafka import AIOKafkaProducer

from detectors.timing import Timing
from sinks.archive import FlushPolicy, ParquetArchive
from sinks.kinds import ASSESSMENT, EXPLANATION
from sinks.restraint import Restraint
from sinks.s3 import s3_client
from sinks.sns import open_topic
from stream.batching.app import BatchApp
from stream.batching.stores import OpenStore
from stream.explaining.pool import ExplainerPool, process_pool
from stream.explaining.process import Plan
from stream.explaining.service import ExplainService
from stream.kafka import group_member
from stream.metrics import Metrics
from stream.settings import Settings
from stream.stages.archive import ArchiveStage
from stream.stages.notify import NotifyStage
from stream.stages.profiles import ProfileLanes, ProfileStage, Writers
from stream.stages.steps import Producers
from stream.topics import ALERTS, ASSESSMENTS, EXPLAINED, MERCHANT_PROFILES

MERCHANTS = "merchants"


def build_profiles(
    app: BatchApp,
    settings: Settings,
    timing: Timing,
    producers: Producers,
    metrics: Metrics,
    open_store: OpenStore,
) -> ProfileLanes:
    """Wire the side path. The changelog of its table is the topic that all replicas read."""
    changelog = app.topic(
        MERCHANT_PROFILES,
        key_type=bytes,
        value_type=bytes,
        key_serializer="raw",
        value_serializer="raw",
        partitions=settings.partitions,
        compacting=True,
        acks=False,
        internal=True,
        # As Faust's own changelogs have it: what is read there is not committed.
        maxsize=131_072,
        allow_empty=True,
    )
    table = app.Table(
        MERCHANTS,
        key_type=bytes,
        value_type=bytes,
        partitions=settings.partitions,
        changelog_topic=changelog,
        open_store=open_store,
    )
    writers = Writers(producers.outputs, producers.changelog)
    return ProfileLanes(app, ProfileStage(timing, settings.partitions, table, writers, metrics))


def build_notify(app: BatchApp, settings: Settings, metrics: Metrics) -> NotifyStage | None:
    """Wire the stage that tells people of alerts; None where nobody is told."""
    if settings.sns_topic_arn is None:
        return None
    restraint = Restraint(
        level=settings.sns_level,
        max_age_seconds=settings.sns_max_age_seconds,
        per_minute=settings.sns_per_minute,
    )
    return NotifyStage(app, open_topic(settings.sns_topic_arn, settings.sns_endpoint), restraint, metrics)


def build_archives(
    app: BatchApp, settings: Settings, dead_letters: AIOKafkaProducer, metrics: Metrics
) -> tuple[ArchiveStage, ArchiveStage]:
    """Wire the stages that archive: assessments, and explanations."""
    client = s3_client(settings.s3_endpoint)
    policy = FlushPolicy(settings.archive_flush_rows, settings.archive_flush_seconds)
    assessments, explanations = (
        ArchiveStage(
            app,
            ParquetArchive(settings.s3_bucket, settings.s3_prefix, client, kind),
            policy,
            dead_letters,
            metrics,
            topic,
        )
        for topic, kind in ((ASSESSMENTS, ASSESSMENT), (EXPLAINED, EXPLANATION))
    )
    return assessments, explanations


def build_explaining(settings: Settings, outputs: AIOKafkaProducer, metrics: Metrics) -> ExplainService | None:
    """Wire the service that explains alerts; None where this worker explains none."""
    if settings.explain_processes == 0:
        return None
    plan = Plan(
        bundle=settings.bundle,
        samples=settings.explain_samples,
        budget_seconds=settings.explain_budget_ms / 1000,
        log_level=settings.log_level,
        log_json=settings.log_json,
    )
    return ExplainService(
        partial(group_member, settings, settings.explaining_group, ALERTS),
        outputs,
        ExplainerPool(partial(process_pool, plan, settings.explain_processes), metrics.explainer_restarts.inc),
        metrics,
        settings.explain_processes,
        settings.explain_max_wait_seconds,
    )
