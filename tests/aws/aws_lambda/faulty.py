"""The function with one fault built in: its process ends at a point of the order of effects. For tests alone.

`python -m awslambdaric tests.aws.aws_lambda.faulty.NAME`, with a function of this module.
"""

import os
from collections.abc import Callable, Mapping
from typing import Any

import serving.aws_lambda.shard as shard_module
from serving.aws_lambda.handler import handler
from serving.aws_lambda.sending import Sender
from serving.aws_lambda.shard import ShardApplier
from serving.aws_lambda.table import MemoryTable
from sinks.archive import ParquetArchive

KILLED = 137


def after_archive(event: dict[str, Any], context: Any) -> Mapping[str, Any]:
    """Assessments are in S3, and nobody was told of them."""
    _end_after(ParquetArchive, "write")
    return handler(event, context)


def after_outputs(event: dict[str, Any], context: Any) -> Mapping[str, Any]:
    """Everything is sent, and nothing is remembered."""
    _end_after(Sender, "send")
    return handler(event, context)


def after_first_step(event: dict[str, Any], context: Any) -> Mapping[str, Any]:
    """The first of several transactions is written."""
    _end_after(ShardApplier, "_write")
    return handler(event, context)


def before_answer(event: dict[str, Any], context: Any) -> Mapping[str, Any]:
    """Everything is done, and Lambda does not hear of it."""
    shard_module._tell = lambda *arguments: os._exit(KILLED)
    return handler(event, context)


def answer_lost(event: dict[str, Any], context: Any) -> Mapping[str, Any]:
    """Each transaction is written twice, as when the answer to the first attempt was lost on the way."""
    write: Callable[..., None] = MemoryTable.write

    def write_twice(self: MemoryTable, changes: Any) -> None:
        write(self, changes)
        write(self, changes)

    setattr(MemoryTable, "write", write_twice)  # noqa: B010 - a method is replaced
    return handler(event, context)


def _end_after(kind: type, name: str) -> None:
    call = getattr(kind, name)

    def call_and_end(*arguments: Any) -> None:
        call(*arguments)
        os._exit(KILLED)

    setattr(kind, name, call_and_end)


FAULTS = ("after_archive", "after_outputs", "after_first_step", "before_answer")
