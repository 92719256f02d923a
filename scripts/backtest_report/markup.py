"""The one way to HTML and SVG: whatever is not markup already is escaped, so data can never become any."""

from collections.abc import Iterable
from html import escape
from typing import Final

from detectors.masking import printable

_VOID: Final = frozenset({"meta"})


class Markup(str):
    """Text that is HTML or SVG already. Only `element` and `joined` make it from data."""

    __slots__ = ()


Child = Markup | str | int | None


def element(name: str, /, *children: Child, **attributes: str | float | None) -> Markup:
    """Return an element; underscores in attributes' names are hyphens but for one at the end, None leaves one out.

    >>> element("td", "<b>", class_="name")
    '<td class="name">&lt;b&gt;</td>'
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_attribute(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{joined(children)}</{name}>")


def joined(children: Iterable[Child]) -> Markup:
    """Return children one after the other, those that are no markup escaped and without control characters."""
    return Markup("".join(child if isinstance(child, Markup) else _text(child) for child in children))


def _text(child: str | int | None) -> str:
    return "" if child is None else escape(printable(str(child)))


def _attribute(value: str | float) -> str:
    """Coordinates to a tenth of a pixel, so that the last bits of a number are not in the bytes."""
    return f"{round(value, 1):g}" if isinstance(value, float) else printable(str(value))
