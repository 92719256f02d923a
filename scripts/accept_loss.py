"""`riskstream accept-loss`: shows what a stopped worker found lost, and has the next one go on without it."""

from typing import Annotated

import typer

from detectors.errors import RiskstreamError
from scripts.options import FAILED, fail, settings_from
from stream.acceptance import require_no_workers, write_positions
from stream.logs import configure_logs
from stream.losses import accept, check
from stream.positions import look
from stream.reaching import wait_for_broker
from stream.settings import Settings


def accept_loss(
    yes: Annotated[bool, typer.Option("--yes", help="Accept it. Without this it is only shown.")] = False,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for the last worker to leave its group.")
    ] = 0.0,
    bootstrap: Annotated[
        str | None, typer.Option(help="host:port of the brokers. Default: RISKSTREAM_KAFKA_BOOTSTRAP.")
    ] = None,
    partitions: Annotated[
        int | None,
        typer.Option(min=1, max=1000, help="Of every topic. Default: RISKSTREAM_PARTITIONS, or 8."),
    ] = None,
) -> None:
    """Show records that were lost before they were read; with --yes, go on without them.

    A worker that finds its topics deleted, made anew or cut off ends instead
    of going on from elsewhere. Stop all workers first. Reading then goes on at
    the start of what is left; memories of accounts stay, and what they hold
    already is not applied twice.

    Exits with 0 when nothing is lost (any more), 1 when something is, or when
    workers run.

    Example: riskstream accept-loss --yes
    """
    settings = settings_from(kafka_bootstrap=bootstrap, partitions=partitions)
    configure_logs("warning")
    try:
        lost = _show(settings)
        if lost and yes:
            _accept(settings, wait)
    except RiskstreamError as error:
        fail(error)
    if lost and not yes:
        typer.echo("to go on without: stop all workers, then `riskstream accept-loss --yes`", err=True)
        raise typer.Exit(FAILED)


def _show(settings: Settings) -> bool:
    wait_for_broker(settings)
    losses = check(look(settings))
    for loss in losses:
        typer.echo(f"{loss.kind:9} {loss}")
    if not losses:
        typer.echo("nothing is lost: every log goes on where the workers left off")
    return bool(losses)


def _accept(settings: Settings, wait_seconds: float) -> None:
    require_no_workers(settings, wait_seconds)
    acceptance = accept(look(settings))
    write_positions(settings, acceptance)
    for at, offset in sorted(acceptance.committed.items()):
        typer.echo(f"accepted  {at.topic} partition {at.partition}: goes on at offset {offset}")
    if acceptance.heads:
        typer.echo(f"accepted  heads of {len(acceptance.heads)} partitions of the memories say so too")
