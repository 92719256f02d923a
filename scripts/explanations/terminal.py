"""An explanation on the terminal, with bars; nothing in it can drive the terminal."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.text import Text

from detectors.explanation.explanation import Explanation, Weight
from detectors.masking import printable
from scripts.explanations.words import approximations, notes, parts, title, verdict

BAR: Final = 24
"""Characters of the longest bar."""
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"


def describe(explanation: Explanation, top: int) -> Text:
    """Return an explanation as lines for a person."""
    lines = [Text(printable(title(explanation)), "bold"), Text(printable(verdict(explanation)))]
    lines += [Text(printable(note), "yellow") for note in notes(explanation)]
    for part in parts(explanation, top):
        lines += [Text(), Text(part.title, "bold"), *_bars(part.weights), Text(f"  {part.caption}", "dim")]
    lines += [Text(), *(Text(printable(told)) for told in approximations(explanation, top))]
    return Text("\n").join(lines)


def _bars(weights: Sequence[Weight]) -> Iterator[Text]:
    longest = max((abs(each.weight) for each in weights), default=0.0) or 1.0
    for each in weights:
        style = "red" if each.weight > 0 else "green"
        yield Text.assemble(
            f"  {each.weight:+8.2f} ",
            (f"{_bar(abs(each.weight) / longest):{BAR}}", style),
            f"  {printable(each.text)}",
        )


def _bar(share: float) -> str:
    """Draw a bar to an eighth of a character.

    >>> _bar(1.0) == "█" * BAR, _bar(0.5 / BAR)
    (True, '▌')
    """
    eighths = round(share * BAR * 8)
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()
