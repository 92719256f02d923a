"""Hides identifiers in anything that people or logs will read. What it returns is safe to print."""

KEPT = 4


def mask(value: str) -> str:
    """Keep the last four characters, and never more than half, so that short values are hidden too.

    >>> mask("4111111111110042")
    '…0042'
    >>> mask("0042")
    '…42'
    """
    kept = value[len(value) - min(KEPT, len(value) // 2) :]
    return "…" + printable(kept)


def printable(text: str) -> str:
    r"""Spell out characters that could drive a terminal or break a log line.

    >>> printable("red\x1b[31m")
    'red\\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )
