import pytest

from dashboard.history.opening import KeptOpen
from sinks.errors import ArchiveUnavailableError


class Archive:
    def __init__(self) -> None:
        self.opened = 0
        self.away = False

    def __call__(self) -> int:
        if self.away:
            raise ArchiveUnavailableError("S3 does not answer")
        self.opened += 1
        return self.opened


def test_an_archive_stays_open_for_a_while() -> None:
    now = [0.0]
    kept = KeptOpen(Archive(), 5.0, clock=lambda: now[0])
    assert [kept(), kept()] == [1, 1]
    now[0] = 4.9
    assert kept() == 1
    now[0] = 5.0
    assert kept() == 2


def test_a_failure_is_told_and_not_kept() -> None:
    archive, now = Archive(), [0.0]
    kept = KeptOpen(archive, 5.0, clock=lambda: now[0])
    kept()
    now[0], archive.away = 5.0, True
    for _ in range(2):
        with pytest.raises(ArchiveUnavailableError):
            kept()
    archive.away = False
    assert kept() == 2
