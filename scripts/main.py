"""The command `riskstream`: every command is a function in a file of its own, registered here."""

import sys
from importlib import import_module
from inspect import cleandoc

import typer

COMMANDS = (
    *("demo", "worker", "replay", "simulate", "train", "backtest", "score", "alerts", "query", "tables"),
    *("dashboard", "explain", "create_topics", "doctor", "accept_loss", "kinesis"),
)
GROUPS = ("dead_letters", "labels")
INTERRUPTED = 130


def build(wanted: str | None = None) -> typer.Typer:
    """Return the command line with all its commands, or with `wanted` alone if that is one of them.

    A command imports what it needs, scikit-learn for instance: nobody waits for what other commands need.
    """
    app = typer.Typer(
        name="riskstream",
        help="Scores every payment transaction for fraud while it streams past.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.callback()(lambda: None)  # without it, typer would make a single command the whole program
    for module in _chosen(COMMANDS, wanted):
        command = getattr(import_module(f"scripts.{module}"), module)
        app.command(_spoken(module), help=flowing(command.__doc__))(command)
    for module in _chosen(GROUPS, wanted):
        app.add_typer(getattr(import_module(f"scripts.{module}"), module), name=_spoken(module))
    return app


def flowing(text: str) -> str:
    """Return a docstring with its paragraphs unwrapped, so that the terminal wraps them to its own width.

    >>> flowing("One\\n    two.\\n\\n    Three.")
    'One two.\\n\\nThree.'
    """
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in cleandoc(text).split("\n\n"))


def main() -> None:
    """Run the command line."""
    # Faust, when it is imported, takes --loop, -L and --datadir for its own wherever it finds them in sys.argv.
    arguments, sys.argv = sys.argv[1:], sys.argv[:1]
    try:
        build(arguments[0] if arguments else None)(args=arguments)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _chosen(modules: tuple[str, ...], wanted: str | None) -> tuple[str, ...]:
    known = {_spoken(module) for module in (*COMMANDS, *GROUPS)}
    return tuple(module for module in modules if wanted not in known or _spoken(module) == wanted)


def _spoken(module: str) -> str:
    """Return a module's name as it is typed.

    >>> _spoken("create_topics")
    'create-topics'
    """
    return module.replace("_", "-")


if __name__ == "__main__":
    main()
