"""A SageMaker training job: channels in, a bundle out, and a message where it fails.

It learns by the code of `riskstream train`; the same file and options give the same bytes.
"""

from pathlib import Path
from typing import Final

import structlog

from detectors.errors import RiskstreamError
from serving.sagemaker.hyperparameters import TrainingJobError, read_hyperparameters
from sinks.bundles import save_bundle
from stream.durations import delay_of
from stream.training import learn, read_history

BASE: Final = Path("/opt/ml")
TRAIN, LABELS, COLUMNS = CHANNELS = ("train", "labels", "columns")
SHOWN_MALFORMED: Final = 5
LONGEST_MESSAGE: Final = 1024
"""Characters of the failure file that SageMaker shows."""

log = structlog.get_logger(__name__)


def run_job(base: Path = BASE) -> int:
    """Train by what lies under `base`, as SageMaker lays it out; return the exit status.

    Reads input/config/hyperparameters.json and one file of each channel in input/data; writes the bundle to model,
    or why there is none to output/failure.
    """
    try:
        _train(base)
    except RiskstreamError as error:
        return _fail(base, str(error))
    except Exception as error:
        log.exception("training failed")
        return _fail(base, f"{type(error).__name__}: the log of the job has the traceback")
    return 0


def _train(base: Path) -> None:
    given = read_hyperparameters(base / "input/config/hyperparameters.json")
    data = base / "input/data"
    payments = _file_of(data, TRAIN)
    if payments is None:
        raise TrainingJobError(f"the channel {TRAIN!r} is missing: give it one CSV or Parquet file of payments")
    history = read_history(payments, _file_of(data, LABELS), _file_of(data, COLUMNS), delay_of(given.label_delay))
    malformed = [*history.contents.malformed, *history.malformed_labels]
    log.info("read", payments=len(history.contents.transactions), malformed=len(malformed))
    for row in malformed[:SHOWN_MALFORMED]:
        log.warning("left out", row=str(row))
    bundle = learn(history, seed=given.seed, base_currency=given.base_currency, rates=given.rates)
    save_bundle(bundle, base / "model")
    manifest = bundle.manifest
    log.info("saved", bundle=bundle.version, score_kind=manifest.score_kind, why=manifest.why, **manifest.metrics)


def _file_of(data: Path, channel: str) -> Path | None:
    """The one file of a channel; None without that channel."""
    directory = data / channel
    if not directory.is_dir():
        return None
    files = [path for path in sorted(directory.rglob("*")) if path.is_file() and not path.name.startswith(".")]
    if len(files) != 1:
        raise TrainingJobError(f"the channel {channel!r} holds {len(files)} files; give it one")
    return files[0]


def _fail(base: Path, message: str) -> int:
    log.error("no bundle", why=message)
    output = base / "output"
    output.mkdir(parents=True, exist_ok=True)
    (output / "failure").write_text(message[:LONGEST_MESSAGE] + "\n", encoding="utf-8")
    return 1
