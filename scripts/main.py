"""The command `riskstream`: every command is a function in a file of its own, registered here."""

from importlib import import_module

import typer

COMMANDS = ("demo", "worker", "replay", "simulate", "train", "score", "alerts", "query", "create_topics", "doctor")
GROUPS = ("dead_letters",)


def build() -> typer.Typer:
    """Return the command line with all its commands."""
    app = typer.Typer(
        name="riskstream",
        help="Scores every payment transaction for fraud while it streams past.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    for name in COMMANDS:
        app.command(name.replace("_", "-"))(getattr(import_module(f"scripts.{name}"), name))
    for name in GROUPS:
        app.add_typer(getattr(import_module(f"scripts.{name}"), name), name=name.replace("_", "-"))
    return app


def main() -> None:
    """Run the command line."""
    build()()


if __name__ == "__main__":
    main()
