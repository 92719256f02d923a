from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from dashboard.history import connection
from dashboard.history.answer import Answer
from dashboard.history.asking import ask
from dashboard.history.connection import opened
from dashboard.history.counting import MOST_GROUPS
from dashboard.history.days import Days, held_days
from detectors.assessment import Assessment
from detectors.labels import Label
from scripts.query import run_query
from sinks.archive import open_local_archive
from sinks.errors import ArchiveError
from tests.unit.dashboard.history.archives import START, archive_of, payment, risky, write

ONE_DAY = Days(START.date(), START.date())
MIXED = [
    payment(1, hour=0.0, country="CH", channel="online", amount=10.0, fraud_risk_score=3.0),
    payment(2, hour=9.5, country=None, ip_country="DE", channel=None, risk_level="medium", fraud_risk_score=40.0),
    payment(3, hour=9.9, country=None, ip_country=None, channel="pos", fraud_risk_score=100.0),
    risky(4, hour=9.9, amount=100.0, currency="EUR"),
    risky(5, hour=12.0, amount=200.5, currency="EUR", risk_level="critical", alert="escalation"),
    risky(6, hour=12.1, amount=7.0, currency=None, alert="folded"),
    risky(7, hour=23.99, amount=1.0, currency="USD", account_id="AC4"),
]


def answer(archive: Any, days: Days = ONE_DAY, labels: list[Label] | None = None, **changes: Any) -> Answer:
    held = held_days(archive)
    assert held is not None
    return ask(archive, held, days, labels or [], None, **({"backfill": False} | changes))


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Answer:
    return answer(archive_of(tmp_path_factory.mktemp("archive"), *MIXED))


def test_totals_count_payments_risky_ones_and_published_alerts(mixed: Answer) -> None:
    totals = mixed.totals
    assert (totals.payments, totals.accounts, totals.risky, totals.alerts, totals.alerted_accounts) == (
        7,
        6,
        4,
        3,
        2,
    )
    assert mixed.alert_rate.share == 4 / 7


def test_every_hour_and_day_is_told_also_quiet_ones(mixed: Answer) -> None:
    assert len(mixed.hours) == 24
    told = {
        one.hour.hour: (one.payments, one.risky, one.alerts, one.critical) for one in mixed.hours if one.payments
    }
    assert told == {0: (1, 0, 0, 0), 9: (3, 1, 1, 0), 12: (2, 2, 1, 1), 23: (1, 1, 1, 0)}
    assert [(one.date, one.payments, one.alerts) for one in mixed.days] == [(START.date(), 7, 3)]


def test_scores_are_told_in_steps_and_a_hundred_is_in_the_last(mixed: Answer) -> None:
    told = {(one.score_from, one.score_to): (one.payments, one.alerts) for one in mixed.scores}
    assert told == {(0.0, 5.0): (1, 0), (40.0, 45.0): (1, 0), (95.0, 100.0): (5, 3)}


def test_all_four_levels_are_told(mixed: Answer) -> None:
    told = [(one.level, one.payments, one.alerts) for one in mixed.levels]
    assert told == [("low", 2, 0), ("medium", 1, 0), ("high", 3, 2), ("critical", 1, 1)]
    assert sum(one.share or 0.0 for one in mixed.levels) == pytest.approx(1.0)


def test_the_country_is_that_of_the_payment_else_of_its_address_else_unknown(mixed: Answer) -> None:
    assert [(one.value, one.payments) for one in mixed.countries] == [("CH", 5), ("DE", 1), (None, 1)]


def test_a_missing_channel_is_unknown(mixed: Answer) -> None:
    assert {(one.value, one.payments) for one in mixed.channels} == {("online", 5), (None, 1), ("pos", 1)}


def test_amounts_of_different_currencies_are_never_added_up(mixed: Answer) -> None:
    told = {one.currency: (one.payments, one.amount, one.largest_amount) for one in mixed.value_at_risk}
    assert told == {"EUR": (2, 300.5, 200.5), "USD": (1, 1.0, 1.0), None: (1, 7.0, 7.0)}


def test_reasons_are_those_of_published_alerts(mixed: Answer) -> None:
    told = [(one.code, one.alerts, one.share) for one in mixed.reasons]
    assert told == [("AMOUNT_ABOVE_ACCOUNT_NORM", 3, 1.0), ("NEW_DEVICE", 3, 1.0)]


def test_what_was_archived_twice_counts_once(tmp_path: Path) -> None:
    write(tmp_path, MIXED)
    write(tmp_path, MIXED[3:], first=100)
    found = answer(open_local_archive(tmp_path))
    assert (found.totals.payments, found.totals.alerts) == (7, 3)
    assert [one.payments for one in found.value_at_risk] == [2, 1, 1]


def test_replayed_history_counts_only_when_asked_for(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, payment(1), payment(2, backfill=True), payment(3, backfill=True))
    without, with_them = answer(archive), answer(archive, backfill=True)
    assert (without.totals.payments, without.totals.backfill_left_out) == (1, 2)
    assert (with_them.totals.payments, with_them.totals.backfill_left_out) == (3, 0)


def test_only_the_days_asked_for_count(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, payment(1, hour=-0.01), payment(2), payment(3, hour=24.0))
    assert answer(archive).totals.payments == 1
    found = answer(archive, Days(date(2026, 3, 13), date(2026, 3, 16)))
    assert [one.payments for one in found.days] == [1, 1, 1, 0]
    assert (found.range.since.isoformat(), found.range.until.isoformat()) == (
        "2026-03-13T00:00:00+00:00",
        "2026-03-17T00:00:00+00:00",
    )


def test_days_without_payments_are_an_answer_too(tmp_path: Path) -> None:
    found = answer(archive_of(tmp_path, payment(1)), Days(date(2026, 1, 1), date(2026, 1, 2)))
    assert found.totals.payments == 0
    assert found.alert_rate.share is None
    assert found.precision.share is None
    assert found.recall.sample.share is None
    assert [one.share for one in found.levels] == [None] * 4


def test_bundles_are_told_apart(tmp_path: Path) -> None:
    archive = archive_of(
        tmp_path,
        payment(1),
        payment(2),
        payment(3, bundle_version="new", score_kind="probability", provisional=True),
    )
    told = [(one.version, one.score_kind, one.provisional, one.payments) for one in answer(archive).bundles]
    assert told == [("2026-03-01", "rarity", False, 2), ("new", "probability", True, 1)]


def test_a_long_list_of_values_ends_in_a_row_that_sums_up_the_rest(tmp_path: Path) -> None:
    rows = [payment(number, channel=f"channel {number:03d}") for number in range(MOST_GROUPS + 5)]
    found = answer(archive_of(tmp_path, *rows)).channels
    assert len(found) == MOST_GROUPS + 1
    assert (found[-1].value, found[-1].others, found[-1].payments) == (None, 5, 5)
    assert sum(one.payments for one in found) == MOST_GROUPS + 5


@pytest.mark.parametrize(
    ("sql", "field"),
    [
        ("SELECT hour, alerts FROM alerts_per_hour", lambda a: {(h.hour, h.alerts) for h in a.hours if h.alerts}),
        (
            "SELECT score_from, payments FROM score_distribution",
            lambda a: {(s.score_from, s.payments) for s in a.scores},
        ),
        (
            "SELECT currency, sum(amount) FROM value_at_risk GROUP BY 1",
            lambda a: {(v.currency, v.amount) for v in a.value_at_risk},
        ),
        (
            "SELECT country, sum(payments) FROM by_country GROUP BY 1",
            lambda a: {(c.value, c.payments) for c in a.countries},
        ),
    ],
)
def test_history_says_what_riskstream_query_says(mixed: Answer, tmp_path: Path, sql: str, field: Any) -> None:
    _, rows = run_query(archive_of(tmp_path, *MIXED), sql)
    assert set(rows) == field(mixed)


def test_an_answer_is_json(mixed: Answer) -> None:
    plain = msgspec.json.decode(msgspec.json.encode(mixed))
    assert plain["range"] == {
        "start": "2026-03-14",
        "end": "2026-03-14",
        "days": 1,
        "from": "2026-03-14T00:00:00Z",
        "to": "2026-03-15T00:00:00Z",
    }
    assert plain["hours"][9]["hour"] == "2026-03-14T09:00:00Z"


def test_days_that_hold_too_much_are_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MEMORY", "1MB")
    archive = archive_of(tmp_path, *(payment(number) for number in range(5_000)))
    with pytest.raises(ArchiveError, match="ask for fewer days"):
        answer(archive)


def test_a_damaged_object_is_an_archive_error(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, payment(1))
    Path(archive.files[0]).write_bytes(b"PAR1 not really PAR1")
    with pytest.raises(ArchiveError, match="cannot be read"):
        answer(archive)


class TestOpened:
    @pytest.fixture
    def connection(self, tmp_path: Path) -> Any:
        with opened(archive_of(tmp_path, *MIXED), ONE_DAY, backfill=False) as connection:
            yield connection

    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT * FROM read_text('/etc/hostname')",
            "COPY (SELECT 1) TO 'out.csv'",
            "SET enable_external_access = true",
            "INSTALL httpfs",
            "ATTACH 'other.db'",
        ],
    )
    def test_nothing_outside_can_be_reached(self, connection: Any, sql: str) -> None:
        with pytest.raises(duckdb.Error):
            connection.execute(sql)

    def test_only_columns_that_are_counted_are_held(self, connection: Any) -> None:
        held = {name for name, *_ in connection.execute("DESCRIBE held").fetchall()}
        assert held.isdisjoint({"features", "reasons", "location", "merchant_id", "assessment_id"})


def test_only_objects_of_the_days_are_read(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, payment(1), payment(2, hour=30.0))
    # Whoever touched it would fail.
    Path(next(name for name in archive.files if "2026-03-15" in name)).write_bytes(b"no Parquet")
    assert answer(archive).totals.payments == 1


def test_an_account_counts_once(tmp_path: Path) -> None:
    rows: list[Assessment] = [payment(number, account_id="AC1") for number in range(3)]
    assert answer(archive_of(tmp_path, *rows)).totals.accounts == 1
