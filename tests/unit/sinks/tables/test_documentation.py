"""docs/archive.md shows the columns as they are described in the code."""

from pathlib import Path

import pytest

from sinks.columns import SCHEMA_VERSION
from sinks.tables.markdown import columns_table
from sinks.tables.views import VIEWS, View

PAGE = (Path(__file__).parents[4] / "docs" / "archive.md").read_text()


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_the_columns_of_every_view_are_documented(view: View) -> None:
    table = columns_table(view.columns)

    assert table in PAGE, f"put what `riskstream tables --format columns --view {view.name}` prints into the page"


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_the_page_says_what_every_view_is_for(view: View) -> None:
    assert f"`{view.name}`: {view.meaning}" in PAGE


def test_the_version_of_the_schema_is_documented() -> None:
    assert f"| `{SCHEMA_VERSION}` |" in PAGE.partition("## Schema versions")[2]
