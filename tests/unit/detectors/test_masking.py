"""What people and logs may see of an identifier."""

from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.masking import mask, printable


def test_a_long_value_keeps_its_last_four_characters():
    assert mask("ACC-0042") == "…0042"


def test_a_short_value_is_never_shown_whole():
    assert [mask(value) for value in ("", "7", "42", "0042")] == ["…", "…", "…2", "…42"]


def test_an_escape_sequence_in_a_value_reaches_no_terminal():
    assert mask("account-\x1b[2J") == "…\\x1b[2J"


@given(st.text(st.characters(categories=["L", "N"])))
@settings(max_examples=40)
def test_at_most_half_of_a_value_and_four_characters_survive(value):
    kept = mask(value).removeprefix("…")

    assert value.endswith(kept)
    assert len(kept) == min(4, len(value) // 2)


@given(st.text(max_size=20))
@settings(max_examples=40)
def test_printable_text_has_nothing_that_drives_a_terminal(text):
    assert printable(text).isprintable()
