"""What happens when the pure stage raises: the batch is halved until the one record to blame stands alone."""

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from detectors.assess import Outcome, Stretch
from detectors.errors import MemoryFormatError
from stream.errors import StoreError

Assess = Callable[[Sequence[Stretch]], list[Outcome]]

_NOBODYS_FAULT: Final = (MemoryFormatError, StoreError)
"""Memories, or what they lie in, are to blame and no record is."""


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


def assess_isolating(
    stretches: Sequence[Stretch],
    assess: Assess,
    let_through: tuple[type[Exception], ...] = _NOBODYS_FAULT,
) -> list[list[Part]]:
    """Assess stretches of different partitions together; if that fails, each alone, failing records kept apart.

    Errors of the kinds `let_through` are raised: no record is to blame, and rejecting them would lose good ones.
    """
    try:
        outcomes = assess(stretches)
    except let_through:
        raise
    except Exception:
        return [_isolate(stretch, assess, let_through) for stretch in stretches]
    return [[Part(0, len(each.events), made)] for each, made in zip(stretches, outcomes, strict=True)]


def _isolate(stretch: Stretch, assess: Assess, let_through: tuple[type[Exception], ...]) -> list[Part]:
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
        except let_through:
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
