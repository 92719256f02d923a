"""Wires what runs beside the main path: the memories of merchants, and notices to people."""

from detectors.timing import Timing
from sinks.restraint import Restraint
from sinks.sns import open_topic
from stream.batching.app import BatchApp
from stream.batching.stores import OpenStore
from stream.metrics import Metrics
from stream.settings import Settings
from stream.stages.notify import NotifyStage
from stream.stages.profiles import ProfileLanes, ProfileStage, Writers
from stream.stages.steps import Producers
from stream.topics import MERCHANT_PROFILES

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
