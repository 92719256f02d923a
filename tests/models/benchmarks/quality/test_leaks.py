"""No score may rest on what nobody could know: from a file of payments to the bytes of SCORES."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.quality.jobs import Run, assess_with
from benchmarks.quality.ours import KINDS, Kind, learn
from benchmarks.quality.payments import read_payments
from benchmarks.quality.protocol import DELAY, TRAINED, split, start_of
from benchmarks.quality.run import Results
from benchmarks.quality.scores import write_scores
from detectors.evaluation.scored import DAY
from tests.unit.benchmarks.quality import worlds

START = start_of(worlds.TRAIN_START)
TEST = START + TRAINED + DELAY


def scores(folder: Path, name: str, contents: Any, kinds: tuple[Kind, ...] = KINDS) -> Path:
    """What the benchmark writes for a file."""
    run = Run(worlds.write(folder / f"{name}.parquet", contents), START, folder)
    said = {kind: assess_with(run, kind) for kind in kinds}
    path = folder / f"{name}.scores.parquet"
    write_scores(path, run.payments, run.weeks, Results(said, {}, {}, {}, {}, ()))
    return path


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scores(tmp_path_factory.mktemp("untouched"), "world", worlds.table())


def test_labels_of_the_test_week_change_no_byte(tmp_path: Path, untouched: Path) -> None:
    blank = worlds.blanked(worlds.table(), TEST)
    assert scores(tmp_path, "blank", blank).read_bytes() == untouched.read_bytes()


def test_what_comes_after_a_payment_does_not_change_its_score(tmp_path: Path, untouched: Path) -> None:
    """The file ends in the middle of the test week."""
    cut, table = TEST + 3 * DAY, worlds.table()
    kept = table.filter(pa.array([time < cut for time in table["event_time"].cast(pa.int64()).to_pylist()]))
    early, whole = pq.read_table(scores(tmp_path, "cut", kept, ("labelled",))), pq.read_table(untouched)
    assert 0 < len(early) < len(whole)
    for column in early.column_names:
        assert early[column].equals(whole[column].slice(0, len(early))), column


def test_labels_after_training_do_not_reach_the_bundle(tmp_path: Path) -> None:
    blank = worlds.blanked(worlds.table(), START + TRAINED)
    bundles = []
    for name, table in (("told", worlds.table()), ("blank", blank)):
        payments = read_payments(worlds.write(tmp_path / f"{name}.parquet", table))
        bundles.append(learn(payments, split(payments, START), "labelled", payments.fraud))
    told, blind = (bundle.manifest for bundle in bundles)
    assert told == blind
    assert told.score_kind == "probability"


def test_labels_reach_the_scores_that_may_know_them(tmp_path: Path, untouched: Path) -> None:
    """Else the tests above would hold for a score that ignores labels altogether."""
    blank = worlds.blanked(worlds.table(), START + TRAINED)
    kinds: tuple[Kind, ...] = ("labelled", "feedback")
    blind, told = pq.read_table(scores(tmp_path, "blind", blank, kinds)), pq.read_table(untouched)
    for kind in kinds:
        assert not blind[kind].equals(told[kind]), kind
