from array import array

from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.packing import Packed, pack_lists, pack_signed, unpack_lists, unpack_signed

_MONTH = 30 * 86_400
_entries = st.tuples(st.integers(0, _MONTH), st.integers(0, 2**16) | st.integers(0, 2**63 - 1))
_lists = st.lists(st.tuples(st.integers(0, 2**32 - 1 - _MONTH), st.lists(_entries, max_size=20)), max_size=6)


@given(_lists)
@settings(max_examples=25, deadline=None)
def test_lists_survive_packing_and_are_packed_together_as_they_are_alone(
    lists: list[tuple[int, list[tuple[int, int]]]],
) -> None:
    times, amounts = [], []
    for origin, entries in lists:
        entries.sort()
        times.append(b"".join((origin + since).to_bytes(4, "little") for since, _ in entries))
        amounts.append(b"".join(amount.to_bytes(8, "little") for _, amount in entries))
    packed = pack_lists(times, amounts)
    assert unpack_lists(packed) == list(zip(times, amounts, strict=True))
    alone = [pack_lists([its], [own])[0] for its, own in zip(times, amounts, strict=True)]
    assert alone == packed


def test_a_list_of_nothing_takes_nothing() -> None:
    assert pack_lists([b""], [b""]) == [Packed()]
    assert pack_lists([], []) == []
    assert unpack_lists([]) == []


@given(st.lists(st.integers(-40_000, 40_000)) | st.lists(st.integers(-(2**63), 2**63 - 1)))
@settings(max_examples=25, deadline=None)
def test_signed_numbers_survive_packing(numbers: list[int]) -> None:
    packed = pack_signed(array("q", numbers))
    assert list(unpack_signed(packed, len(numbers))) == numbers
    bits = max((max(n, -1 - n).bit_length() for n in numbers), default=0)
    assert len(packed) == len(numbers) * (2 if bits < 16 else 4 if bits < 32 else 8)
