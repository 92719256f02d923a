"""Which fault comes when, and to which worker: a pure function of the seed, so that any run can be repeated."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import cycle, islice

WORKERS = 3
FIRST, LAST = 0.03, 0.92
"""Shares of the traffic between which faults come: before, everybody has begun; after, the last is made up for."""
_LONGEST_DELAY_MS = 400
_JITTER = 0.6


class Point(StrEnum):
    """A place in the order of effects: 2 sends outputs, 3 writes memories, 4 commits the offset."""

    BEFORE_2 = "before-2"
    INSIDE_2 = "inside-2"
    BETWEEN_2_AND_3 = "between-2-and-3"
    INSIDE_3 = "inside-3"
    BETWEEN_3_AND_4 = "between-3-and-4"


class Kind(StrEnum):
    """What happens."""

    KILL = "kill"
    """SIGKILL from outside, wherever the worker is."""
    DIE = "die"
    """SIGKILL at a point of the next batch."""
    PAUSE = "pause"
    """SIGSTOP from outside until others have taken over, then SIGCONT."""
    FREEZE = "freeze"
    """The same, at a point of the next batch."""
    ROLL = "rolling-restart"
    RESTART_BROKER = "broker-restart"
    CUT_S3 = "s3-down"
    RESTORE_S3 = "s3-up"
    LABELS_DOWN = "labels-down"
    """The labels topic is away while a worker is killed and replaced."""
    MALFORMED = "malformed"
    """Records that are no payments, in every partition."""


class Variant(StrEnum):
    """What goes wrong beside the workers."""

    PLAIN = "plain"
    OUTAGE = "outage"
    """S3 and the labels topic are away for a while."""
    POISON = "poison"
    """Every partition holds payments that make the pure stage raise, and records that are no payments."""


KILLS = frozenset({Kind.KILL, Kind.DIE, Kind.LABELS_DOWN})
"""The kinds that end a worker with SIGKILL."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong."""

    kind: Kind
    slot: int = 0
    """Which worker, from 0; its replacement has the same number."""
    point: Point | None = None
    delay_ms: int = 0
    """How long after the moment it is due, so that a kill from outside comes at any place."""
    at: float = 0.0
    """The share of the traffic that was sent by then."""

    def __str__(self) -> str:
        where = f" at {self.point}" if self.point else ""
        return f"{self.kind}{where} (worker {self.slot}, {100 * self.at:.1f} %, +{self.delay_ms} ms)"


@dataclass(frozen=True, slots=True)
class Scale:
    """How much goes wrong."""

    kills: int = 20
    rolling_restarts: int = 2
    broker_restarts: int = 1
    pauses: int = 2
    """The second, fourth ... between 2 and 3, where the woken worker goes on to write its memories."""


def draw_plan(seed: int, scale: Scale, variant: Variant = Variant.PLAIN) -> tuple[Fault, ...]:
    """Draw the faults of a seed, in their order."""
    rng = random.Random(f"{seed} {variant}")
    faults = [*_kills(rng, scale.kills), *_others(scale)]
    rng.shuffle(faults)
    if variant is Variant.OUTAGE:
        faults = _with_outages(faults)
    if variant is Variant.POISON:
        faults = [fault for each in _thirds(faults) for fault in (Fault(Kind.MALFORMED), *each)]
    step = (LAST - FIRST) / max(1, len(faults))
    return tuple(
        replace(
            fault,
            slot=rng.randrange(WORKERS),
            delay_ms=rng.randrange(_LONGEST_DELAY_MS),
            at=FIRST + step * (index + _JITTER * rng.random()),
        )
        for index, fault in enumerate(faults)
    )


def _kills(rng: random.Random, count: int) -> Iterator[Fault]:
    """Half of them, rounded up, at named points, each as often as the others."""
    points = rng.sample(list(Point), len(Point))
    named = (count + 1) // 2
    yield from (Fault(Kind.DIE, point=point) for point in islice(cycle(points), named))
    yield from (Fault(Kind.KILL) for _ in range(count - named))


def _others(scale: Scale) -> Iterator[Fault]:
    yield from (Fault(Kind.ROLL) for _ in range(scale.rolling_restarts))
    yield from (Fault(Kind.RESTART_BROKER) for _ in range(scale.broker_restarts))
    for index in range(scale.pauses):
        yield Fault(Kind.FREEZE, point=Point.BETWEEN_2_AND_3) if index % 2 else Fault(Kind.PAUSE)


def _with_outages(faults: Sequence[Fault]) -> list[Fault]:
    """S3 is away for the second third; the labels topic once in it and once behind it."""
    first, second, third = _thirds(faults)
    labels = Fault(Kind.LABELS_DOWN)
    return [*first, Fault(Kind.CUT_S3), *second, labels, Fault(Kind.RESTORE_S3), *third, labels]


def _thirds(faults: Sequence[Fault]) -> tuple[Sequence[Fault], Sequence[Fault], Sequence[Fault]]:
    one, two = len(faults) // 3, 2 * len(faults) // 3
    return faults[:one], faults[one:two], faults[two:]
