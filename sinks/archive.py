"""The archive: assessments and explanations as Parquet on S3, in objects never overwritten with other content.

It neither waits nor retries: the caller decides when to flush, commits offsets after the upload, and repeats what
failed with `ArchiveUnavailableError`.
"""

import hashlib
import io
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from http import HTTPStatus
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from botocore.exceptions import BotoCoreError, ClientError
from pyarrow.fs import FileSelector, LocalFileSystem

from sinks.errors import ArchiveConflictError, ArchiveError, UnreadableRecordError
from sinks.kinds import ASSESSMENT, Kind
from sinks.s3 import BucketFiles, archive_error
from sinks.schema import by_event_date

OFFSET_DIGITS = 20
"""Zero-padded like Kafka's own segment files, so that names sort by offset."""
DIGEST = "records-sha256"
"""Object metadata: what the object was made from. Parquet bytes change with the library, records do not."""

_DATE = pa.schema([("date", pa.date32())])


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record of the topic that is archived, as it came."""

    offset: int
    value: bytes


@dataclass(frozen=True)
class OffsetRange:
    """Records of one partition that are archived together: those with `first <= offset <= last`."""

    topic: str
    partition: int
    first: int
    last: int
    records: tuple[Record, ...] = field(repr=False)

    def without(self, offset: int) -> "OffsetRange":
        """Return the range with one record set aside; its name and its end stay."""
        return replace(self, records=tuple(record for record in self.records if record.offset != offset))

    def digest(self) -> str:
        """Return a SHA-256 over the offsets and values."""
        parts = ((b"%d %d\n" % (record.offset, len(record.value)), record.value) for record in self.records)
        # In one go: for what is large, hashing leaves Python's lock to others.
        return hashlib.sha256(b"".join(chain.from_iterable(parts))).hexdigest()


@dataclass(frozen=True)
class FlushPolicy:
    """When a partition's records are due: at `rows`, at `size` bytes, or when the oldest waited `seconds`."""

    rows: int = 50_000
    seconds: float = 30.0
    size: int = 32 * 1024 * 1024


@dataclass
class _Waiting:
    since: float
    records: list[Record] = field(default_factory=list)
    size: int = 0


class PartitionBuffer:
    """Collects the records of each partition of one topic until they are due. No clock and no I/O of its own."""

    def __init__(self, topic: str, policy: FlushPolicy | None = None) -> None:
        self._topic = topic
        self._policy = policy or FlushPolicy()
        self._waiting: dict[int, _Waiting] = {}
        self._last: dict[int, int] = {}

    def add(self, partition: int, records: Sequence[Record], now: float) -> None:
        """Buffer `records`, which ascend by offset; those that were added before are skipped. `now` in seconds."""
        last = self._last.get(partition, -1)
        fresh = [record for record in records if record.offset > last]
        if not fresh:
            return
        waiting = self._waiting.setdefault(partition, _Waiting(since=now))
        waiting.records.extend(fresh)
        waiting.size += sum(len(record.value) for record in fresh)
        self._last[partition] = fresh[-1].offset

    def due(self, now: float) -> list[int]:
        """Return the partitions to flush at `now`."""
        return [partition for partition in self._waiting if now >= self._deadline(partition)]

    def deadline(self) -> float:
        """Return the time at which the next partition is due: -inf for at once, inf when none waits."""
        return min(map(self._deadline, self._waiting), default=math.inf)

    def waiting(self) -> list[int]:
        """Return the partitions with records, due or not: what a shutdown flushes."""
        return list(self._waiting)

    def take(self, partition: int) -> OffsetRange:
        """Remove and return the partition's oldest records, at most as many as the policy's rows."""
        waiting = self._waiting.pop(partition)
        taken, rest = waiting.records[: self._policy.rows], waiting.records[self._policy.rows :]
        if rest:
            size = sum(len(record.value) for record in rest)
            self._waiting[partition] = _Waiting(waiting.since, rest, size)
        return OffsetRange(self._topic, partition, taken[0].offset, taken[-1].offset, tuple(taken))

    def drop(self, partition: int) -> None:
        """Forget a partition that was revoked; whoever gets it starts again at the committed offset."""
        self._waiting.pop(partition, None)
        self._last.pop(partition, None)

    def _deadline(self, partition: int) -> float:
        waiting, policy = self._waiting[partition], self._policy
        if len(waiting.records) >= policy.rows or waiting.size >= policy.size:
            return -math.inf
        return waiting.since + policy.seconds


class ParquetArchive:
    """A `Sink` of offset ranges. Each becomes one object per event date, and writing it again is harmless."""

    def __init__(self, bucket: str, prefix: str, client: Any, kind: Kind = ASSESSMENT) -> None:
        self._bucket = bucket
        self._kind = kind
        self._folder = archive_folder(prefix, kind)
        self._client = client
        # Partitions fall due together. Encoded all at once they would crowd out the thread that assesses.
        self._encoding = threading.Lock()

    def write(self, batch: Sequence[OffsetRange]) -> None:
        """Upload every range."""
        for flushed in batch:
            self.upload(flushed)

    def upload(self, flushed: OffsetRange) -> tuple[str, ...]:
        """Return the names of the objects that hold `flushed` now, by event date.

        Raises `UnreadableRecordError` before anything is written, `ArchiveUnavailableError` when it is worth
        trying again, and another `ArchiveError` when it is not.
        """
        with self._encoding:
            digest = flushed.digest()
            table = _table(flushed, self._kind)
            objects = [(day, parquet_bytes(rows, self._kind)) for day, rows in by_event_date(table)]
        return tuple(self._put(self._name(day, flushed), body, digest) for day, body in objects)

    def _name(self, day: date, flushed: OffsetRange) -> str:
        first, last = (f"{offset:0{OFFSET_DIGITS}d}" for offset in (flushed.first, flushed.last))
        return f"{self._folder}/date={day}/{flushed.topic}-{flushed.partition}-{first}-{last}.parquet"

    def _put(self, name: str, body: bytes, digest: str) -> str:
        metadata = {DIGEST: digest}
        try:
            self._client.put_object(Bucket=self._bucket, Key=name, Body=body, Metadata=metadata, IfNoneMatch="*")
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != HTTPStatus.PRECONDITION_FAILED:
                raise archive_error(error, f"write {self._url(name)}") from error
            self._require_same(name, digest)
        except BotoCoreError as error:
            raise archive_error(error, f"write {self._url(name)}") from error
        return name

    def _require_same(self, name: str, digest: str) -> None:
        try:
            found = self._client.head_object(Bucket=self._bucket, Key=name)["Metadata"].get(DIGEST)
        except (BotoCoreError, ClientError) as error:
            raise archive_error(error, f"look at {self._url(name)}") from error
        if found != digest:
            raise ArchiveConflictError(
                f"{self._url(name)} exists and holds other records, so it was left alone. Was the topic deleted "
                "and made anew? Then set another bucket or prefix (RISKSTREAM_S3_BUCKET, RISKSTREAM_S3_PREFIX)."
            )

    def _url(self, name: str) -> str:
        return f"s3://{self._bucket}/{name}"


def parquet_bytes(table: pa.Table, kind: Kind = ASSESSMENT) -> bytes:
    """Encode `table`: the same rows give the same bytes under one version of Arrow."""
    buffer = io.BytesIO()
    pq.write_table(table.combine_chunks(), buffer, compression="zstd", use_dictionary=[*kind.repetitive])
    return buffer.getvalue()


def archive_folder(prefix: str, kind: Kind = ASSESSMENT) -> str:
    """Return the folder of one kind of record inside a bucket.

    >>> archive_folder("team/risk/"), archive_folder("")
    ('team/risk/assessments', 'assessments')
    """
    return f"{prefix.strip('/')}/{kind.folder}".lstrip("/")


def archive_dataset(folder: str, filesystem: Any, kind: Kind = ASSESSMENT) -> ds.Dataset:
    """Return every row of the archive, duplicates too, as an Arrow data set; empty when there is no object yet.

    `folder` is `bucket/folder` on S3. The column `date`, from the object's name, is the UTC event date.
    """
    selector = FileSelector(folder, recursive=True, allow_not_found=True)
    options = ds.FileSystemFactoryOptions(partitioning=ds.partitioning(_DATE, flavor="hive"))
    try:
        factory = ds.FileSystemDatasetFactory(filesystem, selector, ds.ParquetFileFormat(), options)
        return factory.finish(pa.unify_schemas([kind.schema, _DATE]))
    except (OSError, pa.ArrowException) as error:
        raise ArchiveError(f"cannot list {folder}: {error}; check endpoint, bucket and credentials") from error


def open_archive(
    bucket: str, prefix: str = "", endpoint: str | None = None, kind: Kind = ASSESSMENT
) -> ds.Dataset:
    """Return the `archive_dataset` of a bucket; `endpoint` as for `sinks.s3.s3_client`."""
    return archive_opener(bucket, prefix, endpoint, kind)()


def archive_opener(
    bucket: str, prefix: str = "", endpoint: str | None = None, kind: Kind = ASSESSMENT
) -> Callable[[], ds.Dataset]:
    """Return what does as `open_archive`, for who opens it again and again: each time with the objects of then."""
    files, folder = BucketFiles(bucket, endpoint), f"{bucket}/{archive_folder(prefix, kind)}"
    return lambda: archive_dataset(folder, files(), kind)


def open_local_archive(directory: Path, kind: Kind = ASSESSMENT) -> ds.Dataset:
    """Return the `archive_dataset` of a copy of the archive on this machine."""
    return archive_dataset(str(directory / archive_folder("", kind)), LocalFileSystem(), kind)


def read_archive(
    bucket: str,
    prefix: str = "",
    *,
    endpoint: str | None = None,
    start: date | None = None,
    end: date | None = None,
) -> pa.Table:
    """Return the assessments with `start <= event date <= end`, each once, by partition and offset."""
    return read_dataset(open_archive(bucket, prefix, endpoint), start, end)


def read_dataset(dataset: ds.Dataset, start: date | None = None, end: date | None = None) -> pa.Table:
    """Do what `read_archive` does, with an `archive_dataset`."""
    wanted = ds.scalar(True)
    if start is not None:
        wanted &= ds.field("date") >= start
    if end is not None:
        wanted &= ds.field("date") <= end
    try:
        return deduplicate(dataset.to_table(filter=wanted))
    except (OSError, pa.ArrowException) as error:
        raise ArchiveError(f"cannot read the archive: {error}; check endpoint, bucket and credentials") from error


def deduplicate(table: pa.Table) -> pa.Table:
    """Keep the first row of each `assessment_id`, by partition and offset."""
    table = table.sort_by([("source_partition", "ascending"), ("source_offset", "ascending")])
    codes = table["assessment_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    first = np.unique(codes, return_index=True)[1]
    return table.take(pa.array(np.sort(first)))


def _table(flushed: OffsetRange, kind: Kind) -> pa.Table:
    values = [record.value for record in flushed.records]
    offsets = [record.offset for record in flushed.records]
    table = kind.parse(values, flushed.partition, offsets)
    return kind.columnise(_decode(flushed, kind), flushed.partition, offsets) if table is None else table


def _decode(flushed: OffsetRange, kind: Kind) -> list[Any]:
    decoded = []
    for record in flushed.records:
        try:
            decoded.append(kind.decode(record.value))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            where = f"{flushed.topic}-{flushed.partition} at offset {record.offset}"
            message = f"the record in {where} is not {kind.name}: {error}; was it written by another producer?"
            raise UnreadableRecordError(message, record.offset) from error
    return decoded
