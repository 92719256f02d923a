import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.merchants.activity import Activity, LabelChange, Payment, decode_activity, encode_activity, z_milli
from tests.strategies import ids

_positions = st.integers(0, 2**53)
_hours = st.integers(-200, 2**20)
_payments = st.builds(Payment, _positions, ids(), _hours, st.none() | st.integers(-8000, 8000))
_labels = st.builds(LabelChange, _positions, ids(), _hours, st.sampled_from([-1, 1]))


@given(st.builds(Activity, st.integers(0, 99), _hours, st.tuples(_payments, _payments), st.tuples(_labels)))
def test_news_of_merchants_survives_the_wire(activity: Activity) -> None:
    assert decode_activity(encode_activity(activity)) == activity


def test_an_entry_is_an_array_without_names() -> None:
    told = Activity(3, 500, (Payment(9, "M1", 499, None),), (LabelChange(9, "M1", 331, -1),), "q8Jn")
    assert encode_activity(told) == b'[3,500,[[9,"M1",499,null]],[[9,"M1",331,-1]],"q8Jn"]'


@pytest.mark.parametrize("value", [b"", b"{}", b"[1]", b'[1,2,[["x","M1",3,null]],[]]'])
def test_anything_else_is_refused(value: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_activity(value)


@given(st.floats(allow_infinity=True, allow_nan=False))
def test_no_deviation_counts_as_more_than_eight(z: float) -> None:
    counted = z_milli(z)
    assert counted is not None
    assert abs(counted) <= 8000
    if abs(z) <= 8:
        assert counted == pytest.approx(1000 * z, abs=0.5)


def test_an_unknown_deviation_stays_unknown() -> None:
    assert z_milli(math.nan) is None
