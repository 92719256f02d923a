import asyncio
import threading
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dashboard.errors import RequestError
from dashboard.history.days import Asked, Days
from dashboard.history.desk import AT_ONCE, FRESH_SECONDS, MOST_WAITING, HistoryDesk
from detectors.bundle import Manifest
from detectors.labels import Label
from sinks.archive import open_local_archive
from sinks.errors import ArchiveUnavailableError
from tests.unit.dashboard.history.archives import START, archive_of, payment, write
from tests.unit.detectors.histories import rarity_bundle

NEWEST = Asked(None, backfill=False)


def day(number: int) -> Asked:
    return Asked(Days(date(2026, 3, number), date(2026, 3, number)), backfill=False)


class NoLabels:
    def newest(self) -> Sequence[Label]:
        return []


class Opening:
    """An archive that counts how often it is opened, and can be held shut or broken."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.opened = 0
        self.open_at_once = 0
        self.most_at_once = 0
        self.may_open = threading.Event()
        self.may_open.set()
        self.broken = False
        self._lock = threading.Lock()

    def __call__(self) -> Any:
        with self._lock:
            self.opened += 1
            self.open_at_once += 1
            self.most_at_once = max(self.most_at_once, self.open_at_once)
        self.may_open.wait(timeout=30.0)
        with self._lock:
            self.open_at_once -= 1
        if self.broken:
            raise ArchiveUnavailableError("S3 does not answer")
        return open_local_archive(self._folder)


@pytest.fixture
def opening(tmp_path: Path) -> Opening:
    archive_of(tmp_path, payment(1), payment(2))
    return Opening(tmp_path)


@pytest.fixture
def now() -> list[float]:
    return [100.0]


@pytest.fixture
def desk(opening: Opening, now: list[float]) -> HistoryDesk:
    return HistoryDesk(opening, NoLabels(), lambda: None, clock=lambda: now[0])


async def test_without_days_the_newest_are_told(desk: HistoryDesk) -> None:
    found = await desk.answer(NEWEST)
    assert found is not None
    assert (found.range.start, found.range.end, found.totals.payments) == (START.date(), START.date(), 2)


async def test_an_empty_archive_has_no_answer(tmp_path: Path) -> None:
    desk = HistoryDesk(lambda: open_local_archive(tmp_path), NoLabels(), lambda: None)
    assert await desk.answer(NEWEST) is None
    assert await desk.answer(day(14)) is None


async def test_equal_questions_share_an_answer_for_a_while(
    desk: HistoryDesk, opening: Opening, now: list[float], tmp_path: Path
) -> None:
    first, second = await asyncio.gather(desk.answer(day(14)), desk.answer(day(14)))
    assert first is second
    now[0] += FRESH_SECONDS - 0.1
    assert await desk.answer(day(14)) is first
    assert opening.opened == 1
    write(tmp_path, [payment(3)], first=50)
    now[0] += 0.1
    fresh = await desk.answer(day(14))
    assert fresh is not None
    assert fresh.totals.payments == 3


async def test_other_days_and_backfill_are_other_questions(desk: HistoryDesk, opening: Opening) -> None:
    await desk.answer(day(14))
    await desk.answer(day(15))
    await desk.answer(Asked(day(14).days, backfill=True))
    assert opening.opened == 3


async def test_a_failure_is_not_remembered(desk: HistoryDesk, opening: Opening) -> None:
    opening.broken = True
    with pytest.raises(ArchiveUnavailableError):
        await desk.answer(day(14))
    opening.broken = False
    assert await desk.answer(day(14)) is not None


async def test_few_questions_are_answered_at_once_and_too_many_refused(
    desk: HistoryDesk, opening: Opening
) -> None:
    opening.may_open.clear()
    allowed = AT_ONCE + MOST_WAITING
    asked = [asyncio.ensure_future(desk.answer(day(1 + number))) for number in range(allowed)]
    await asyncio.sleep(0)
    with pytest.raises(RequestError, match="again in a moment") as refused:
        await desk.answer(day(1 + allowed))
    assert refused.value.status == 503
    opening.may_open.set()
    answers = await asyncio.gather(*asked)
    assert all(found is not None for found in answers)
    assert opening.most_at_once <= AT_ONCE


async def test_whoever_leaves_does_not_take_the_answer_from_others(desk: HistoryDesk, opening: Opening) -> None:
    opening.may_open.clear()
    leaving, staying = (asyncio.ensure_future(desk.answer(day(14))) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    opening.may_open.set()
    assert await staying is not None
    assert leaving.cancelled()


async def test_the_budget_is_that_of_the_bundle_in_use(opening: Opening) -> None:
    manifest: Manifest = rarity_bundle().manifest
    found = await HistoryDesk(opening, NoLabels(), lambda: manifest).answer(NEWEST)
    assert found is not None
    assert (found.alert_rate.budget, found.alert_rate.budget_version) == (0.005, manifest.version)
