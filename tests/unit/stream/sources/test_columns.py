"""Column maps as TOML, and the built-in ones."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream.sources.columns import (
    BUILTIN,
    FIELDS,
    REQUIRED,
    ColumnMap,
    ColumnMapError,
    LabelColumns,
    Options,
    builtin_columns,
    fitting_builtin,
    format_columns,
    load_columns,
    save_columns,
)

HEADERS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
MAPS = st.builds(
    ColumnMap,
    columns=st.dictionaries(st.sampled_from(FIELDS), HEADERS),
    options=st.builds(
        Options,
        timezone=st.sampled_from([None, "UTC", "Europe/Berlin"]),
        time_format=st.none() | HEADERS,
        currency=st.sampled_from([None, "EUR"]),
        number_rows=st.booleans(),
    ),
    labels=st.none()
    | st.builds(LabelColumns, column=HEADERS, positive=st.lists(HEADERS).map(tuple), pattern=st.none() | HEADERS),
)


@given(columns=MAPS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_saved_map_is_loaded_as_it_was(columns: ColumnMap, tmp_path: Path) -> None:
    save_columns(columns, tmp_path / "map.toml")

    assert load_columns(tmp_path / "map.toml") == columns


def test_notes_are_comments() -> None:
    columns = ColumnMap(columns={"amount": "Sum"}, notes=("Sum: two\nlines",))

    assert "# Sum: two lines\n" in format_columns(columns)


@pytest.mark.parametrize("name", BUILTIN)
def test_every_builtin_map_gives_the_required_fields(name: str) -> None:
    assert builtin_columns(name).unmapped() == ()


def test_our_own_map_names_every_field_as_itself() -> None:
    assert dict(builtin_columns("riskstream").columns) == {name: name for name in FIELDS}


def test_the_bank_map_never_reads_the_previous_date() -> None:
    bank = builtin_columns("bank")

    assert "PreviousTransactionDate" not in bank.sources()
    assert bank.columns["ip_address"] == "IP Address"


def test_the_builtin_map_that_fits_is_cut_to_the_columns_there_are() -> None:
    found = fitting_builtin([*REQUIRED, "channel", "colour"])

    assert found is not None
    assert set(found.columns) == {*REQUIRED, "channel"}
    assert found.labels is None


def test_no_builtin_map_fits_a_strange_header() -> None:
    assert fitting_builtin(["a", "b"]) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[columns", "is not TOML"),
        ("[columns]\nsum = 'Sum'", "names sum, which is no field of a payment; the fields are transaction_id"),
        ("[columns]\n[options]\ncolour = 1", "unknown field `colour`"),
        ("[options]\ntimezone = 'UTC'", "missing required field `columns`"),
        ("[columns]\n[options]\ntimezone = 'Mars/Olympus'", 'timezone = "Mars/Olympus" is no known zone'),
        ("[columns]\n[options]\ncurrency = 'dollars'", "currency"),
    ],
)
def test_a_wrong_map_is_an_error_that_says_what_is_wrong(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "map.toml"
    path.write_text(text)

    with pytest.raises(ColumnMapError, match=r"map\.toml") as caught:
        load_columns(path)

    assert says in str(caught.value)


def test_a_missing_map_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ColumnMapError, match="cannot be read"):
        load_columns(tmp_path / "none.toml")
