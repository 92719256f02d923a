"""`python -m serving.sagemaker serve | train`: what the image runs when SageMaker tells it to."""

from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from detectors.errors import RiskstreamError
from serving.sagemaker.settings import ContainerSettings
from stream.logs import configure_logs

FAILED, WRONG_USAGE = 1, 2

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)


@app.command()
def serve(
    model: Annotated[
        Path | None, typer.Option(help="Directory of the bundle. Default: SM_MODEL_DIR, else /opt/ml/model.")
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; 0.0.0.0 in a container. Default: loopback.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="Default: SAGEMAKER_BIND_TO_PORT, else 8080.")
    ] = None,
) -> None:
    """Answer GET /ping and POST /invocations until SIGTERM, which lets requests under way finish.

    Exits with 0 then, with 1 when it cannot listen, 2 when used wrongly.
    """
    from serving.sagemaker.running import run_server
    from serving.sagemaker.server import ScoringServer

    settings = _settings(model_dir=model, serve_host=host, serve_port=port)
    configure_logs(settings.log_level, json=True)
    server = ScoringServer(settings.model_dir, settings.serve_max_bytes)
    try:
        run_server(server, settings.serve_host, settings.serve_port)
    except RiskstreamError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(FAILED) from error


@app.command()
def train(
    base: Annotated[Path | None, typer.Option(help="What SageMaker mounts at /opt/ml.")] = None,
) -> None:
    """Run a training job: one file of payments in, a bundle out. Exits with 1 and a message where it fails."""
    from serving.sagemaker.job import BASE, run_job

    configure_logs(_settings().log_level, json=True)
    raise typer.Exit(run_job(base or BASE))


def _settings(**given: Any) -> ContainerSettings:
    try:
        return ContainerSettings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        typer.echo(f"error: {'.'.join(map(str, first['loc']))}: {first['msg']}", err=True)
        raise typer.Exit(WRONG_USAGE) from None


if __name__ == "__main__":
    app(prog_name="python -m serving.sagemaker")
