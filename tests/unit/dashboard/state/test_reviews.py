from hypothesis import given
from hypothesis import strategies as st

from dashboard.state.reviews import falls_under


def test_the_sample_has_about_the_share_that_was_asked_for():
    chosen = sum(falls_under(f"TX{number}", 0.01) for number in range(20_000))
    assert 150 < chosen < 250  # 200 expected, standard deviation 14; the ids are fixed


@given(st.text(), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_holds_all_of_a_smaller_one(id_, one, other):
    assert falls_under(id_, max(one, other)) or not falls_under(id_, min(one, other))
