"""The container's settings: SageMaker's names and ours."""

from pathlib import Path

import pytest

from serving.sagemaker.settings import ContainerSettings


def test_it_listens_on_loopback_unless_told_otherwise() -> None:
    assert ContainerSettings().serve_host == "127.0.0.1"


def test_sagemaker_names_port_and_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGEMAKER_BIND_TO_PORT", "9100")
    monkeypatch.setenv("SM_MODEL_DIR", "/models/a")

    settings = ContainerSettings()

    assert (settings.serve_port, settings.model_dir) == (9100, Path("/models/a"))


def test_options_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGEMAKER_BIND_TO_PORT", "9100")
    monkeypatch.setenv("SM_MODEL_DIR", "/models/a")

    settings = ContainerSettings(serve_port=0, model_dir=Path("b"))

    assert (settings.serve_port, settings.model_dir) == (0, Path("b"))


def test_without_anything_the_places_are_sagemakers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SAGEMAKER_BIND_TO_PORT", "SM_MODEL_DIR", "RISKSTREAM_BUNDLE"):
        monkeypatch.delenv(name, raising=False)

    settings = ContainerSettings()

    assert (settings.serve_port, str(settings.model_dir)) == (8080, "/opt/ml/model")
