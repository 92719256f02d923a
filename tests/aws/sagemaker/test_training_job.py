"""A training job as SageMaker runs it: a process, its mounts, its exit status."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.invocations.server import ROOT, ServerProcess
from detectors.bundle import ARRAYS_FILE, MANIFEST_FILE

HYPERPARAMETERS = {"label_delay": "1d", "seed": "3"}


def run(base: Path, hyperparameters: dict[str, str]) -> subprocess.CompletedProcess[str]:
    config = base / "input/config/hyperparameters.json"
    config.parent.mkdir(parents=True)
    config.write_text(json.dumps(hyperparameters))
    return subprocess.run(
        [sys.executable, "-m", "serving.sagemaker", "train", "--base", str(base)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def job(history: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mounts of a job that went well."""
    base = tmp_path_factory.mktemp("job")
    (base / "input/data/train").mkdir(parents=True)
    shutil.copy(history, base / "input/data/train")
    done = run(base, HYPERPARAMETERS)
    assert done.returncode == 0, done.stderr
    assert all(json.loads(line)["event"] for line in done.stderr.splitlines())
    return base


def test_it_writes_the_bundle_of_the_command_byte_for_byte(job: Path, trained: Path) -> None:
    for name in (MANIFEST_FILE, ARRAYS_FILE):
        assert (job / "model" / name).read_bytes() == (trained / name).read_bytes()
    assert not (job / "output/failure").exists()


def test_what_it_wrote_can_be_served(job: Path, tmp_path: Path) -> None:
    with ServerProcess(job / "model", tmp_path / "log") as server:
        assert server.ready()


def test_a_job_that_fails_exits_with_1_and_leaves_a_message(tmp_path: Path) -> None:
    done = run(tmp_path, {"seed": "many"})

    assert done.returncode == 1
    assert "hyperparameter seed is 'many'" in (tmp_path / "output/failure").read_text()
