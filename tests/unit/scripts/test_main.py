"""The command line as a process of its own: what tests in one process cannot see."""

import subprocess
import sys
from pathlib import Path

NO_BROKER = ("--bootstrap", "127.0.0.1:1", "--wait", "0.05")


def test_options_that_faust_knows_too_are_ours(tmp_path: Path) -> None:
    payments = tmp_path / "payments.csv"
    payments.write_text(
        "transaction_id,account_id,merchant_id,event_time,amount\nt1,a1,m1,2026-01-05T00:00:00Z,1\n"
    )
    command = [sys.executable, "-m", "scripts.main", "replay", str(payments), "--loop", *NO_BROKER]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "no Kafka broker answers" in ended.stderr
