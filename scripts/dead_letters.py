"""`riskstream dead-letters`: shows what was rejected and why, and sends it round again; it deletes nothing."""

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from heapq import nlargest
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from detectors.errors import RiskstreamError
from detectors.masking import printable
from scripts.letters import Letter, LetterId, LetterReader, Redriver
from scripts.options import FAILED, WRONG_USAGE, fail, settings_from
from scripts.pipes import PipeConsole, until_reader_leaves
from stream.topics import DEAD_LETTERS

SHOWN_BYTES = 4096
_ID = re.compile(r"([0-9]{1,9})-([0-9]{1,18})")

Bootstrap = Annotated[
    str | None, typer.Option(help="host:port of the brokers. Default: RISKSTREAM_KAFKA_BOOTSTRAP.")
]
Reason = Annotated[str | None, typer.Option(help="Only this reason, such as INVALID_FIELD.")]

dead_letters = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Look at rejected records, and send them round again."
)


class Facts(msgspec.Struct, frozen=True):
    """What `list` tells of a letter; the bytes themselves stay behind, there may be many."""

    id: str
    reason: str
    field: str | None
    message: str
    source: str
    time: datetime
    length: int
    """Of the rejected value, in bytes."""
    truncated: bool


@dead_letters.command("list")
def list_letters(
    bootstrap: Bootstrap = None,
    reason: Reason = None,
    limit: Annotated[int, typer.Option(min=1, help="Show so many, the newest.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List dead letters, newest first, with the reason of each.

    Exits with 0, or with 1 when the topic cannot be read.

    Example: riskstream dead-letters list --reason INVALID_FIELD --limit 20
    """
    with _reader(bootstrap) as reader, until_reader_leaves():
        matching = 0

        def facts() -> Iterator[Facts]:
            nonlocal matching
            for letter in reader.letters():
                if reason in (None, letter.cause.reason):
                    matching += 1
                    yield _facts(letter)

        newest = nlargest(limit, facts(), key=lambda row: (row.time, row.id))
        if as_json:
            _print_json(newest)
        else:
            _print_table(newest, matching)


@dead_letters.command("show")
def show_letter(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="As `list` prints it.")],
    bootstrap: Bootstrap = None,
    raw: Annotated[bool, typer.Option("--raw", help="Only the bytes, unchanged: for a file or pipe.")] = False,
) -> None:
    """Show a dead letter: its headers and the rejected bytes, account ids included.

    What could drive the terminal is spelled out.

    Exits with 0, 1 when there is no such letter, 2 when the ID is none.

    Example: riskstream dead-letters show transactions.dead-letter-2-17

    Example: riskstream dead-letters show transactions.dead-letter-2-17 --raw > record.json
    """
    wanted = _parse_id(letter_id)
    with _reader(bootstrap) as reader, until_reader_leaves():
        letter = reader.fetch(wanted)
        if raw:
            typer.echo(letter.value or b"", nl=False)
        else:
            typer.echo(_describe(letter))


@dead_letters.command("redrive")
def redrive(
    letter_ids: Annotated[list[str] | None, typer.Argument(metavar="ID", help="As `list` prints them.")] = None,
    bootstrap: Bootstrap = None,
    all_letters: Annotated[bool, typer.Option("--all", help="Every letter that the topic holds.")] = False,
    reason: Reason = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="With --all: do it; otherwise they are only counted.")
    ] = False,
) -> None:
    """Send rejected records round again, unchanged, after the cause has been mended.

    The letters stay in the topic. A record that comes twice is assessed once, so redriving again does no harm.
    Letters that hold only the beginning of a record are refused.

    Exits with 0, 1 when a record was refused or not delivered, 2 on wrong usage.

    Example: riskstream dead-letters redrive transactions.dead-letter-2-17

    Example: riskstream dead-letters redrive --all --reason INTERNAL_ERROR --yes
    """
    if bool(letter_ids) == all_letters:
        raise typer.BadParameter("give the IDs of letters, or --all")
    wanted = [_parse_id(text) for text in letter_ids or ()]
    with _reader(bootstrap) as reader:
        letters = _every(reader) if all_letters else iter([reader.fetch(letter_id) for letter_id in wanted])
        chosen = (letter for letter in letters if reason in (None, letter.cause.reason))
        if all_letters and not yes:
            typer.echo(f"dead letters to redrive: {sum(1 for _ in chosen):,}; add --yes to do it", err=True)
            raise typer.Exit(WRONG_USAGE)
        redriver = _redrive(chosen, bootstrap)
    typer.echo(f"{redriver.delivered:,} redriven, {redriver.refused:,} refused, {redriver.failed:,} not delivered")
    if redriver.refused or redriver.failed:
        raise typer.Exit(FAILED)


def _every(reader: LetterReader) -> Iterator[Letter]:
    console = Console(stderr=True)
    return iter(
        track(
            reader.letters(),
            total=reader.total,
            description="reading",
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
    )


def _redrive(letters: Iterable[Letter], bootstrap: str | None) -> Redriver:
    redriver = Redriver(
        settings_from(kafka_bootstrap=bootstrap), lambda line: typer.echo(printable(line), err=True)
    )
    try:
        for letter in letters:
            redriver.send(letter)
    finally:
        redriver.finish()
    return redriver


@contextmanager
def _reader(bootstrap: str | None) -> Iterator[LetterReader]:
    try:
        with LetterReader(settings_from(kafka_bootstrap=bootstrap)) as reader:
            yield reader
    except RiskstreamError as error:
        fail(error)


def _parse_id(text: str) -> LetterId:
    """Read `transactions.dead-letter-2-17`, or `2-17` for short."""
    parts = _ID.fullmatch(text.removeprefix(f"{DEAD_LETTERS}-"))
    if parts is None:
        raise typer.BadParameter(f"{printable(text)!r} is no ID of a dead letter, such as {LetterId(2, 17)}")
    return LetterId(int(parts[1]), int(parts[2]))


def _facts(letter: Letter) -> Facts:
    cause = letter.cause
    length = len(letter.value or b"") if cause.length is None else cause.length
    return Facts(
        str(letter.id),
        cause.reason,
        cause.field,
        cause.message,
        letter.source,
        letter.time,
        length,
        cause.truncated,
    )


def _print_json(rows: list[Facts]) -> None:
    for row in rows:
        sys.stdout.write(msgspec.json.encode(row).decode() + "\n")
    sys.stdout.flush()


def _print_table(rows: list[Facts], matching: int) -> None:
    if not rows:
        typer.echo("no dead letters")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("ID", "REASON", "FIELD", "MESSAGE", "SOURCE", "TIME"):
        table.add_column(heading, overflow="fold", min_width=len(heading))
    for row in rows:
        cells = (row.id, row.reason, row.field or "", row.message, row.source, f"{row.time:%Y-%m-%d %H:%M:%SZ}")
        table.add_row(*(Text(printable(cell)) for cell in cells))
    # Into a file or pipe a table is as wide as it needs to be.
    PipeConsole(highlight=False, width=None if sys.stdout.isatty() else 10_000).print(table)
    if matching > len(rows):
        typer.echo(f"note: the newest {len(rows):,} of {matching:,}; --limit shows more", err=True)


def _describe(letter: Letter) -> str:
    lines = [f"{letter.id}  {letter.time:%Y-%m-%d %H:%M:%SZ}", f"key: {_spell_out(letter.key)}", "headers:"]
    for name, value in letter.headers:
        first, *rest = _spell_out(value).split("\n")
        lines += [f"  {printable(name)}: {first}", *(f"    {line}" for line in rest)]
    value = letter.value or b""
    lines += [f"value, {len(value):,} bytes:", _spell_out(value[:SHOWN_BYTES])]
    if len(value) > SHOWN_BYTES:
        lines.append(f"... and {len(value) - SHOWN_BYTES:,} bytes more; --raw gives them all")
    return "\n".join(lines)


def _spell_out(data: bytes | None) -> str:
    """Write bytes as text, line by line, with everything else escaped."""
    if data is None:
        return "none"
    text = data.decode(errors="backslashreplace")
    return "\n".join(printable(line) for line in text.split("\n"))
