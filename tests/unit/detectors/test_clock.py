import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.clock import Clock, decode_clock, encode_clock
from detectors.errors import MemoryFormatError


@given(st.integers(0, 2**32))
def test_a_clock_survives_its_bytes(edge: int) -> None:
    assert decode_clock(encode_clock(Clock(edge=edge))) == Clock(edge=edge)


def test_a_partition_without_a_clock_is_at_the_beginning_of_time() -> None:
    assert decode_clock(None).edge == 0


def test_what_is_no_clock_or_of_another_release_is_refused() -> None:
    with pytest.raises(MemoryFormatError, match="cannot be read"):
        decode_clock(b"\xc1")
    with pytest.raises(MemoryFormatError, match="version 99"):
        decode_clock(msgspec.msgpack.encode([99, 1]))
