"""The blocks that a page is built of: tables, charts beside their captions, tiles and notes."""

from collections.abc import Sequence
from typing import Final

from scripts.backtest_report.markup import Markup, element, joined
from scripts.backtest_report.style import STYLE

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""What the browser may load: nothing but the style sheet inside."""


def whole_page(title: str, *content: Markup | None) -> bytes:
    """Return a page that needs nothing from elsewhere, as UTF-8."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("style", Markup(STYLE)),
    )
    body = element("body", element("main", element("h1", title), *content))
    return ("<!DOCTYPE html>\n" + element("html", head, body, lang="en") + "\n").encode()


def section(title: str, *children: Markup | None) -> Markup:
    """Return a part of the page under a heading of its own."""
    return element("section", element("h2", title), *children)


def paragraph(text: str) -> Markup:
    """Return a paragraph of quiet text."""
    return element("p", text, class_="soft")


def note(text: str) -> Markup:
    """Return what must not be overlooked."""
    return element("p", text, class_="note", role="note")


def figure(chart: Markup, caption: str) -> Markup:
    """Return a chart above its caption."""
    return element("figure", chart, element("figcaption", caption))


def table(
    caption: str,
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    left: int = 1,
    marked: Sequence[bool] = (),
) -> Markup:
    """Return a table whose first column names its rows; the first `left` columns are text, the others numbers.

    `marked` says of each row whether it stands apart, as rows of training data do.
    """
    flags = marked or [False] * len(rows)
    head = [
        element("th", text, scope="col", class_="left" if at < left else None) for at, text in enumerate(headers)
    ]
    body = [
        element(
            "tr",
            element("th", row[0], scope="row"),
            *(element("td", cell, class_="left" if at < left else None) for at, cell in enumerate(row[1:], 1)),
            class_="trained" if apart else None,
        )
        for row, apart in zip(rows, flags, strict=True)
    ]
    inside = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *head)),
        element("tbody", *body),
    )
    return element("div", inside, class_="scroll", role="region", aria_label=caption, tabindex=0)


def tiles(entries: Sequence[tuple[str, str, str]]) -> Markup:
    """Return large numbers: name, value, and what it rests on."""
    return element(
        "ul",
        *(
            element(
                "li",
                element("div", name, class_="tile-name"),
                element("div", value, class_="tile-value"),
                element("div", more, class_="tile-more"),
            )
            for name, value, more in entries
        ),
        class_="tiles",
    )


def facts(entries: Sequence[tuple[str, str]]) -> Markup:
    """Return names beside what they stand for."""
    listed = (joined((element("dt", name), element("dd", value))) for name, value in entries)
    return element("dl", *listed, class_="facts")
