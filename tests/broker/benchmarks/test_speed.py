import subprocess
import sys
from pathlib import Path

import msgspec

ONLY = "worker,assess,bare,stock_faust"


def test_a_tiny_run_measures_rivals_that_do_the_same_work(tmp_path: Path):
    """The Quix rival is left out: its environment is an installation of its own."""
    json = tmp_path / "figures.json"
    # Ample seconds: the run ends with its payments, however slow the machine is.
    tiny = ["--transactions", "2000", "--seconds", "60", "--only", ONLY, "--json", str(json)]

    done = subprocess.run([sys.executable, "-m", "benchmarks.speed", *tiny], capture_output=True, text=True)

    assert done.returncode == 0, done.stderr[-3000:]
    figures = msgspec.json.decode(json.read_bytes())
    assert figures["failed"] == {}
    assert figures["measured_on"]["worker"] == figures["measured_on"]["bare"] == 2000
    for name in ONLY.split(","):
        assert figures[f"{name}_tx_per_s"] > 0
        assert figures[f"{name}_tx_per_cpu_s"] > 0
    assert figures["assess_to_stock_per_cpu"] > 2
    assert figures["same_answers"] == {"bare": 1.0, "stock_faust": 1.0}
