"""`python -m benchmarks.geography`: measures, prints and, if asked, writes the figures as JSON."""

import argparse
import os
from pathlib import Path

import msgspec

from benchmarks.geography.measure import in_words, measure

SEEDS = 5


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="simulated towns")
    arguments = parser.parse_args()
    if arguments.seeds < 2:
        parser.error("an interval needs two seeds or more")
    report = measure(arguments.seeds, workers=min(arguments.seeds, os.cpu_count() or 1))
    print(in_words(report))  # noqa: T201  a benchmark's output
    if arguments.json is not None:
        arguments.json.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")


if __name__ == "__main__":
    main()
