"""What happens when the pure stage raises: the batch is halved until the one record to blame stands alone."""

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from detectors.assess import Outcome, Stretch
from detectors.errors import MemoryFormatError
from stream.errors import StoreError

Assess = Callable[[Sequence[Stretch]], list[Outcome]]


@dataclass(frozen=True, slots=True)
class Part:
    """A run of consecutive records that went well, or a single one that cannot be assessed."""

    start: int
    """Index of its first record in the batch."""
    end: int
    """One past its last."""
    outcome: Outcome | None
    failure: str | None = None
    """The traceback, where `outcome` is None."""


def assess_isolating(stretches: Sequence[Stretch], assess: Assess) -> list[list[Part]]:
    """Assess stretches of different partitions together; if that fails, each alone, failing records kept apart.

    Raises:
        MemoryFormatError, StoreError: the memories are to blame, and no record is: rejecting them would lose good
            ones.
    """
    try:
        outcomes = assess(stretches)
    except (MemoryFormatError, StoreError):
        raise
    except Exception:
        return [_isolate(stretch, assess) for stretch in stretches]
    return [[Part(0, len(each.events), made)] for each, made in zip(stretches, outcomes, strict=True)]


def _isolate(stretch: Stretch, assess: Assess) -> list[Part]:
    """Assess a stretch in as few parts as it takes to keep a failing record apart.

    The result is the same as that of the stretch without the failing records: parts are assessed in order, each
    on the memories the ones before it left.
    """
    changed: dict[bytes, bytes] = {}

    def read_through(key: bytes) -> bytes | None:
        value = changed.get(key)
        return stretch.read(key) if value is None else value

    parts: list[Part] = []
    pending = [(0, len(stretch.events))]
    while pending:
        start, end = pending.pop()
        try:
            (outcome,) = assess([Stretch(stretch.events[start:end], read_through, stretch.partition)])
        except (MemoryFormatError, StoreError):
            raise
        except Exception:
            if end - start > 1:
                middle = (start + end) // 2
                pending += [(middle, end), (start, middle)]
            else:
                parts.append(Part(start, end, None, traceback.format_exc()))
            continue
        changed.update(outcome.memories)
        parts.append(Part(start, end, outcome))
    return parts
