"""Samples a worker with py-spy while it works off a backlog on a real Apache Kafka; writes a flame graph.

The shares it prints are of samples in which a thread held Python's lock, or, with --native, of those in which a
thread ran at all: Arrow, zstd and the sockets work without the lock.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka.admin import AdminClient

from benchmarks.profile.flame import draw
from benchmarks.profile.rooms import Stack, parse, shares
from benchmarks.speed.ground import BUCKET, Backlog, Ground
from benchmarks.speed.traffic import draw_payments, trained_bundle
from benchmarks.speed.whole_path import path_gate
from sinks.bundles import save_bundle
from stream.embedded.aws import EmbeddedAws
from tests.kafka_broker import ApacheKafka

SAMPLES_PER_SECOND = 250
LONGEST_SECONDS = 600.0
STOP_SECONDS = 60.0


def main() -> None:
    """Run the worker, print the table and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/profile.svg"), help="the flame graph")
    parser.add_argument("--transactions", type=int, default=100_000)
    parser.add_argument("--native", action="store_true", help="count threads that run without Python's lock too")
    arguments = parser.parse_args()
    stacks = measure(arguments.transactions, native=arguments.native)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(draw(stacks))
    print(table(shares(stacks)))  # noqa: T201  a benchmark's output
    print(f"flame graph: {arguments.out}")  # noqa: T201  its output


def table(found: Mapping[str, float]) -> str:
    """Return one line per room, the largest share first."""
    return "\n".join(f"{share:6.1%}  {room}" for room, share in found.items())


def measure(transactions: int, *, native: bool) -> Sequence[Stack]:
    """Return what py-spy saw of a worker from its start until a backlog was archived."""
    backlog = Backlog(draw_payments(transactions))
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        save_bundle(trained_bundle(), directory / "bundle")
        with ApacheKafka(directory / "kafka") as kafka, EmbeddedAws(BUCKET) as aws:
            admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
            ground = Ground(admin, kafka.bootstrap, aws, directory / "bundle", "profile")
            ground.clear()
            backlog.pour(ground)
            with _sampled(ground, directory, native=native), path_gate(ground) as gate:
                if not gate.wait_below(1, time.monotonic() + LONGEST_SECONDS):
                    raise TimeoutError(f"the worker did not finish in {LONGEST_SECONDS:.0f} s")
        return parse((directory / "stacks.txt").read_text().splitlines())


@contextmanager
def _sampled(ground: Ground, directory: Path, *, native: bool) -> Iterator[None]:
    """Run a worker as py-spy's child: a parent may look at its children without special rights."""
    sampler = shutil.which("py-spy", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
    if sampler is None:
        raise FileNotFoundError("py-spy is not installed: pip install 'riskstream[profile]'")
    options = ["--format", "raw", "--threads", "--nonblocking", "--rate", str(SAMPLES_PER_SECOND)]
    options += [] if native else ["--gil"]
    worker = [sys.executable, "-m", "scripts.main", "worker"]
    command = [sampler, "record", *options, "--output", str(directory / "stacks.txt"), "--", *worker]
    with (directory / "worker.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  our own commands
            command,
            env={**os.environ, **ground.environment()},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield
    finally:
        # Ctrl-C for both: the worker drains, the sampler writes what it saw.
        os.killpg(process.pid, signal.SIGINT)
        process.wait(STOP_SECONDS)


if __name__ == "__main__":
    main()
