"""An explanation as a picture: SVG and one HTML file, from markup that escapes all data, and PNG by matplotlib."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any, Final

from detectors.explanation.explanation import Explanation, Weight
from detectors.masking import printable
from scripts.backtest_report.blocks import facts, figure, note, paragraph, section, table, whole_page
from scripts.backtest_report.markup import Markup, element
from scripts.backtest_report.style import STYLE
from scripts.explanations.words import Part, approximations, notes, parts, title, verdict

WIDTH: Final = 760.0
BAR: Final = 34.0
HEAD: Final = 28.0
TEXT: Final = 400.0
"""Where the bars begin: texts stand left of it."""
_HALF: Final = (WIDTH - TEXT - 20.0) / 2
_RAISES, _LOWERS = "bar s1", "bar s2"
_PNG_COLOURS: Final = {True: "#b8501a", False: "#1b7f63"}


def html(explanation: Explanation, top: int) -> bytes:
    """Return one HTML file that needs nothing from elsewhere."""
    content = [paragraph(verdict(explanation)), *(note(each) for each in notes(explanation))]
    for part in parts(explanation, top):
        rows = [[each.text, each.feature, f"{each.weight:+.3f}"] for each in part.weights]
        content.append(
            section(
                part.title,
                figure(_chart([part], named=False), f"{part.caption}. Bars to the right raise the risk."),
                table(part.title, ["what", "feature", "weight"], rows, left=2),
            )
        )
    if explanation.approximate:
        told = [paragraph(each) for each in approximations(explanation, top)]
        content.append(section("Forest and k-means, split approximately", *told))
    named = [("alert", explanation.alert_id or "none"), ("assessment", explanation.assessment_id)]
    content.append(section("Where it comes from", facts([*named, ("seed", str(explanation.seed))])))
    return whole_page(title(explanation), *content)


def svg(explanation: Explanation, top: int) -> bytes:
    """Return an SVG file with all parts, one below the other."""
    drawn = _chart(parts(explanation, top), named=True, heading=[title(explanation), verdict(explanation)])
    return (drawn + "\n").encode()


def png(explanation: Explanation, top: int) -> bytes:
    """Return the same as a PNG picture."""
    # Only who asks for it waits for matplotlib.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    found = parts(explanation, top)
    heights = [max(len(part.weights), 1) for part in found]
    made = Figure(figsize=(10, 1.2 + 0.9 * len(found) + 0.38 * sum(heights)), layout="constrained", dpi=120)
    FigureCanvasAgg(made)
    made.suptitle(
        f"{_drawable(title(explanation))}\n{_drawable(verdict(explanation))}", fontsize=10, parse_math=False
    )
    for axes, part in zip(
        made.subplots(len(found), 1, squeeze=False, height_ratios=heights)[:, 0], found, strict=True
    ):
        _draw(axes, part)
    buffer = BytesIO()
    made.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _draw(axes: Any, part: Part) -> None:
    weights = [each.weight for each in part.weights]
    places = range(len(weights))
    axes.barh(places, weights, color=[_PNG_COLOURS[weight > 0] for weight in weights])
    axes.set_yticks(places, [_drawable(each.text) for each in part.weights], fontsize=8, parse_math=False)
    axes.invert_yaxis()
    axes.axvline(0.0, color="#5b6575", linewidth=0.8)
    axes.set_title(_drawable(part.title), loc="left", fontsize=9, parse_math=False)
    axes.set_xlabel(_drawable(part.caption), fontsize=7, parse_math=False)
    axes.tick_params(axis="x", labelsize=7)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _drawable(text: str) -> str:
    """Spell out what the font has no shape for."""
    return "".join(each if ord(each) < 0x180 or each == "…" else ascii(each)[1:-1] for each in printable(text))


def _chart(found: Sequence[Part], *, named: bool, heading: Sequence[str] = ()) -> Markup:
    drawn = [
        element("text", line, x=0.0, y=18.0 + 18.0 * number, class_="axis") for number, line in enumerate(heading)
    ]
    top = 18.0 * len(heading) + (10.0 if heading else 0.0)
    for part in found:
        if named:
            drawn.append(element("text", part.title, x=0.0, y=top + 18.0, class_="axis"))
            top += HEAD
        drawn += _bars(part.weights, top)
        top += BAR * len(part.weights)
        if named:
            drawn.append(element("text", part.caption, x=0.0, y=top + 12.0))
            top += HEAD
    style = [element("style", Markup(STYLE))] if named else []
    return element(
        "svg",
        element("title", ", ".join(part.title for part in found)),
        *style,
        *drawn,
        role="img",
        viewBox=f"0 0 {WIDTH:g} {top:g}",
        xmlns="http://www.w3.org/2000/svg",
    )


def _bars(weights: Sequence[Weight], top: float) -> list[Markup]:
    longest = max((abs(each.weight) for each in weights), default=0.0) or 1.0
    zero = TEXT + _HALF
    bars = [
        element("line", x1=zero, y1=top, x2=zero, y2=top + BAR * len(weights), class_="tick"),
    ]
    for number, each in enumerate(weights):
        middle = top + BAR * number + BAR / 2
        length = abs(each.weight) / longest * (_HALF - 60.0)
        raises = each.weight > 0
        bars += [
            element("text", each.text, x=TEXT - 10.0, y=middle + 4.0, text_anchor="end"),
            element(
                "rect",
                element("title", f"{each.text}: {each.weight:+.3f}"),
                x=zero if raises else zero - length,
                y=middle - 11.0,
                width=max(length, 0.5),
                height=22.0,
                rx=2.0,
                class_=_RAISES if raises else _LOWERS,
            ),
            element(
                "text",
                f"{each.weight:+.2f}",
                x=zero + length + 6.0 if raises else zero - length - 6.0,
                y=middle + 4.0,
                text_anchor="start" if raises else "end",
            ),
        ]
    return bars
