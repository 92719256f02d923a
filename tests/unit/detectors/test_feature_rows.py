"""Feature rows: what a fold says of a payment, scored again from its document alone, is the same to the bit."""

import random
from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.assess import settle, start_walk
from detectors.assessment import Assessment
from detectors.bundle import Bundle
from detectors.decoding import Rejection
from detectors.feature_rows import FeatureRow, assess_rows, encode_row, feature_row
from detectors.features import FEATURES
from detectors.frozen import freeze
from detectors.merchants.view import NO_MERCHANTS
from detectors.row_decoding import EXPECTED, decode_row, decode_rows
from detectors.transaction import EnrichedTransaction
from detectors.windows import MAX_EXACT
from stream.backtest import backtest
from tests.unit.detectors.histories import history, labels, probability_bundle, rarity_bundle
from tests.unit.detectors.payments import payment, sequences

encode = msgspec.json.Encoder().encode
BUNDLES = {"rarity": rarity_bundle, "probability": probability_bundle}


@cache
def folded(kind: str) -> tuple[tuple[FeatureRow, ...], tuple[Assessment, ...]]:
    """The rows and the assessments of a frozen backtest with merchants and labels."""
    rows: list[FeatureRow] = []
    folds = backtest(
        history()[:900], freeze(BUNDLES[kind]()), 3, labels(), on_rows=lambda _, more: rows.extend(more)
    )
    assessments = [assessment for fold in folds for assessment in fold.assessments]
    rows.sort(key=lambda row: row.transaction.transaction_id)
    assessments.sort(key=lambda assessment: assessment.transaction_id)
    return tuple(rows), tuple(assessments)


def travelled(rows: Sequence[FeatureRow]) -> list[FeatureRow]:
    """The rows after a journey as documents."""
    decoded = decode_rows([encode_row(row) for row in rows])
    assert not [each for each in decoded if isinstance(each, Rejection)]
    return [each for each in decoded if isinstance(each, FeatureRow)]


@pytest.mark.parametrize("kind", BUNDLES)
def test_rows_of_a_frozen_backtest_give_its_assessments_to_the_bit(kind: str) -> None:
    rows, assessments = folded(kind)

    again = assess_rows(travelled(rows), BUNDLES[kind]())

    assert {each.alert for each in assessments} >= {"none", "new"}
    assert {each.maturity for each in assessments} >= {"new", "warming"}
    assert any(each.merchant.known for each in rows)
    assert [encode(each) for each in again] == [encode(each) for each in assessments]


def test_a_verdict_depends_on_its_row_alone() -> None:
    rows, assessments = folded("probability")
    order = random.Random(3).sample(range(len(rows)), 200)

    again = assess_rows([rows[place] for place in order], probability_bundle())

    assert again == [assessments[place] for place in order]


def observed(payments: Sequence[EnrichedTransaction], bundle: Bundle) -> tuple[list[FeatureRow], list[Assessment]]:
    """Rows of payments of one account, each with the alert before it, and what a fold says of them."""
    rows: list[FeatureRow] = []
    assessments: list[Assessment] = []
    memories: dict[bytes, bytes] = {}
    for each in payments:
        walk = start_walk(memories.get, bundle, 0, NO_MERCHANTS)
        walk.follow([each])
        alert = walk.accounts[each.account_id].alert
        rows += [feature_row(seen, alert) for _, seen in walk.observed if seen.repeat == "none"]
        outcome = settle(walk, memories.get, bundle, 0)
        memories |= outcome.memories
        assessments += [assessment for _, assessment in outcome.assessments]
    return rows, assessments


@given(sequences(max_size=12))
def test_any_payments_survive_the_journey(payments: list[EnrichedTransaction]) -> None:
    bundle = freeze(rarity_bundle())
    # The fold takes what no decoder would let through; these limits are the decoder's.
    payments = [
        msgspec.structs.replace(
            each,
            amount=min(each.amount, 1e15),
            login_attempts=None if each.login_attempts is None else each.login_attempts % 2**31,
        )
        for each in payments
    ]
    rows, assessments = observed(payments, bundle)

    assert [encode(each) for each in assess_rows(travelled(rows), bundle)] == [
        encode(each) for each in assessments
    ]


def test_what_is_known_by_the_hour_only_stays_said() -> None:
    bundle = freeze(rarity_bundle())
    payments = [payment(after_s=5 * at, transaction_id=f"often{at}") for at in range(MAX_EXACT + 10)]

    rows, assessments = observed(payments, bundle)

    assert [row.approximate for row in rows].count(True) > 0
    assert any(reason.text.startswith("about ") for each in assessments for reason in each.reasons)
    assert assess_rows(travelled(rows), bundle) == assessments


def test_no_rows_give_no_assessments() -> None:
    assert assess_rows([], rarity_bundle()) == []


_FEATURES = st.tuples(
    *[st.none() | (st.floats(-1e6, 1e6) if "_z" in name else st.floats(-100, 100)) for name in FEATURES]
)
_SUMS = st.tuples(*[st.integers(0, 2**53)] * 3)
_HABIT = st.tuples(st.integers(1, 2**52), st.floats(-100, 100), st.floats(0, 1.7e308))
_DOCUMENTS = st.fixed_dictionaries(
    {
        "features": _FEATURES,
        "payments": st.integers(0, 2**53),
        "late": st.booleans(),
        "amount": st.none() | st.floats(0, 1e15),
        "days": st.floats(-1e6, 1e6),
        "habits": st.tuples(*[st.none() | _HABIT] * 5),
        "approximate": st.booleans(),
        "merchant": st.fixed_dictionaries(
            {"known": st.booleans(), "payments": _SUMS, "deviations": _SUMS, "exposed": _SUMS, "frauds": _SUMS}
        ),
        "alert": st.none() | st.tuples(st.integers(), st.sampled_from(["high", "critical"]), st.just(["X"])),
    }
)


@given(_DOCUMENTS)
def test_whatever_the_decoder_lets_through_can_be_scored(fields: dict[str, Any]) -> None:
    row = decode_row(document(**fields))

    assert isinstance(row, FeatureRow), row
    for bundle in (rarity_bundle(), probability_bundle()):
        [assessment] = assess_rows([row], bundle)
        assert 0.0 <= assessment.fraud_risk_score <= 100.0


def document(**fields: Any) -> bytes:
    """The document of a plain row with some fields replaced; a field that is ... is left out."""
    row, _ = observed([payment(transaction_id="4111111111110042")], rarity_bundle())
    whole = msgspec.json.decode(encode_row(row[0])) | fields
    return encode({name: value for name, value in whole.items() if value is not ...})


def features(at: int, value: object) -> list[object]:
    values: list[object] = [None] * len(FEATURES)
    values[at] = value
    return values


PAID = msgspec.json.decode(document())["transaction"]


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"feature_version": "1"}, "feature_version", 'is "1", and 2 is what can be scored'),
        ({"feature_version": 2, "features": []}, "feature_version", "is 2, and 2 is"),
        ({"feature_version": ...}, "feature_version", "is missing"),
        ({"features": features(3, "high")}, "features[3]", '(max_amount_z_1d) is "high"; it must be a number'),
        (
            {"features": features(0, 101)},
            "features[0]",
            "(log_amount) is 101; it must be a number from -100 to 100",
        ),
        ({"features": features(1, 1e7)}, "features[1]", "from -1e+06 to 1e+06, or null"),
        ({"features": [1.0]}, "features", f"a list of 1; it must be a list of {len(FEATURES)} numbers"),
        ({"payments": -1}, "payments", "the number -1; it must be a whole number"),
        ({"late": "no"}, "late", "it must be true or false"),
        ({"habits": [None]}, "habits", "a list of 1; it must be a list of 5"),
        ({"habits": [[0, 1.0, 1.0], *[None] * 4]}, "habits", "a count of 1 or more"),
        ({"habits": [[10**400, 1.0, 1.0], *[None] * 4]}, "habits", "a giant number"),
        ({"merchant": {}}, "merchant", "it must be an object with known"),
        ({"merchant": {"known": True, "name": "M"}}, "merchant", "name is no field of a feature row"),
        ({"alert": [1, "dire", []]}, "alert", "it must be null or"),
        ({"color": 1}, None, "color is no field of a feature row"),
        ({"transaction": 5}, "transaction", "it must be an enriched transaction"),
        ({"transaction": PAID | {"amount": "12"}}, "transaction.amount", "in transaction: amount is the text"),
        ({"transaction": PAID | {"ip_country": "Spain"}}, "transaction.ip_country", "as enrichment makes it"),
        ({"transaction": {"amount": 1}}, "transaction.transaction_id", "transaction_id is missing"),
        ({"transaction": PAID | {"event_time": "2300-01-01T00:00:00Z"}}, "transaction.event_time", "RFC 3339"),
    ],
)
def test_a_document_that_is_no_row_is_refused_by_field(fields: dict[str, Any], field: str, says: str) -> None:
    found = decode_row(document(**fields))

    assert isinstance(found, Rejection), found
    assert (found.field, says in found.message) == (field, True), found.message
    assert "411111" not in found.message


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b"{" + b" " * 70_000 + b"}"])
def test_what_is_no_document_is_refused(value: bytes) -> None:
    assert isinstance(decode_row(value), Rejection)


def test_a_time_of_another_zone_is_told_in_utc() -> None:
    row = decode_row(document(transaction=PAID | {"event_time": "2026-03-02T14:00:00+02:00"}))

    assert isinstance(row, FeatureRow)
    assert row.transaction.event_time.isoformat() == "2026-03-02T12:00:00+00:00"


def test_every_field_says_what_would_be_right() -> None:
    assert tuple(EXPECTED) == FeatureRow.__struct_fields__
