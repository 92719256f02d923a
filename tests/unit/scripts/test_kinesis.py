"""`riskstream kinesis`: what it is asked to do; what it does then is proven in tests/aws/kinesis/."""

import pytest
import typer
from typer.testing import CliRunner

from scripts import kinesis as command
from stream.kinesis.adapter import Plan
from stream.kinesis.shards import Share

APP = typer.Typer()
APP.command()(command.kinesis)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str | None, Plan]]:
    """Catches what would be run."""
    caught: list[tuple[str, str | None, Plan]] = []
    monkeypatch.setattr(command, "_run", lambda _settings, *rest: caught.append(rest))
    monkeypatch.setattr(command, "configure_logs", lambda *_: None)
    monkeypatch.setattr(command, "end_process", lambda _code: None)
    return caught


def run(*arguments: str):
    return CliRunner().invoke(APP, ["--stream", "payments", *arguments])


def test_without_options_one_adapter_reads_everything_for_ever(asked) -> None:
    assert run().exit_code == 0
    assert asked == [("payments", None, Plan("trim-horizon", Share(0, 1), once=False, accept_loss=False))]


def test_options_reach_the_adapter(asked) -> None:
    options = ["--from", "latest", "--shard-index", "1", "--shard-count", "3", "--once", "--accept-loss"]
    assert run(*options, "--endpoint", "http://127.0.0.1:4566").exit_code == 0
    assert asked == [("payments", "http://127.0.0.1:4566", Plan("latest", Share(1, 3), True, True))]


@pytest.mark.parametrize("text", ["2026-01-05T10:00:00Z", "2026-01-05T11:00:00+01:00"])
def test_a_time_to_begin_at_is_taken_in_any_zone(asked, text: str) -> None:
    assert run("--from", text).exit_code == 0
    assert asked[0][2].begin == 1767607200000


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--from", "yesterday"], "takes trim-horizon, latest or a time"),
        (["--from", "2026-01-05T10:00:00"], "names no time zone"),
        (["--shard-index", "2", "--shard-count", "2"], "has to be below"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_asked(asked, options: list[str], told: str) -> None:
    result = run(*options)

    assert result.exit_code == 2
    assert told in result.stderr
    assert asked == []
