import msgspec

from detectors.repeats import MARK_BYTES, REPEATS, mark_of, remembered, repeat_of
from detectors.transaction import Transaction
from tests.unit.detectors.payments import payment

_OTHER = {"login_attempts": 3, "customer_age": 3, "amount": 3.0, "duration_s": 3.0, "account_balance": 3.0}
_OTHER_TEXT = {"currency": "EUR", "country": "FR"}


def test_a_change_of_any_field_that_a_producer_sends_is_a_conflict() -> None:
    tx = payment()
    marks = remembered(b"", mark_of(tx))
    for field in Transaction.__struct_fields__:
        if field in ("transaction_id", "account_id"):
            continue
        value = payment(1).event_time if field == "event_time" else _OTHER.get(field, _OTHER_TEXT.get(field, "x"))
        value = 3.0 if field in ("latitude", "longitude") else value
        assert repeat_of(marks, mark_of(msgspec.structs.replace(tx, **{field: value}))) == "conflict", field


def test_the_same_moment_in_another_form_is_the_same_payment() -> None:
    tx = payment(0.25)
    again = msgspec.json.decode(msgspec.json.encode(tx), type=type(tx))
    assert mark_of(again) == mark_of(tx)


def test_marks_of_other_payments_are_no_repeat() -> None:
    marks = b""
    for number in range(200):
        mark = mark_of(payment(number))
        assert len(mark) == MARK_BYTES
        assert repeat_of(marks, mark) == "none"
        marks = remembered(marks, mark)
    assert len(marks) == REPEATS * MARK_BYTES
