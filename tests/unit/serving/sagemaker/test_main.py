"""The container's command line: what cannot be started says why."""

import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from serving.sagemaker.__main__ import app


def test_an_address_that_is_taken_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # It would keep writing to the runner's standard error, which is gone by then.
    monkeypatch.setattr("serving.sagemaker.__main__.configure_logs", lambda level, json: None)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        result = CliRunner().invoke(app, ["serve", "--model", str(tmp_path), "--port", port])

    assert result.exit_code == 1
    assert f"127.0.0.1:{port} cannot be listened on" in result.output


def test_a_setting_that_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGEMAKER_BIND_TO_PORT", "eighty")

    result = CliRunner().invoke(app, ["serve"])

    assert result.exit_code == 2
    assert "SAGEMAKER_BIND_TO_PORT" in result.output
