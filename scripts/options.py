"""What the commands share: settings with options on top, and the one way to fail."""

from typing import Any, NoReturn

import typer
from pydantic import ValidationError

from stream.settings import Settings

FAILED = 1
WRONG_USAGE = 2


def settings_from(**given: Any) -> Settings:
    """Return the environment's settings, with every option that was given on top (None means not given)."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = "RISKSTREAM_" + "_".join(map(str, first["loc"])).upper() + ": " if first["loc"] else ""
        typer.echo(f"error: {name}{first['msg'].removeprefix('Value error, ')}", err=True)
        raise typer.Exit(WRONG_USAGE) from None


def fail(error: Exception) -> NoReturn:
    """Print an error for people and exit with 1."""
    typer.echo(f"error: {error}", err=True)
    raise typer.Exit(FAILED) from error
