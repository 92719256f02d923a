"""Which room of the code a sampled stack belongs to. It reads py-spy's raw output and knows nothing else of it."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

START_UP = "start-up"
"""Imports and wiring; no part of the work, so shares leave it out."""
OTHER = "other"

_START_UP = re.compile(r"<frozen importlib|_start \(stream/worker")
_ROOMS = (
    ("metrics", r"prometheus_client/|stream/(health|metrics)\.py|_count \(stream/stages/"),
    ("archive", r"stages/archive\.py|sinks/(archive|columns|schema|s3)\.py"),
    ("merchants' fold", r"stages/(profiles|activity)\.py|detectors/merchants/(ledger|activity)\.py"),
    ("replica", r"stream/replica\.py"),
    (
        "decode and enrich",
        r"stages/(enrich|labels|echo)\.py|stream/enrichment/|detectors/(decoding|diagnosis)\.py",
    ),
    ("core: observe and judge", r"\(detectors/"),
    (
        "assess stage's shell",
        r"stages/(assess|isolation)\.py|stream/head(ers)?\.py|sinks/(alerts|dead_letters)\.py",
    ),
    ("produce", r"batching/(producer|table|transactions)\.py|aiokafka/producer/"),
    ("consume", r"aiokafka/(consumer|coordinator)/|batching/(consumer|offsets|batch)\.py"),
    ("Faust", r"\((faust|mode)/|stages/lanes\.py"),
)
"""Rooms and the frames that belong to them."""
_FALLBACK = (
    ("sockets", r"\(aiokafka/|asyncio/(selector_events|streams)\.py"),
    ("event loop", r"\(asyncio/|\(selectors\.py"),
)
"""What all rooms share: it counts where no frame belongs to one."""

Rules = Sequence[tuple[str, re.Pattern[str]]]


def _compiled(rules: Iterable[tuple[str, str]]) -> Rules:
    return tuple((room, re.compile(pattern)) for room, pattern in rules)


_LEVELS = (_compiled(_ROOMS), _compiled(_FALLBACK))
ROOMS = (*(room for room, _ in (*_ROOMS, *_FALLBACK)), OTHER)
"""All rooms of the work."""


class Stack(NamedTuple):
    """Frames from the outermost to the innermost, and how often they were seen."""

    frames: Sequence[str]
    samples: int


def parse(raw: Iterable[str]) -> list[Stack]:
    """Read lines such as `main (app.py:3);step (lib/x.py:10) 42`. Line numbers are dropped.

    >>> parse(["main (app.py:3);step (lib/x.py:10) 42"])
    [Stack(frames=['main (app.py)', 'step (lib/x.py)'], samples=42)]
    """
    stacks = []
    for line in raw:
        frames, _, samples = line.rstrip().rpartition(" ")
        stacks.append(Stack(re.sub(r":\d+\)(?=;|$)", ")", frames).split(";"), int(samples)))
    return stacks


def room_of(frames: Sequence[str]) -> str:
    """Return the room of a stack: the innermost frame that belongs to one decides."""
    if any(map(_START_UP.search, frames)):
        return START_UP
    for rules in _LEVELS:
        for frame in reversed(frames):
            for room, pattern in rules:
                if pattern.search(frame):
                    return room
    return OTHER


def shares(stacks: Iterable[Stack]) -> Mapping[str, float]:
    """Return each room's share of the samples after start-up, the largest first; they add up to 1."""
    counted: Counter[str] = Counter()
    for stack in stacks:
        counted[room_of(stack.frames)] += stack.samples
    del counted[START_UP]
    total = counted.total()
    return {room: samples / total for room, samples in counted.most_common()}
