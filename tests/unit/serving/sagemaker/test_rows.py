"""Rows of a request: feature rows and bare payments, all good or none scored."""

import json

import msgspec
import pytest

from detectors.assess import assess as assess_fold
from detectors.feature_rows import FeatureRow, encode_row, first_rows
from detectors.frozen import freeze
from detectors.transaction import Transaction
from serving.sagemaker.formats import JSON, JSON_LINES, Document
from serving.sagemaker.model import CHUNK, assess
from serving.sagemaker.refusals import SHOWN, RowsRefused
from serving.sagemaker.rows import decode_documents
from serving.sagemaker.server import answer
from tests.unit.detectors.histories import history, probability_bundle

NOW = 1_795_000_000_000
PAID = b'{"transaction_id": "t1", "account_id": "4111111111110042", "merchant_id": "m1", \
"event_time": "2026-11-01T03:10:00Z", "amount": 950, "location": "feature_version"}'


def documents(*contents: bytes) -> list[Document]:
    return [Document(number, content) for number, content in enumerate(contents, 1)]


def row_of(payment: int) -> bytes:
    return encode_row(first_rows([history()[payment]], probability_bundle())[0])


def test_rows_and_payments_may_stand_side_by_side() -> None:
    found = decode_documents(documents(row_of(0), PAID, row_of(1)), NOW)

    assert [type(each) for each in found] == [FeatureRow, Transaction, FeatureRow]
    assert [each.transaction_id for each in assess(found, probability_bundle())] == [
        history()[0].transaction_id,
        "t1",
        history()[1].transaction_id,
    ]


def test_a_bare_payment_is_scored_as_the_first_of_its_account() -> None:
    bundle = freeze(probability_bundle())
    payments = [msgspec.structs.replace(each, account_id=f"A{at}") for at, each in enumerate(history()[:50])]
    bare = [msgspec.json.decode(msgspec.json.encode(each), type=Transaction) for each in payments]

    fold = [assess_fold([each], lambda _: None, bundle).assessments[0][1] for each in payments]

    assert assess(bare, bundle) == fold
    assert {each.maturity for each in fold} == {"new"}


def test_two_bare_payments_of_an_account_know_nothing_of_each_other() -> None:
    [first, second] = assess(decode_documents(documents(PAID, PAID), NOW), probability_bundle())

    assert first == second


def test_more_rows_than_are_scored_together_keep_their_order() -> None:
    lines = [row_of(at % 7) for at in range(CHUNK + 5)]

    found = json.loads(answer(b"[" + b",".join(lines) + b"]", JSON, None, probability_bundle(), NOW).body)

    assert [each["transaction_id"] for each in found] == [
        history()[at % 7].transaction_id for at in range(CHUNK + 5)
    ]


def test_every_wrong_row_is_named_by_number_and_field() -> None:
    lines = [
        PAID,
        PAID.replace(b"950", b'"950"'),
        PAID.replace(b"2026-11", b"2027-11"),
        b"{]",
        row_of(0).replace(b'"feature_version":"2"', b'"feature_version":"1"'),
        row_of(0).replace(b'"days":0.0', b'"days":"x"'),
        row_of(0).replace(b'"feature_version":"2",', b""),
    ]

    with pytest.raises(RowsRefused) as refused:
        answer(b"\n".join(lines), JSON_LINES, None, probability_bundle(), NOW)

    told = json.loads(refused.value.body())
    assert refused.value.status == 400
    assert told["error"].startswith("6 of 7 rows cannot be scored, so none was")
    assert [(each["row"], each["field"]) for each in told["rows"]] == [
        (2, "amount"),
        (3, "event_time"),
        (4, None),
        (5, "feature_version"),
        (6, "days"),
        (7, "feature_version"),
    ]
    assert all("must be" in each["message"] for each in told["rows"] if each["row"] in (2, 6, 7))
    assert '"1", and 2 is what can be scored' in told["rows"][3]["message"]
    assert "411111" not in str(told)


def test_a_long_list_of_wrong_rows_is_cut_and_counted() -> None:
    with pytest.raises(RowsRefused) as refused:
        decode_documents(documents(*[b"{}"] * 50), NOW)

    told = json.loads(refused.value.body())
    assert (len(told["rows"]), told["more"]) == (SHOWN, 50 - SHOWN)
