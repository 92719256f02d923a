"""`riskstream dashboard`: the analyst's page as a process."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from dashboard.server import serve
from detectors.errors import RiskstreamError
from scripts.options import fail, settings_from
from stream.logs import configure_logs
from stream.reaching import wait_for_broker


def dashboard(
    host: Annotated[
        str | None, typer.Option(help="Where to listen. Default: RISKSTREAM_DASHBOARD_HOST, 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="0 chooses a free one. Default: 8080.")
    ] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Directory of the bundle in use. Default: RISKSTREAM_BUNDLE.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(dir_okay=False, help="JSON of a backtest, for the page of models.")
    ] = None,
    bootstrap: Annotated[
        str | None, typer.Option(help="host:port of the brokers. Default: RISKSTREAM_KAFKA_BOOTSTRAP.")
    ] = None,
) -> None:
    """Show the stream to people: live figures, the queue of alerts, history and models, until Ctrl-C.

    Loopback needs no password. Elsewhere it demands RISKSTREAM_DASHBOARD_TOKEN. A broker that is lost later is
    shown and waited for.

    Exits with 0 when ended by Ctrl-C or SIGTERM, 1 when it cannot start or fails.

    Example: riskstream dashboard --bundle bundles/current --port 8080
    """
    settings = settings_from(
        dashboard_host=host,
        dashboard_port=port,
        bundle=bundle,
        dashboard_report=report,
        kafka_bootstrap=bootstrap,
    )
    configure_logs(settings.log_level, settings.log_json)
    try:
        wait_for_broker(settings)
        asyncio.run(serve(settings, lambda address: typer.echo(f"dashboard: {address}")))
    except RiskstreamError as error:
        fail(error)
