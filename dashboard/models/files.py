"""A file's content as a value, read anew only when the file has changed; what is wrong with it is a value too."""

from collections.abc import Callable
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from detectors.errors import RiskstreamError

Value = TypeVar("Value")


class Found(NamedTuple, Generic[Value]):
    """A value, or why there is none."""

    value: Value | None
    problem: str | None


class Watched(Generic[Value]):
    """Reads a file when it is asked for and has changed. It blocks."""

    def __init__(self, path: Path, read: Callable[[], Value]) -> None:
        """`read` reads what `path` is a part of, or raises a `RiskstreamError`."""
        self._path = path
        self._read = read
        self._seen: tuple[int, int] | None = None
        self._found: Found[Value] | None = None

    def found(self) -> Found[Value]:
        """Return what the file says now."""
        seen = self._look()
        if self._found is None or seen != self._seen:
            self._seen = seen
            self._found = self._try()
        return self._found

    def _look(self) -> tuple[int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size

    def _try(self) -> Found[Value]:
        try:
            return Found(self._read(), None)
        except RiskstreamError as error:
            return Found(None, str(error))
