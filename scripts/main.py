"""The command `riskstream`: every command is a function in a file of its own, registered here."""

from importlib import import_module
from inspect import cleandoc

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
        command = getattr(import_module(f"scripts.{name}"), name)
        app.command(name.replace("_", "-"), help=flowing(command.__doc__))(command)
    for name in GROUPS:
        app.add_typer(getattr(import_module(f"scripts.{name}"), name), name=name.replace("_", "-"))
    return app


def flowing(text: str) -> str:
    """Return a docstring with its paragraphs unwrapped, so that the terminal wraps them to its own width.

    >>> flowing("One\\n    two.\\n\\n    Three.")
    'One two.\\n\\nThree.'
    """
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in cleandoc(text).split("\n\n"))


def main() -> None:
    """Run the command line."""
    build()()


if __name__ == "__main__":
    main()
