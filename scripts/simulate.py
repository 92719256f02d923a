"""`riskstream simulate`: writes labelled payment traffic of our own making to a CSV file."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from detectors.errors import RiskstreamError
from scripts.options import fail
from stream.simulation import (
    SimulatedTransaction,
    SimulationConfig,
    SimulationError,
    draw,
    transactions,
    write_csv,
)


def _start(text: str) -> datetime:
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is not a date such as 2026-01-05"
        raise typer.BadParameter(message, param_hint="--start") from None
    return start if start.tzinfo else start.replace(tzinfo=UTC)


def simulate(
    output: Annotated[Path, typer.Option(help="The CSV file to write; one that exists is replaced.")],
    days: Annotated[int, typer.Option(min=1, max=3650, help="How many days.")] = 60,
    accounts: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="How many accounts; each pays about 1.5 times a day.")
    ] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Another seed gives other people and ids.")] = 7,
    start: Annotated[
        str, typer.Option(metavar="DATE", help="The first moment; UTC unless it says otherwise.")
    ] = "2026-01-05",
    fraud_rate: Annotated[
        float, typer.Option(min=0, max=0.01, help="Share of all payments that are fraud, at most.")
    ] = 0.005,
) -> None:
    """Write labelled payment traffic to a CSV file, the same for the same options.

    Accounts have habits: amounts, hours, a home city with coordinates, shops,
    devices, IPv4 addresses of the right country, a balance with pay-days. All
    amounts are in USD.

    TRUTH: is_fraud is 1 for the frauds and fraud_pattern names their kind, and
    detectors never see these two columns. Of the frauds are

    - 25 % card_testing: small payments in series, then a large one

    - 22 % account_takeover: log-in attempts, a new device, most of the balance

    - 22 % amount_burst: 4 to 11 times the usual, again and again

    - 16 % impossible_travel: a distant city minutes after home

    - 15 % merchant_compromise: a known merchant charges too much at night

    LOOKALIKES, all genuine: a trip for every fifth account and month, a new
    phone for every tenth, several purchases after a third of the pay-days,
    forgotten passwords (2.5 % of online payments), borrowed devices (2 %),
    large purchases (1 % of payments), shopping sprees, series of small
    payments, flash sales, rents and subscriptions.

    No single column gives the frauds away. Simulated traffic shows that
    detection works, not how well it will do on yours.

    Takes about 0.5 GB of memory per million payments.

    Exits with 0 when the file is written, 1 when not.

    Example: riskstream simulate --output history.csv --days 60 --accounts 1000 --seed 7
    """
    try:
        config = SimulationConfig(
            seed=seed, accounts=accounts, days=days, start=_start(start), fraud_rate=fraud_rate
        )
        written, frauds = _write(config, output)
    except (RiskstreamError, OSError) as error:
        fail(error)
    share = f", {frauds / written:.2%}" if written else ""
    typer.echo(f"{output}: {written:,} payments, {frauds:,} of them fraud{share}")


def _write(config: SimulationConfig, output: Path) -> tuple[int, int]:
    """Simulate, write, and return the numbers of payments and frauds."""
    if not output.parent.is_dir():
        raise SimulationError(f"the directory {output.parent} does not exist; create it first")
    console = Console(stderr=True)
    with console.status("Simulating…"):
        simulated = draw(config)
    frauds = 0

    def counted(each: SimulatedTransaction) -> SimulatedTransaction:
        nonlocal frauds
        frauds += each.is_fraud
        return each

    columns = (TextColumn("Writing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    hidden = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as progress:
        task = progress.add_task("", total=len(simulated.payments))
        written = write_csv(
            map(counted, transactions(simulated)), output, lambda count: progress.update(task, completed=count)
        )
    return written, frauds
