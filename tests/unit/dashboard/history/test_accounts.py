from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboard.history.accounts import ArchivedPayments
from dashboard.ports import AccountHistory
from sinks.archive import open_local_archive
from sinks.errors import ArchiveError
from tests.unit.dashboard.history.archives import START, payment, risky, write

DAY = 24.0


@pytest.fixture
def payments(tmp_path: Path) -> AccountHistory:
    rows = [payment(number, hour=-DAY * number, account_id="AC1") for number in range(0, 200, 10)]
    write(tmp_path, [*rows, payment(900, account_id="AC2"), risky(901, hour=1.0, account_id="AC1")])
    return ArchivedPayments(lambda: open_local_archive(tmp_path))


async def test_payments_of_the_account_up_to_then_are_told_newest_first(payments: AccountHistory) -> None:
    found = await payments.payments("AC1", START, limit=3)
    assert [(START - one.time).days for one in found] == [0, 10, 20]
    assert {one.account_id for one in found} == {"AC1"}


async def test_the_payment_itself_is_among_them(payments: AccountHistory) -> None:
    found = await payments.payments("AC1", START + timedelta(hours=1), limit=1)
    assert [(one.id, one.score, one.level) for one in found] == [("a0000901", 97.0, "high")]


async def test_nothing_older_than_ninety_days_is_looked_for(payments: AccountHistory) -> None:
    found = await payments.payments("AC1", START, limit=200)
    assert max((START - one.time).days for one in found) == 80


async def test_what_was_archived_twice_is_told_once(tmp_path: Path) -> None:
    for first in (0, 50):
        write(tmp_path, [payment(1, account_id="AC1")], first=first)
    found = await ArchivedPayments(lambda: open_local_archive(tmp_path)).payments("AC1", START + timedelta(1), 10)
    assert len(found) == 1


async def test_an_unknown_account_has_no_payments(payments: AccountHistory) -> None:
    assert list(await payments.payments("nobody", START, limit=10)) == []


async def test_an_empty_archive_has_none_either(tmp_path: Path) -> None:
    assert list(await ArchivedPayments(lambda: open_local_archive(tmp_path)).payments("AC1", START, 10)) == []


async def test_a_damaged_object_is_an_archive_error(tmp_path: Path) -> None:
    write(tmp_path, [payment(1, account_id="AC1")])
    archive: Any = open_local_archive(tmp_path)
    Path(archive.files[0]).write_bytes(b"PAR1 not really PAR1")
    with pytest.raises(ArchiveError, match="cannot read the archive"):
        await ArchivedPayments(lambda: archive).payments("AC1", START + timedelta(1), 10)
