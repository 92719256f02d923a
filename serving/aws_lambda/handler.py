"""The function that Lambda calls with batches of a Kinesis stream: `handler`. Everything is wired here, once."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.kinesis_stream_event import KinesisStreamRecord

from detectors.judging import Judging, judge
from serving.aws_lambda.bundles import fetch_bundle
from serving.aws_lambda.clocks import ListedShard
from serving.aws_lambda.endpoint import EndpointJudge
from serving.aws_lambda.letters import SqsLetters
from serving.aws_lambda.records import read_records
from serving.aws_lambda.sending import Sender
from serving.aws_lambda.settings import LambdaSettings
from serving.aws_lambda.shard import ListShards, Progress, ShardApplier
from serving.aws_lambda.stage import Stage
from serving.aws_lambda.table import MemoryTable
from sinks import aws
from sinks.archive import ParquetArchive
from sinks.restraint import Judge, Restraint
from sinks.sns import open_topic
from stream.enrichment import GeoResolver
from stream.enrichment.mmdb import MmdbDatabase
from stream.logs import configure_logs


def handler(event: dict[str, Any], context: Any) -> Mapping[str, Any]:
    """Apply a batch, and report its records from the first failed one on: a shard's order is kept.

    The batch is assessed as a whole first. The processor, which goes record by record, then only hears which are
    done. It raises if none is; Lambda delivers the batch again in either case.
    """
    records = read_records(event)
    progress = _applier().apply(records) if records else Progress(0, None)
    done = {str(record.sequence_number) for record in records[: progress.done]}

    def report(record: KinesisStreamRecord) -> None:
        if progress.error is not None and record.kinesis.sequence_number not in done:
            raise progress.error

    processor = BatchProcessor(event_type=EventType.KinesisDataStreams)
    return process_partial_response(event=event, record_handler=report, processor=processor, context=context)


@cache
def _applier() -> ShardApplier:
    """Everything that lasts as long as the container."""
    settings = LambdaSettings()
    configure_logs(settings.log_level, json=True)
    table = MemoryTable(aws.client("dynamodb"), settings.memory_table)
    database = None if settings.geo_mmdb is None else MmdbDatabase(settings.geo_mmdb)
    stage = Stage(fetch_bundle(settings.bundle), GeoResolver(database=database), _judging(settings))
    list_shards = _shard_lister() if settings.merchant_memory else None
    return ShardApplier(stage, table, _sender(settings, table), list_shards)


def _judging(settings: LambdaSettings) -> Judging:
    """Who scores: the function itself, or an endpoint."""
    if settings.sagemaker_endpoint is None:
        return judge
    return EndpointJudge(aws.client("sagemaker-runtime"), settings.sagemaker_endpoint)


def _sender(settings: LambdaSettings, marks: MemoryTable) -> Sender:
    restraint = Restraint(
        level=settings.sns_level,
        max_age_seconds=settings.sns_max_age_seconds,
        per_minute=settings.sns_per_minute,
    )
    return Sender(
        ParquetArchive(settings.s3_bucket, settings.s3_prefix, aws.client("s3")),
        SqsLetters(aws.client("sqs"), settings.dead_letter_queue_url),
        marks,
        None if settings.sns_topic_arn is None else open_topic(settings.sns_topic_arn),
        Judge(restraint),
    )


def _shard_lister() -> ListShards:
    """Ask Kinesis, when a shard is met for the first time."""
    client = aws.client("kinesis")

    def list_shards(stream: str) -> Sequence[ListedShard]:
        pages = client.get_paginator("list_shards").paginate(StreamName=stream)
        return [_listed(shard) for page in pages for shard in page["Shards"]]

    return list_shards


def _listed(shard: Mapping[str, Any]) -> ListedShard:
    parents = (shard.get("ParentShardId"), shard.get("AdjacentParentShardId"))
    is_open = "EndingSequenceNumber" not in shard["SequenceNumberRange"]
    return ListedShard(shard["ShardId"], tuple(parent for parent in parents if parent), is_open)
