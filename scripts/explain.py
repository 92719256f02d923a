"""`riskstream explain`: why a payment scores as it does, on the terminal or as a picture."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import typer

from detectors.errors import RiskstreamError
from detectors.explanation.explanation import ASKED, SHOWN, Explanation, encode_explanation
from detectors.masking import mask, printable
from scripts.explanations import picture
from scripts.explanations.finding import in_archive, made_from_archive, on_topic
from scripts.explanations.terminal import describe
from scripts.explanations.words import masked
from scripts.options import fail, settings_from
from scripts.pipes import PipeConsole, until_reader_leaves
from sinks.archive import open_archive, open_local_archive
from sinks.bundles import load_bundle
from sinks.kinds import ASSESSMENT, EXPLANATION, Kind
from stream.errors import BrokerUnavailable, StreamError
from stream.settings import Settings

Source = Literal["topic", "archive"]
Draw = Callable[[Explanation, int], bytes]


def explain(
    transaction_id: Annotated[str, typer.Argument(help="The payment, as its producer named it.")],
    source: Annotated[
        Source | None, typer.Option("--from", help="Look there only. Default: the topic, then the archive.")
    ] = None,
    path: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="A local copy of the archive, instead of S3.")
    ] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="To explain payments without an alert. Default: RISKSTREAM_BUNDLE.")
    ] = None,
    svg: Annotated[Path | None, typer.Option(dir_okay=False, help="Write a picture to this file.")] = None,
    png: Annotated[Path | None, typer.Option(dir_okay=False, help="Write a picture to this file.")] = None,
    html: Annotated[Path | None, typer.Option(dir_okay=False, help="Write a page to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    top: Annotated[int, typer.Option(min=1, max=ASKED, help="Show so many features of each view.")] = SHOWN,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show the account id in full.")] = False,
) -> None:
    """Explain why a payment scores as it does.

    Alerts were explained by a worker; any other payment in the archive is explained here, with the bundle that
    scored it. LIME's view and the exact contributions answer different questions: see docs/explanations.md.

    Exits with 0, with 1 when the payment is not found or a file cannot be written, with 2 on wrong options.

    Example: riskstream explain TX001042

    Example: riskstream explain TX001042 --html why.html
    """
    settings = settings_from(bundle=bundle)
    try:
        found = _find(settings, transaction_id, source if path is None else "archive", path)
        explanation = found if reveal else masked(found)
        drawings: tuple[tuple[Path | None, Draw], ...] = (
            (svg, picture.svg),
            (png, picture.png),
            (html, picture.html),
        )
        files = [(file, draw) for file, draw in drawings if file is not None]
        for file, draw in files:
            _write(file, draw(explanation, top))
    except RiskstreamError as error:
        fail(error)
    with until_reader_leaves():
        if as_json:
            sys.stdout.write(encode_explanation(explanation).decode() + "\n")
        elif not files:
            PipeConsole(highlight=False).print(describe(explanation, top), soft_wrap=True)
        sys.stdout.flush()


def _find(settings: Settings, transaction_id: str, source: Source | None, path: Path | None) -> Explanation:
    found = None if source == "archive" else _on_topic(settings, transaction_id, source is None)
    if found is None and source != "topic":
        found = _in_archive(settings, transaction_id, path)
    if found is None:
        raise StreamError(
            f"payment {mask(transaction_id)} is neither explained nor archived"
            f"{'' if source is None else f' ({source} only)'}: check its id; what was assessed just now comes to"
            " the archive within half a minute"
        )
    return found


def _on_topic(settings: Settings, transaction_id: str, optional: bool) -> Explanation | None:
    try:
        return on_topic(settings, transaction_id)
    except BrokerUnavailable as error:
        if not optional:
            raise
        typer.echo(f"note: {printable(str(error))}", err=True)
        return None


def _in_archive(settings: Settings, transaction_id: str, path: Path | None) -> Explanation | None:
    def opened(kind: Kind) -> object:
        if path is not None:
            return open_local_archive(path, kind)
        return open_archive(settings.s3_bucket, settings.s3_prefix, settings.s3_endpoint, kind)

    explained = in_archive(opened(EXPLANATION), transaction_id)
    if explained is not None:
        return explained
    return made_from_archive(opened(ASSESSMENT), transaction_id, lambda: load_bundle(settings.bundle))


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise StreamError(f"{file} cannot be written ({error.strerror}): choose another place") from error
    typer.echo(f"wrote {file}", err=True)
