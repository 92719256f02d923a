"""What comes in and goes out of an invocation."""

import csv
import io

import msgspec
import pytest

from detectors.transaction import Transaction
from serving.sagemaker.formats import CSV, JSON, JSON_LINES, choose_type, join_answer, split_body
from serving.sagemaker.model import assess
from serving.sagemaker.refusals import UnacceptableType, UnreadableBody, UnsupportedType
from tests.unit.detectors.histories import probability_bundle
from tests.unit.detectors.payments import START


def paid(transaction_id: str, currency: str | None = None) -> Transaction:
    return Transaction(transaction_id, "A1", "M1", START, 20.0, currency)


def contents(body: bytes, media_type: str) -> list[tuple[int, object]]:
    return [(each.number, each.content) for each in split_body(body, media_type).rows]


def test_a_list_is_numbered_from_one() -> None:
    assert contents(b' [ {"a": 1} , {} ]', JSON) == [(1, b'{"a": 1}'), (2, b"{}")]


def test_one_object_is_answered_by_one() -> None:
    assert (split_body(b"{}", JSON).single, split_body(b"[{}]", JSON).single) == (True, False)


def test_no_rows_are_an_answer_without_rows() -> None:
    assert contents(b"[]", JSON) == []
    assert join_answer([], JSON, single=False) == b"[]"


@pytest.mark.parametrize(
    "media_type", ["application/jsonlines", "application/x-ndjson", "application/jsonl", "application/x-jsonlines"]
)
def test_lines_count_as_an_editor_counts(media_type: str) -> None:
    assert contents(b"{}\r\n\n{ }\n", media_type) == [(1, b"{}\r"), (3, b"{ }")]


@pytest.mark.parametrize("media_type", ["", "application/octet-stream", "text/plain", "application/x-npy"])
def test_other_types_are_refused_with_ours(media_type: str) -> None:
    with pytest.raises(UnsupportedType, match=r"application/json, application/jsonlines, text/csv") as refused:
        split_body(b"{}", media_type)
    assert refused.value.status == 415


@pytest.mark.parametrize("media_type", [JSON, JSON_LINES, CSV])
def test_an_empty_body_is_refused(media_type: str) -> None:
    with pytest.raises(UnreadableBody, match="the body is empty"):
        split_body(b" \n", media_type)


@pytest.mark.parametrize("body", [b"{", b"[{}", b"[{},]", b"\xef\xbb\xbf{}", b"{}{}", b"[" * 50_000])
def test_broken_json_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableBody, match="the body is not JSON"):
        split_body(body, JSON)


@pytest.mark.parametrize(
    ("accept", "sent", "chosen"),
    [
        (None, CSV, CSV),
        ("*/*", "application/x-ndjson", JSON_LINES),
        ("application/*", CSV, JSON),
        ("application/json", JSON_LINES, JSON),
        ("TEXT/CSV; charset=utf-8", JSON, CSV),
        ("text/csv;q=0.2, application/jsonl;q=0.9", JSON, JSON_LINES),
        ("text/html, */*;q=0.1", JSON, JSON),
    ],
)
def test_the_answer_is_of_the_type_that_is_liked_best(accept: str | None, sent: str, chosen: str) -> None:
    assert choose_type(accept, sent) == chosen


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "application/json;q=lots"])
def test_an_answer_that_nobody_wants_is_refused(accept: str) -> None:
    with pytest.raises(UnacceptableType) as refused:
        choose_type(accept, JSON)
    assert refused.value.status == 406


def test_csv_holds_what_is_flat_and_the_codes() -> None:
    [assessment] = assess([paid('a"b,c', currency="XYZ")], probability_bundle())

    header, cells = csv.reader(io.StringIO(join_answer([assessment], CSV, single=True).decode()))

    row = dict(zip(header, cells, strict=True))
    assert row["transaction_id"] == 'a"b,c'
    assert row["event_time"] == "2026-03-02T12:00:00Z"
    assert float(row["fraud_risk_score"]) == assessment.fraud_risk_score
    assert float(row["isolation_forest_score"]) == assessment.scores.isolation_forest
    assert row["degraded"] == " ".join(assessment.degraded) == "merchant currency"
    assert row["reason_codes"].split() == [reason.code for reason in assessment.reasons]
    assert (row["late"], row["country"], row["maturity"]) == ("false", "", "new")


def test_json_is_the_whole_assessment() -> None:
    assessments = assess([paid("t1"), paid("t2")], probability_bundle())

    whole = join_answer(assessments, JSON, single=False)
    lines = join_answer(assessments, JSON_LINES, single=False)

    assert msgspec.json.decode(whole, type=list[type(assessments[0])]) == assessments
    assert lines.splitlines() == [msgspec.json.encode(each) for each in assessments]
    assert join_answer(assessments[:1], JSON, single=True) == lines.splitlines()[0]
