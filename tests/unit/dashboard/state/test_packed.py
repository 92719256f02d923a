import weakref

from hypothesis import given
from hypothesis import strategies as st

from dashboard.state.packed import Packing


@given(st.lists(st.binary(max_size=300)))
def test_every_value_comes_back_however_pages_are_filled(values):
    packing = Packing(page_bytes=64)
    packed = [packing.pack(value) for value in values]
    assert [each.unpack() for each in packed] == values


def test_a_page_goes_with_the_last_of_its_values():
    packing = Packing(page_bytes=64)
    packed = [packing.pack(bytes([number])) for number in range(100)]
    page = weakref.ref(packed[0].page)
    together = [each for each in packed if each.page is page()]
    del packed
    assert 1 < len(together) < 100
    last, value = together.pop(), bytes([len(together)])
    del together
    assert last.unpack() == value
    del last
    assert page() is None
