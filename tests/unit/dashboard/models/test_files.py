import os
from pathlib import Path

from dashboard.models.files import Found, Watched
from detectors.errors import RiskstreamError


class Reading:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.times = 0

    def __call__(self) -> str:
        self.times += 1
        text = self.path.read_text() if self.path.exists() else ""
        if not text:
            raise RiskstreamError("nothing there: write something")
        return text


def test_a_file_is_read_again_only_when_it_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("first")
    reading = Reading(path)
    watched = Watched(path, reading)
    assert [watched.found(), watched.found()] == [Found("first", None)] * 2
    assert reading.times == 1
    path.write_text("second")
    os.utime(path, ns=(0, 0))
    assert watched.found() == Found("second", None)


def test_what_is_wrong_is_told_until_it_is_mended(tmp_path: Path) -> None:
    path = tmp_path / "file"
    watched = Watched(path, Reading(path))
    assert watched.found() == Found(None, "nothing there: write something")
    path.write_text("mended")
    assert watched.found() == Found("mended", None)
