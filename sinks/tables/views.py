"""The questions that are asked most, as views over the archive; one text serves DuckDB and Athena (Trino)."""

from string import Template
from typing import Final, Literal, NamedTuple

import pyarrow as pa

from sinks.columns import COLUMNS, DATE, EXPLANATION_COLUMNS, Column

Dialect = Literal["duckdb", "athena"]

RAW = "assessments_raw"
"""The table with every row of every object."""
ASSESSMENTS = "assessments"
EXPLANATIONS_RAW = "explanations_raw"

_CREATE: dict[Dialect, str] = {"duckdb": "CREATE VIEW", "athena": "CREATE OR REPLACE VIEW"}
_HOUR = Column("hour", pa.timestamp("us", tz="UTC"), "start of the hour of `event_time`")


class View(NamedTuple):
    """A named query."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    query: Template
    """Selects `$columns` from `$source`."""
    source: str = ASSESSMENTS


def _count(name: str, meaning: str) -> Column:
    return Column(name, pa.int64(), meaning)


_ONCE: Final = Template("""\
SELECT $columns
FROM (
    SELECT *, row_number() OVER (
        PARTITION BY date, $identity ORDER BY source_partition, source_offset
    ) AS copy
    FROM $source
) AS copies
WHERE copy = 1""")


def _once(identity: str) -> Template:
    """Keep the first row of each `identity`."""
    # Partitioned by date too (a payment has one), so that a filter on it is handed down to the scan.
    return Template(_ONCE.safe_substitute(identity=identity))


EXPLANATIONS: Final = View(
    "explanations",
    "every explanation of an alert once, though it can have been made twice",
    (*EXPLANATION_COLUMNS, DATE),
    _once("explanation_id"),
    EXPLANATIONS_RAW,
)
"""For DuckDB; the tables for Athena do not hold explanations yet."""

VIEWS: tuple[View, ...] = (
    View(
        ASSESSMENTS,
        "every assessment once, though a crash can have archived it twice",
        (*COLUMNS, DATE),
        _once("assessment_id"),
        RAW,
    ),
    View(
        "alerts_per_hour",
        "how many alerts were published of the payments of an hour",
        (
            DATE,
            _HOUR,
            _count("alerts", "`first_alerts` + `escalations`"),
            _count("first_alerts", "of an account that had none out"),
            _count("escalations", "graver turns of those that are out"),
            _count("critical", "alerts of level critical"),
            _count("accounts", "different accounts alerted"),
        ),
        Template("""\
SELECT date, date_trunc('hour', event_time) AS hour, count(*) AS alerts,
    count(*) FILTER (WHERE alert = 'new') AS first_alerts,
    count(*) FILTER (WHERE alert = 'escalation') AS escalations,
    count(*) FILTER (WHERE risk_level = 'critical') AS critical,
    count(DISTINCT account_id) AS accounts
FROM $source
WHERE alert IN ('new', 'escalation')
GROUP BY 1, 2"""),
    ),
    View(
        "score_distribution",
        "how many payments have a score in each step of 5",
        (
            DATE,
            Column("score_kind", pa.string(), "scores of different kinds do not compare"),
            Column("score_from", pa.float64(), "0, 5, ... 95"),
            Column("score_to", pa.float64(), "not included, but for 100"),
            _count("payments", "with such a score"),
            _count("alerts", "published of them"),
        ),
        Template("""\
SELECT date, score_kind,
    least(floor(CAST(fraud_risk_score AS double) / 5) * 5, 95e0) AS score_from,
    least(floor(CAST(fraud_risk_score AS double) / 5) * 5, 95e0) + 5 AS score_to,
    count(*) AS payments,
    count(*) FILTER (WHERE alert IN ('new', 'escalation')) AS alerts
FROM $source
GROUP BY 1, 2, 3, 4"""),
    ),
    View(
        "value_at_risk",
        "the sum of the amounts of payments at high or above, by hour and currency",
        (
            DATE,
            _HOUR,
            Column(
                "currency", pa.string(), "amounts of different ones are not added up; null is the base currency"
            ),
            _count("payments", "at high or above, alerted or not"),
            _count("accounts", "different accounts among them"),
            Column("amount", pa.float64(), "their sum, in `currency`"),
            Column("largest_amount", pa.float64(), "the largest of them, in `currency`"),
        ),
        Template("""\
SELECT date, date_trunc('hour', event_time) AS hour, currency, count(*) AS payments,
    count(DISTINCT account_id) AS accounts, sum(amount) AS amount, max(amount) AS largest_amount
FROM $source
WHERE risk_level IN ('high', 'critical')
GROUP BY 1, 2, 3"""),
    ),
    View(
        "by_country",
        "payments, risky payments and alerts by country",
        (
            DATE,
            Column("country", pa.string(), "of the payment, else of its IP address; null is unknown"),
            _count("payments", "all of them"),
            _count("risky_payments", "at high or above"),
            _count("alerts", "published of them"),
            _count("accounts", "different accounts that paid"),
        ),
        Template("""\
SELECT date, coalesce(country, ip_country) AS country, count(*) AS payments,
    count(*) FILTER (WHERE risk_level IN ('high', 'critical')) AS risky_payments,
    count(*) FILTER (WHERE alert IN ('new', 'escalation')) AS alerts,
    count(DISTINCT account_id) AS accounts
FROM $source
GROUP BY 1, 2"""),
    ),
)
"""Each may read those before it. `date` is a column of all, so that a condition on it limits what is read."""


def view_named(name: str) -> View:
    """Return the view of a name; KeyError if there is none."""
    return {view.name: view for view in VIEWS}[name]


def create_view(view: View, dialect: Dialect, database: str | None = None) -> str:
    """Return the statement that makes a view; with `database` names are qualified by it.

    >>> print(create_view(view_named("by_country"), "athena", "fraud").splitlines()[0])
    CREATE OR REPLACE VIEW "fraud"."by_country" AS
    """
    qualifier = "" if database is None else f'"{database}".'
    columns = ", ".join(column.name for column in view.columns)
    query = view.query.substitute(source=f'{qualifier}"{view.source}"', columns=columns)
    return f'{_CREATE[dialect]} {qualifier}"{view.name}" AS\n{query}'
