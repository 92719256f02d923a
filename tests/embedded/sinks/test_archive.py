"""Facts about the archive, on an S3 server inside this process."""

import io
import math
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow.fs import LocalFileSystem

from sinks import aws
from sinks.archive import (
    FlushPolicy,
    OffsetRange,
    ParquetArchive,
    PartitionBuffer,
    Record,
    archive_dataset,
    archive_opener,
    deduplicate,
    open_archive,
    parquet_bytes,
    read_archive,
    read_dataset,
)
from sinks.errors import (
    ArchiveConflictError,
    ArchiveError,
    ArchiveUnavailableError,
    UnreadableRecordError,
)
from sinks.s3 import s3_client
from sinks.schema import columnise
from sinks.sink import ListSink, Sink
from tests.unit.sinks.assessments import EVENT_TIME, assessment, flushed

DAY = timedelta(days=1)
NAME = "assessments/date=2026-03-14/assessments-3-00000000000000000000-00000000000000000001.parquet"


def names_in(client: Any, bucket: str) -> list[str]:
    return [entry["Key"] for entry in client.list_objects_v2(Bucket=bucket).get("Contents", [])]


def local_archive(folder: Path, body: bytes) -> ds.Dataset:
    """Return an archive in a local folder that holds one object."""
    path = folder / NAME
    path.parent.mkdir(parents=True)
    path.write_bytes(body)
    return archive_dataset(str(folder / "assessments"), LocalFileSystem())


def records(*offsets: int, size: int = 1) -> list[Record]:
    return [Record(offset, b"x" * size) for offset in offsets]


class TestUpload:
    def test_objects_are_named_by_event_date_and_offsets(self, client: Any, bucket: str) -> None:
        written = flushed(assessment(1), assessment(2, event_time=EVENT_TIME - DAY))

        names = ParquetArchive(bucket, "", client).upload(written)

        assert names == (NAME.replace("-14/", "-13/"), NAME)
        assert names_in(client, bucket) == [*names]

    def test_a_prefix_goes_before_the_folder(self, client: Any, bucket: str) -> None:
        assert (
            ParquetArchive(bucket, "/team/risk/", client)
            .upload(flushed(assessment(1)))[0]
            .startswith("team/risk/assessments/date=2026-03-14/")
        )

    def test_names_sort_by_offset(self, client: Any, bucket: str) -> None:
        archive = ParquetArchive(bucket, "", client)
        ranges = [flushed(assessment(number), first=first) for number, first in enumerate((9, 10, 1_000_000))]

        names = [archive.upload(written)[0] for written in ranges]

        assert names == sorted(names)

    def test_objects_are_zstd_and_carry_the_schema_version(self, client: Any, bucket: str) -> None:
        (name,) = ParquetArchive(bucket, "", client).upload(flushed(assessment(1)))

        body = io.BytesIO(client.get_object(Bucket=bucket, Key=name)["Body"].read())
        file = pq.ParquetFile(body)
        assert file.schema_arrow.metadata == {b"schema_version": b"1"}
        assert file.metadata.row_group(0).column(0).compression == "ZSTD"

    def test_the_same_rows_give_the_same_bytes(self) -> None:
        rows = [assessment(number) for number in range(50)]

        parts = columnise(rows, 0, range(50)).take([*range(50)])

        assert parquet_bytes(parts) == parquet_bytes(columnise(rows, 0, range(50)))

    def test_writing_again_changes_nothing(self, client: Any, bucket: str) -> None:
        archive = ParquetArchive(bucket, "", client)
        first = archive.upload(flushed(assessment(1), assessment(2)))
        before = client.head_object(Bucket=bucket, Key=first[0])

        assert archive.upload(flushed(assessment(1), assessment(2))) == first

        after = client.head_object(Bucket=bucket, Key=first[0])
        assert (after["LastModified"], after["ETag"]) == (before["LastModified"], before["ETag"])

    def test_the_same_records_in_other_parquet_bytes_are_no_conflict(
        self, client: Any, bucket: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A newer Arrow must be able to finish what an older one began."""
        archive = ParquetArchive(bucket, "", client)
        first = archive.upload(flushed(assessment(1)))
        monkeypatch.setattr("sinks.archive.parquet_bytes", lambda *_: b"other bytes")

        assert archive.upload(flushed(assessment(1))) == first

    def test_other_records_under_the_same_name_are_refused(self, client: Any, bucket: str) -> None:
        archive = ParquetArchive(bucket, "", client)
        archive.upload(flushed(assessment(1), assessment(2)))
        before = client.head_object(Bucket=bucket, Key=NAME)["ETag"]

        with pytest.raises(ArchiveConflictError, match=r"holds other records.*RISKSTREAM_S3_PREFIX"):
            archive.upload(flushed(assessment(1), assessment(3)))

        assert client.head_object(Bucket=bucket, Key=NAME)["ETag"] == before

    def test_an_object_of_somebody_else_is_never_overwritten(self, client: Any, bucket: str) -> None:
        client.put_object(Bucket=bucket, Key=NAME, Body=b"theirs")

        with pytest.raises(ArchiveConflictError):
            ParquetArchive(bucket, "", client).upload(flushed(assessment(1), assessment(2)))

        assert client.get_object(Bucket=bucket, Key=NAME)["Body"].read() == b"theirs"

    def test_a_record_that_is_no_assessment_is_named_before_anything_is_written(
        self, client: Any, bucket: str
    ) -> None:
        good = flushed(assessment(1), assessment(2))
        bad = OffsetRange("assessments", 3, 0, 2, (*good.records, Record(2, b'{"oops": 1}')))
        archive = ParquetArchive(bucket, "", client)

        with pytest.raises(UnreadableRecordError, match="assessments-3 at offset 2") as caught:
            archive.upload(bad)

        assert names_in(client, bucket) == []
        (name,) = archive.upload(bad.without(caught.value.offset))
        assert name.endswith("00-00000000000000000002.parquet")

    @pytest.mark.parametrize("value", [b"", b"{", b'"\xff"', b"null"])
    def test_any_bytes_are_an_assessment_or_named(self, client: Any, value: bytes) -> None:
        with pytest.raises(UnreadableRecordError):
            ParquetArchive("unused", "", client).upload(OffsetRange("assessments", 0, 0, 0, (Record(0, value),)))

    def test_a_range_of_which_nothing_is_left_writes_nothing(self, client: Any) -> None:
        written = flushed(assessment(1)).without(0)

        assert ParquetArchive("unused", "", client).upload(written) == ()

    def test_a_missing_bucket_is_final(self, client: Any) -> None:
        with pytest.raises(ArchiveError, match="the bucket does not exist") as caught:
            ParquetArchive("no-such-bucket", "", client).upload(flushed(assessment(1)))

        assert not isinstance(caught.value, ArchiveUnavailableError)

    def test_an_s3_that_does_not_answer_is_worth_another_try(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sinks.aws.ATTEMPTS", 1)
        unreachable = s3_client("http://127.0.0.1:1")

        with pytest.raises(ArchiveUnavailableError, match="S3 does not answer"):
            ParquetArchive("archive", "", unreachable).upload(flushed(assessment(1)))

    def test_the_archive_is_a_sink_of_ranges(self, client: Any, bucket: str) -> None:
        sink: Sink[OffsetRange] = ParquetArchive(bucket, "", client)

        sink.write([flushed(assessment(1)), flushed(assessment(2), first=1)])

        assert len(names_in(client, bucket)) == 2

    def test_a_list_can_stand_in_for_the_archive(self) -> None:
        sink: ListSink[OffsetRange] = ListSink()

        for _ in range(2):
            sink.write([flushed(assessment(1))])

        assert sink.items == [flushed(assessment(1))]


class TestReading:
    def test_ranges_that_overlap_after_a_crash_are_read_once(
        self, client: Any, endpoint: str, bucket: str
    ) -> None:
        archive = ParquetArchive(bucket, "x", client)
        rows = [assessment(number, event_time=EVENT_TIME + number * DAY / 4) for number in range(8)]
        archive.write([flushed(*rows[:5]), flushed(*rows[2:], first=2), flushed(*rows[2:4], first=20)])

        table = read_archive(bucket, "x", endpoint=endpoint)

        assert table["source_offset"].to_pylist() == [*range(8)]
        assert table["assessment_id"].to_pylist() == [row.assessment_id for row in rows]
        assert open_archive(bucket, "x", endpoint).count_rows() == 5 + 6 + 2

    def test_an_opener_shows_what_has_come_since_and_connects_once(
        self, client: Any, endpoint: str, bucket: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        connected: list[str] = []
        connect = aws.connect
        monkeypatch.setattr(
            aws, "connect", lambda service, target: connected.append(service) or connect(service, target)
        )
        archive, opened = ParquetArchive(bucket, "", client), archive_opener(bucket, endpoint=endpoint)
        seen = [opened().count_rows()]
        for number in range(2):
            archive.upload(flushed(assessment(number), first=number))
            seen.append(opened().count_rows())

        assert seen == [0, 1, 2]
        assert connected == ["s3"]

    def test_dates_limit_what_is_read(self, client: Any, endpoint: str, bucket: str) -> None:
        rows = [assessment(number, event_time=EVENT_TIME + number * DAY) for number in range(5)]
        ParquetArchive(bucket, "", client).upload(flushed(*rows))
        archive = open_archive(bucket, endpoint=endpoint)

        def read(start: date | None, end: date | None) -> list[str]:
            return sorted(str(day) for day in read_dataset(archive, start, end)["date"].to_pylist())

        assert read(date(2026, 3, 15), date(2026, 3, 16)) == ["2026-03-15", "2026-03-16"]
        assert read(date(2026, 3, 17), None) == ["2026-03-17", "2026-03-18"]
        assert read(None, date(2026, 3, 14)) == ["2026-03-14"]

    def test_an_empty_archive_has_columns_and_no_rows(self, endpoint: str, bucket: str) -> None:
        table = read_archive(bucket, endpoint=endpoint)

        assert table.num_rows == 0
        assert "fraud_risk_score" in table.column_names

    def test_an_object_of_an_older_schema_reads_as_null(self, tmp_path: Path) -> None:
        old = columnise([assessment(1)], 0, [0]).drop_columns(["provisional"])
        archive = local_archive(tmp_path, parquet_bytes(old))

        assert read_dataset(archive)["provisional"].to_pylist() == [None]

    def test_a_missing_bucket_is_no_empty_archive(self, endpoint: str) -> None:
        with pytest.raises(ArchiveError, match="bucket does not exist"):
            read_archive("no-such-bucket", endpoint=endpoint)

    def test_an_object_that_is_no_parquet_is_an_archive_error(self, tmp_path: Path) -> None:
        archive = local_archive(tmp_path, b"not parquet at all")

        with pytest.raises(ArchiveError, match="cannot read the archive"):
            read_dataset(archive)

    @given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.integers(0, 9)), max_size=15))
    @settings(max_examples=25, deadline=None)
    def test_the_row_with_the_lowest_position_stays(self, rows: list[tuple[int, int, int]]) -> None:
        table = columnise([assessment(number) for number, _, _ in rows], 0, [offset for _, _, offset in rows])
        partitions = pa.array([partition for _, partition, _ in rows], pa.int32())
        index = table.schema.get_field_index("source_partition")
        table = table.set_column(index, "source_partition", partitions)

        kept = deduplicate(table)

        expected: dict[str, tuple[int, int]] = {}
        for number, partition, offset in rows:
            key, position = f"a{number:07d}", (partition, offset)
            expected[key] = min(position, expected.get(key, position))
        columns = [kept[name].to_pylist() for name in ("assessment_id", "source_partition", "source_offset")]
        assert {key: (partition, offset) for key, partition, offset in zip(*columns, strict=True)} == expected


class TestBuffer:
    def test_records_wait_until_there_are_enough(self) -> None:
        buffer = PartitionBuffer("assessments", FlushPolicy(rows=3, seconds=60))

        buffer.add(0, records(0, 1), now=0)
        assert buffer.due(now=1) == []
        buffer.add(0, records(2), now=1)

        assert buffer.due(now=1) == [0]
        assert buffer.deadline() == -math.inf

    def test_records_wait_no_longer_than_the_policy_says(self) -> None:
        buffer = PartitionBuffer("assessments", FlushPolicy(rows=100, seconds=60))
        buffer.add(0, records(0), now=10)
        buffer.add(0, records(1), now=50)
        buffer.add(1, records(0), now=40)

        assert buffer.deadline() == 70
        assert buffer.due(now=69) == []
        assert buffer.due(now=70) == [0]
        assert buffer.due(now=100) == [0, 1]

    def test_large_records_are_due_before_they_fill_the_memory(self) -> None:
        buffer = PartitionBuffer("assessments", FlushPolicy(size=1000))

        buffer.add(0, records(0, 1, size=500), now=0)

        assert buffer.due(now=0) == [0]

    def test_a_taken_range_says_which_records_it_holds(self) -> None:
        buffer = PartitionBuffer("assessments", FlushPolicy())
        buffer.add(7, records(10, 12, 15), now=0)

        taken = buffer.take(7)

        assert (taken.topic, taken.partition, taken.first, taken.last) == ("assessments", 7, 10, 15)
        assert taken.records == tuple(records(10, 12, 15))
        assert buffer.waiting() == []
        assert buffer.deadline() == math.inf

    def test_a_backlog_is_taken_in_ranges_of_the_policys_rows(self) -> None:
        buffer = PartitionBuffer("assessments", FlushPolicy(rows=2, seconds=60))
        buffer.add(0, records(*range(5)), now=5)

        taken = [(part.first, part.last) for part in (buffer.take(0), buffer.take(0))]

        assert taken == [(0, 1), (2, 3)]
        assert buffer.deadline() == 65
        assert buffer.waiting() == [0]

    def test_records_delivered_again_are_skipped(self) -> None:
        buffer = PartitionBuffer("assessments", FlushPolicy())
        buffer.add(0, records(0, 1, 2), now=0)
        buffer.add(0, records(1, 2, 3), now=0)
        assert buffer.take(0).last == 3

        buffer.add(0, records(2, 3), now=0)

        assert buffer.waiting() == []

    def test_a_revoked_partition_starts_anew(self) -> None:
        buffer = PartitionBuffer("assessments", FlushPolicy())
        buffer.add(0, records(5, 6), now=0)
        buffer.drop(0)
        buffer.drop(1)

        buffer.add(0, records(5), now=0)

        assert buffer.take(0).last == 5

    @given(st.lists(st.integers(1, 9), min_size=1, max_size=9), st.integers(1, 7))
    @settings(max_examples=30, deadline=None)
    def test_every_record_is_taken_once_and_in_order(self, batches: list[int], rows: int) -> None:
        buffer = PartitionBuffer("assessments", FlushPolicy(rows=rows, seconds=1e9))
        offsets, taken = count(), []
        for size in batches:
            buffer.add(0, records(*(next(offsets) for _ in range(size))), now=0)
            while buffer.due(now=0):
                taken.append(buffer.take(0))
        while buffer.waiting():
            taken.append(buffer.take(0))

        assert [record.offset for part in taken for record in part.records] == [*range(sum(batches))]
        assert all(len(part.records) <= rows for part in taken)
