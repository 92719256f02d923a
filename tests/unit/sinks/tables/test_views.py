"""Facts about the views' text; what they return is shown in tests/embedded/sinks/test_tables.py."""

import pytest
import sqlglot

from sinks.tables.views import RAW, VIEWS, View, create_view

every_view = pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)


@every_view
def test_athena_can_read_it(view: View) -> None:
    parsed = sqlglot.parse_one(create_view(view, "athena", "fraud"), dialect="athena")

    assert parsed.kind == "VIEW"
    assert parsed.this.sql(dialect="athena") == f'"fraud"."{view.name}"'
    assert [column.alias_or_name for column in parsed.expression.selects] == [each.name for each in view.columns]


@every_view
def test_both_dialects_mean_the_same(view: View) -> None:
    """But for how the view is made and where it lies."""
    athena = sqlglot.parse_one(create_view(view, "athena"), dialect="trino").expression
    duckdb = sqlglot.parse_one(create_view(view, "duckdb"), dialect="duckdb").expression

    assert athena.sql(dialect="trino") == duckdb.sql(dialect="trino")


def test_each_reads_the_archive_or_a_view_before_it() -> None:
    known = {RAW}
    for view in VIEWS:
        assert view.source in known
        known.add(view.name)


@every_view
def test_a_date_limits_what_each_reads(view: View) -> None:
    assert "date" in [column.name for column in view.columns]
