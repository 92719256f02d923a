"""Charts as inline SVG: lines with 95 % whiskers, and bars. They need no script and nothing from elsewhere.

Every chart has a title and a description for screen readers; colours come from the page, shapes tell series apart
too, and every point says its value when pointed at.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from detectors.evaluation.ranking import Interval
from scripts.backtest_report.markup import Markup, element, joined

WIDTH: Final = 760.0
HEIGHT: Final = 270.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 16.0, 34.0, 44.0
BAR: Final = 34.0
"""Height of a bar with its gap."""
BAR_LEFT: Final = 150.0


@dataclass(frozen=True)
class Axis:
    """One direction of a chart."""

    label: str
    """What is measured, with its unit."""
    low: float
    high: float
    ticks: Sequence[float]
    write: Callable[[float], str]
    log: bool = False

    def share(self, value: float) -> float:
        """Return where a value lies, 0 to 1; values beyond an end lie at it."""
        low, high = self.low, self.high
        if self.log:
            low, high, value = math.log(low), math.log(high), math.log(max(value, self.low))
        return min(max((value - low) / (high - low), 0.0), 1.0)


@dataclass(frozen=True)
class Point:
    """One value, with what is said when it is pointed at."""

    x: float
    y: float
    text: str
    interval: Interval | None = None
    hollow: bool = False
    """Drawn as an outline: a value of another standing, such as one of training data."""


@dataclass(frozen=True)
class Series:
    """Points of one kind, from left to right; hollow ones come first and are not joined with the others."""

    name: str
    points: Sequence[Point]
    style: int
    """Colour and shape, 0 to 3."""
    joined: bool = True


@dataclass(frozen=True)
class Guide:
    """A dashed line that values are compared with."""

    name: str
    start: tuple[float, float]
    end: tuple[float, float]
    style: int | None = None
    """The series it belongs to; None for one in grey."""


@dataclass(frozen=True)
class Bar:
    """One named value."""

    name: str
    value: float
    text: str
    interval: Interval | None = None
    style: int = 0


def linear_axis(label: str, highest: float, write: Callable[[float], str]) -> Axis:
    """Return an axis from 0 to a round number that holds the highest value."""
    step = _round_up(max(highest, 1e-9) / 4)
    ticks = [step * number for number in range(math.ceil(max(highest, 1e-9) / step - 1e-9) + 1)]
    return Axis(label, 0.0, ticks[-1], ticks, write)


def log_axis(
    label: str, lowest: float, highest: float, write: Callable[[float], str], factors: Sequence[int] = (1, 2, 5)
) -> Axis:
    """Return a logarithmic axis with ticks at these factors of every decade."""
    decades = range(math.floor(math.log10(lowest)), math.ceil(math.log10(highest)) + 1)
    ticks = [factor * 10.0**decade for decade in decades for factor in factors]
    inside = [tick for tick in ticks if lowest * 0.999 <= tick <= highest * 1.001]
    return Axis(label, lowest, highest, inside, write, log=True)


def line_chart(
    title: str, description: str, x: Axis, y: Axis, series: Sequence[Series], guides: Sequence[Guide] = ()
) -> Markup:
    """Draw lines, one per series, over two axes."""

    def place(point: tuple[float, float]) -> tuple[float, float]:
        across, up = x.share(point[0]), y.share(point[1])
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    drawn = [_grid(x, y, place), *(_guide(guide, place) for guide in guides)]
    drawn += [_series(one, place) for one in series]
    if len(series) > 1 or guides:
        drawn.append(_legend(series, guides))
    return _svg(title, description, HEIGHT, drawn)


def bar_chart(title: str, description: str, x: Axis, bars: Sequence[Bar]) -> Markup:
    """Draw horizontal bars, one below the other."""
    height = BAR * len(bars) + BOTTOM + 8.0

    def across(value: float) -> float:
        return BAR_LEFT + x.share(value) * (WIDTH - BAR_LEFT - 80.0)

    drawn = []
    for tick in x.ticks:
        drawn.append(_line(across(tick), 8.0, across(tick), height - BOTTOM, "grid"))
        drawn.append(_label(x.write(tick), across(tick), height - BOTTOM + 16.0, "middle"))
    drawn.append(_label(x.label, (BAR_LEFT + WIDTH - 80.0) / 2, height - 6.0, "middle", "axis"))
    for number, bar in enumerate(bars):
        drawn.append(_bar(bar, 8.0 + BAR * number, across))
    return _svg(title, description, height, drawn)


def _svg(title: str, description: str, height: float, drawn: Sequence[Markup]) -> Markup:
    return element(
        "svg",
        element("title", title),
        element("desc", description),
        *drawn,
        role="img",
        aria_label=f"{title}. {description}",
        viewBox=f"0 0 {WIDTH:g} {height:g}",
    )


def _grid(x: Axis, y: Axis, place: Callable[[tuple[float, float]], tuple[float, float]]) -> Markup:
    drawn = []
    for tick in y.ticks:
        height = place((x.low, tick))[1]
        drawn.append(_line(LEFT, height, WIDTH - RIGHT, height, "grid"))
        drawn.append(_label(y.write(tick), LEFT - 8.0, height + 4.0, "end"))
    for tick in x.ticks:
        across = place((tick, y.low))[0]
        drawn.append(_line(across, HEIGHT - BOTTOM, across, HEIGHT - BOTTOM + 4.0, "tick"))
        drawn.append(_label(x.write(tick), across, HEIGHT - BOTTOM + 18.0, "middle"))
    drawn.append(_line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, "tick"))
    drawn.append(_label(x.label, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6.0, "middle", "axis"))
    drawn.append(_label(y.label, 0.0, 12.0, "start", "axis"))
    return joined(drawn)


def _series(series: Series, place: Callable[[tuple[float, float]], tuple[float, float]]) -> Markup:
    drawn = []
    places = [place((point.x, point.y)) for point in series.points]
    if series.joined:
        for hollow in (True, False):
            run = [at for at, point in zip(places, series.points, strict=True) if point.hollow is hollow]
            path = " ".join(f"{across:.1f},{up:.1f}" for across, up in run)
            drawn.append(element("polyline", points=path, class_=f"line s{series.style}"))
    for point, (across, up) in zip(series.points, places, strict=True):
        if point.interval is not None:
            low, high = (place((point.x, end))[1] for end in (point.interval.low, point.interval.high))
            drawn.append(_line(across, low, across, high, f"whisker s{series.style}"))
        drawn.append(_marker(series.style, across, up, point.text, point.hollow))
    return element("g", *drawn)


def _guide(guide: Guide, place: Callable[[tuple[float, float]], tuple[float, float]]) -> Markup:
    start, end = place(guide.start), place(guide.end)
    return _line(*start, *end, "guide" if guide.style is None else f"guide s{guide.style}")


def _legend(series: Sequence[Series], guides: Sequence[Guide]) -> Markup:
    """Draw the names at the top right, from the right."""
    drawn: list[Markup] = []
    right = WIDTH - RIGHT
    for guide in reversed(guides):
        if guide.name:
            drawn.append(_label(guide.name, right, 12.0, "end"))
            right -= _width(guide.name) + 6.0
            drawn.append(_line(right - 18.0, 8.0, right, 8.0, "guide"))
            right -= 34.0
    for one in reversed(series):
        drawn.append(_label(one.name, right, 12.0, "end"))
        right -= _width(one.name) + 10.0
        drawn.append(_marker(one.style, right, 8.0, one.name, False))
        right -= 20.0
    return element("g", *drawn, class_="legend")


def _bar(bar: Bar, top: float, across: Callable[[float], float]) -> Markup:
    middle = top + BAR / 2
    start, end = across(0.0), across(bar.value)
    drawn = [
        _label(bar.name, BAR_LEFT - 10.0, middle + 4.0, "end"),
        element(
            "rect",
            element("title", f"{bar.name}: {bar.text}"),
            x=start,
            y=top + 6.0,
            width=max(end - start, 0.5),
            height=BAR - 12.0,
            rx=2.0,
            class_=f"bar s{bar.style}",
        ),
    ]
    furthest = end
    if bar.interval is not None:
        low, high = across(bar.interval.low), across(bar.interval.high)
        furthest = max(end, high)
        drawn.append(_line(low, middle, high, middle, "whisker over"))
    drawn.append(_label(bar.text, furthest + 6.0, middle + 4.0, "start"))
    return element("g", *drawn)


def _marker(style: int, x: float, y: float, text: str, hollow: bool) -> Markup:
    shade = f"mark s{style} hollow" if hollow else f"mark s{style}"
    title = element("title", text)
    match style:
        case 0:
            return element("circle", title, cx=x, cy=y, r=4.0, class_=shade)
        case 1:
            return element("rect", title, x=x - 4.0, y=y - 4.0, width=8.0, height=8.0, class_=shade)
        case 2:
            corners = [(x, y - 5.5), (x + 5.5, y), (x, y + 5.5), (x - 5.5, y)]
        case _:
            corners = [(x, y - 5.0), (x + 5.0, y + 4.0), (x - 5.0, y + 4.0)]
    path = " ".join(f"{across:.1f},{up:.1f}" for across, up in corners)
    return element("polygon", title, points=path, class_=shade)


def _line(x1: float, y1: float, x2: float, y2: float, shade: str) -> Markup:
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=shade)


def _label(text: str, x: float, y: float, anchor: str, shade: str | None = None) -> Markup:
    return element("text", text, x=x, y=y, text_anchor=anchor, class_=shade)


def _width(text: str) -> float:
    """Guess how wide a text of the legend is, in pixels."""
    return 4.0 + 7.0 * len(text)


def _round_up(value: float) -> float:
    """Return the next of 1, 2, 2.5 and 5 times a power of ten.

    >>> _round_up(0.13), _round_up(0.3)
    (0.2, 0.5)
    """
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= value * (1 - 1e-9))
