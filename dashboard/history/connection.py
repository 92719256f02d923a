"""One DuckDB for one question: wanted rows of the archive, each assessment once, and no way to anything else."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import duckdb
import pyarrow.dataset as ds
from pyarrow import ArrowException

from dashboard.history.days import Days
from sinks.errors import ArchiveError
from sinks.tables.views import ASSESSMENTS, RAW, VIEWS, create_view, view_named

MEMORY: Final = "2GB"
"""Of one question; some ten million payments."""

# Extensions would be downloaded, and Python variables are no tables.
_OFF: Final[dict[str, Any]] = dict.fromkeys(
    ("autoinstall_known_extensions", "autoload_known_extensions", "python_enable_replacements"), "false"
)
_COLUMNS: Final = (
    "date", "event_time", "transaction_id", "account_id", "amount", "currency", "channel", "country", "ip_country",
    "fraud_risk_score", "score_kind", "risk_level", "alert", "bundle_version", "provisional", "backfill",
    # Payments that nobody was alerted of have reasons too, and they are the longest column.
    "CASE WHEN alert IN ('new', 'escalation') THEN reason_codes END AS reason_codes",
)  # fmt: skip
_EVERYTHING: Final = "CREATE TEMP VIEW assessments AS SELECT * FROM held"
_LIVE: Final = "CREATE TEMP VIEW assessments AS SELECT * FROM held WHERE NOT backfill"


@contextmanager
def opened(archive: Any, days: Days, *, backfill: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection with the table `held`, the view `assessments` and those made from it, of some days.

    Raises:
        ArchiveError: the archive cannot be read, or the days hold more than a question may.
    """
    wanted = (ds.field("date") >= days.start) & (ds.field("date") <= days.end)
    with duckdb.connect(config=_OFF) as connection:
        try:
            connection.execute(f"SET TimeZone = 'UTC'; SET memory_limit = '{MEMORY}'; SET temp_directory = ''")
            connection.execute("SET enable_external_access = false; SET lock_configuration = true")
            connection.register(RAW, archive.filter(wanted))
            once = view_named(ASSESSMENTS).query.substitute(source=RAW, columns=", ".join(_COLUMNS))
            connection.execute(f"CREATE TEMP TABLE held AS {once}")
            connection.unregister(RAW)
            connection.execute(_EVERYTHING if backfill else _LIVE)
            for view in VIEWS:
                if view.name != ASSESSMENTS:
                    connection.execute(create_view(view, "duckdb"))
            yield connection
        except duckdb.OutOfMemoryException as error:
            raise ArchiveError(
                f"{days.start} to {days.end} hold too many payments for one question: ask for fewer days"
            ) from error
        except (duckdb.Error, OSError, ArrowException) as error:
            raise ArchiveError(
                f"the archive cannot be read: {error}; check endpoint, bucket and credentials"
            ) from error
