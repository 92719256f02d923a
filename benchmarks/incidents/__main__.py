"""`python -m benchmarks.incidents`: measures, prints and, if asked, writes the figures as JSON."""

import argparse
import sys
from pathlib import Path

import msgspec

from benchmarks.incidents.history import FILE, default_path
from benchmarks.incidents.measure import INCIDENTS, measure
from benchmarks.incidents.report import in_words

SEEDS = 20


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transactions", type=Path, default=default_path(), help=f"where {FILE} is")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--incidents", type=int, default=INCIDENTS, help="incidents a run")
    arguments = parser.parse_args()
    if arguments.seeds < 2 or arguments.incidents < 1:
        parser.error("an interval needs two seeds or more, a run one incident or more")
    if not arguments.transactions.is_file():
        sys.exit(f"{arguments.transactions} does not exist: give the file with --transactions or RISKSTREAM_DATA")
    report = measure(arguments.transactions, arguments.seeds, arguments.incidents)
    print(in_words(report))  # noqa: T201  a benchmark's output
    if arguments.json is not None:
        arguments.json.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")


if __name__ == "__main__":
    main()
