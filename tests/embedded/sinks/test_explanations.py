"""Facts about explanations in the archive, on an S3 inside this process."""

from typing import Any

import msgspec
import pytest

from detectors.explanation.explain import explain, explain_exactly
from detectors.explanation.explanation import Explanation, encode_explanation
from sinks.archive import OffsetRange, ParquetArchive, Record, open_archive
from sinks.columns import EXPLANATION_COLUMNS
from sinks.errors import ArchiveConflictError, UnreadableRecordError
from sinks.kinds import EXPLANATION
from tests.unit.detectors.explanation.alerts import BUNDLES, riskiest

MADE = (
    explain(riskiest("probability")[0], "alert-1", BUNDLES["probability"](), samples=100),
    explain_exactly(riskiest("probability")[1], "alert-2", BUNDLES["probability"](), "late"),
)


def flushed(*explanations: Explanation) -> OffsetRange:
    records = tuple(Record(offset, encode_explanation(each)) for offset, each in enumerate(explanations))
    return OffsetRange("alerts.explained", 3, 0, len(records) - 1, records)


def test_they_come_back_as_they_went_in(client: Any, bucket: str, endpoint: str) -> None:
    names = ParquetArchive(bucket, "team", client, EXPLANATION).upload(flushed(*MADE))

    assert all(name.startswith("team/explanations/date=2026-") for name in names)
    rows = open_archive(bucket, "team", endpoint, EXPLANATION).to_table().to_pylist()
    found = {each.alert_id: each for each in msgspec.convert(rows, list[Explanation])}
    assert found == {each.alert_id: each for each in MADE}
    assert {(row["source_partition"], row["source_offset"]) for row in rows} == {(3, 0), (3, 1)}


def test_written_twice_they_are_there_once_and_others_never_replace_them(client: Any, bucket: str) -> None:
    archive = ParquetArchive(bucket, "", client, EXPLANATION)
    names = archive.upload(flushed(*MADE))
    assert archive.upload(flushed(*MADE)) == names

    with pytest.raises(ArchiveConflictError):
        archive.upload(flushed(*reversed(MADE)))


def test_a_record_that_is_no_explanation_is_named(client: Any, bucket: str) -> None:
    bad = OffsetRange("alerts.explained", 3, 0, 0, (Record(0, b"{}"),))

    with pytest.raises(UnreadableRecordError, match=r"alerts\.explained-3 at offset 0 is not an explanation"):
        ParquetArchive(bucket, "", client, EXPLANATION).upload(bad)


def test_every_field_has_its_column() -> None:
    names = [column.name for column in EXPLANATION_COLUMNS]
    assert names == [*Explanation.__struct_fields__, "source_partition", "source_offset"]
