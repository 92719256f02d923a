import sys
from pathlib import Path

import pytest

from benchmarks.speed.process import Process, RivalFailed


def python(code: str, log: Path) -> Process:
    return Process([sys.executable, "-S", "-c", code], {}, log / "process.log")


def test_the_cpu_time_of_a_process_grows_with_its_work(tmp_path: Path):
    busy = "import time\nwhile time.process_time() < 0.05: pass\nprint('done', flush=True)\ntime.sleep(60)"

    with python(busy, tmp_path) as process:
        while "done" not in (tmp_path / "process.log").read_text():
            process.check()
        assert process.cpu_seconds() >= 0.04


def test_a_process_that_fails_is_reported_with_its_last_words(tmp_path: Path):
    with (
        python("raise SystemExit('no broker')", tmp_path) as process,
        pytest.raises(RivalFailed, match="no broker"),
    ):
        process.wait(20)


def test_one_that_ends_too_early_is_a_failure_even_if_it_ends_well(tmp_path: Path):
    with python("pass", tmp_path) as process:
        process.wait(20)
        with pytest.raises(RivalFailed, match="ended by itself"):
            process.check()
