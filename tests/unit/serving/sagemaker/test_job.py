"""Training jobs: what is wrong with their input is told by name, in the file that SageMaker shows."""

import json
from pathlib import Path

import pytest

from serving.sagemaker.hyperparameters import Hyperparameters, TrainingJobError, read_hyperparameters
from serving.sagemaker.job import run_job


def given(path: Path, values: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values))
    return path


def test_every_value_comes_as_text(tmp_path: Path) -> None:
    values = {"seed": "7", "label_delay": "36h", "base_currency": "EUR", "rates": "GBP=1.27, CHF=1.05"}

    found = read_hyperparameters(given(tmp_path / "h.json", values))

    assert (found.seed, found.label_delay, found.base_currency) == (7, "36h", "EUR")
    assert found.rates == {"GBP": 1.27, "CHF": 1.05}


def test_without_a_file_or_a_value_everything_has_its_default(tmp_path: Path) -> None:
    assert read_hyperparameters(tmp_path / "none") == Hyperparameters()
    assert read_hyperparameters(given(tmp_path / "h.json", {"sagemaker_program": "x"})) == Hyperparameters()


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"seed": "many"}, "hyperparameter seed is 'many'"),
        ({"seed": "-1"}, "hyperparameter seed is '-1'"),
        ({"label_delay": "soon"}, "hyperparameter label_delay is 'soon': 'soon' is no delay such as 7d"),
        ({"base_currency": "euro"}, "hyperparameter base_currency is 'euro': 'euro' is no ISO 4217 code"),
        ({"rates": "GBP"}, "hyperparameter rates is 'GBP': 'GBP' is no rate; write it as GBP=1.27"),
        ({"sead": "1"}, "hyperparameter 'sead' is unknown; there are seed, label_delay, base_currency, rates"),
        ({"seed": 1}, "h.json is not an object of texts"),
        ([], "h.json is not an object of texts"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, values: object, says: str) -> None:
    with pytest.raises(TrainingJobError) as refused:
        read_hyperparameters(given(tmp_path / "h.json", values))

    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "the channel 'train' is missing"),
        ({"train/.hidden": ""}, "the channel 'train' holds 0 files"),
        ({"train/a.csv": "x", "train/b/c.csv": "x"}, "the channel 'train' holds 2 files"),
        ({"train/a.csv": "color\nred\n"}, "no column found for"),
        ({"train/a.csv": "color\nred\n", "labels/l.csv": "", "labels/m.csv": ""}, "'labels' holds 2 files"),
    ],
)
def test_a_job_that_fails_says_why_where_it_is_looked_for(
    tmp_path: Path, files: dict[str, str], says: str
) -> None:
    for name, content in files.items():
        path = tmp_path / "input/data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)

    assert run_job(tmp_path) == 1

    assert says in (tmp_path / "output/failure").read_text()
    assert not (tmp_path / "model").exists()


def test_an_unforeseen_failure_names_its_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("account 4111111111110042")

    monkeypatch.setattr("serving.sagemaker.job.read_history", broken)
    given(tmp_path / "input/data/train/a.csv", "")

    assert run_job(tmp_path) == 1

    failure = (tmp_path / "output/failure").read_text()
    assert failure == "ZeroDivisionError: the log of the job has the traceback\n"
