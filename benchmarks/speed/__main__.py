"""The command line: `python -m benchmarks.speed [--only worker,assess,bare] [--json FILE]`."""

import argparse
import sys
import tempfile
from pathlib import Path

import msgspec

from benchmarks.speed.figures import flatten
from benchmarks.speed.run import PARTS, Plan, run


def main() -> int:
    """Run the benchmark, print the figures and write them as JSON if asked; 1 if a part of it failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--transactions", type=int, default=100_000, help="payments of the backlog")
    parser.add_argument("--only", type=_parts, default=frozenset(PARTS), help=f"some of {','.join(PARTS)}")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each latency, and at most of a slow rival")
    parser.add_argument("--accounts", type=int, default=1_000_000, help="whose memories are recovered")
    arguments = parser.parse_args()
    plan = Plan(
        transactions=arguments.transactions,
        only=arguments.only,
        rival_seconds=arguments.seconds,
        latency_seconds=arguments.seconds,
        accounts=arguments.accounts,
    )
    with tempfile.TemporaryDirectory() as scratch:
        results = run(plan, Path(scratch))
    text = msgspec.json.format(msgspec.json.encode(flatten(results)))
    print(text.decode())  # noqa: T201  a benchmark's output
    if arguments.json is not None:
        arguments.json.write_bytes(text + b"\n")
    return 1 if results.failed else 0


def _parts(text: str) -> frozenset[str]:
    parts = frozenset(text.split(","))
    if unknown := parts - set(PARTS):
        raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: choose from {', '.join(PARTS)}")
    return parts


if __name__ == "__main__":
    sys.exit(main())
