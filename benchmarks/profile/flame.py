"""Draws sampled stacks as a flame graph: one SVG without scripts, coloured by room, names and shares on hover."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import escape

from benchmarks.profile.rooms import ROOMS, START_UP, Stack, room_of

WIDTH: Final = 1600
LINE: Final = 17
LEAST_WIDTH: Final = 0.4
"""Pixels below which a frame is left out."""
_LETTER: Final = 6.6
_HUES: Final = {room: 360 * index // len(ROOMS) for index, room in enumerate(ROOMS)}


@dataclass(slots=True)
class _Frame:
    name: str
    samples: int = 0
    rooms: dict[str, int] = field(default_factory=dict)
    children: dict[str, "_Frame"] = field(default_factory=dict)

    def add(self, samples: int, room: str) -> None:
        self.samples += samples
        self.rooms[room] = self.rooms.get(room, 0) + samples

    @property
    def room(self) -> str:
        return max(self.rooms, key=lambda room: self.rooms[room])


def draw(stacks: Iterable[Stack]) -> str:
    """Return the SVG of all stacks but those of start-up; a frame has the colour of the room it works for most."""
    root = _Frame("all threads")
    for stack in stacks:
        room = room_of(stack.frames)
        if room != START_UP:
            _grow(root, stack, room)
    boxes = list(_place(root, 0.0, 0, WIDTH / max(root.samples, 1)))
    height = LINE * (1 + max(depth for _, _, depth, _ in boxes))
    body = "\n".join(_box(frame, x, depth, width, root.samples) for frame, x, depth, width in boxes)
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="monospace" font-size="11">\n{body}\n</svg>\n'
    )


def _grow(root: _Frame, stack: Stack, room: str) -> None:
    frame = root
    frame.add(stack.samples, room)
    for name in stack.frames:
        frame = frame.children.setdefault(name, _Frame(name))
        frame.add(stack.samples, room)


def _place(frame: _Frame, x: float, depth: int, scale: float) -> Iterator[tuple[_Frame, float, int, float]]:
    yield frame, x, depth, frame.samples * scale
    for child in sorted(frame.children.values(), key=lambda each: each.name):
        if child.samples * scale >= LEAST_WIDTH:
            yield from _place(child, x, depth + 1, scale)
        x += child.samples * scale


def _box(frame: _Frame, x: float, depth: int, width: float, total: int) -> str:
    told = f"{frame.name}: {frame.samples / max(total, 1):.1%}, {frame.room}"
    letters = int(width / _LETTER)
    label = frame.name if len(frame.name) <= letters else frame.name[:letters]
    text = f'<text x="{x + 2:.1f}" y="{depth * LINE + 12}">{escape(label)}</text>' if letters > 2 else ""
    fill = f"hsl({_HUES[frame.room]},65%,75%)"
    rectangle = f'<rect x="{x:.1f}" y="{depth * LINE}" width="{width:.1f}" height="{LINE - 1}" fill="{fill}"/>'
    return f"<g><title>{escape(told)}</title>{rectangle}{text}</g>"
