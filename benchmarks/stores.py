"""What a batch costs in either store, and what it weighs: read the accounts of a batch, apply it, persist it.

No broker and no detector take part, so that the stores are all that is measured.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from detectors.memory_keys import account_key
from stream.batching.stores import OpenStore, Store
from stream.batching.stores.memory import open_memory
from stream.batching.stores.rocks import RocksStores

PARTITIONS = 8
VALUE_BYTES = 494
"""The mean of a mature account on the handbook's data (docs/benchmarks.md)."""
ACCOUNTS = 1_000_000
BATCHES = 500
BATCH = 1000
HOT_SHARE = 0.1
"""Of the accounts make half of the payments, about as people pay."""

Kind = Literal["memory", "rocksdb"]


class StoreCost(msgspec.Struct, frozen=True):
    """Microseconds per account touched, and megabytes above an empty process."""

    store: Kind
    accounts: int
    read_us: float
    """Announced together, then asked one by one."""
    apply_us: float
    persist_us: float
    """Without the changelog's part of it."""
    rss_mb: float


def main() -> None:
    """Measure both stores, each in a process of its own, print the figures and write them as JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--accounts", type=int, default=ACCOUNTS)
    parser.add_argument("--store", choices=["memory", "rocksdb"], help="measure this one, in this process")
    arguments = parser.parse_args()
    if arguments.store is None:
        figures = [measure(kind, arguments.accounts) for kind in ("memory", "rocksdb")]
    else:
        figures = [measure_here(arguments.store, arguments.accounts)]
    text = msgspec.json.format(msgspec.json.encode(figures))
    print(text.decode())  # noqa: T201  a benchmark's output
    if arguments.json is not None:
        arguments.json.write_bytes(text + b"\n")


def measure(kind: Kind, accounts: int = ACCOUNTS) -> StoreCost:
    """Measure one store in a fresh process, so that its weight is its own."""
    command = [sys.executable, "-m", "benchmarks.stores", "--store", kind, "--accounts", str(accounts)]
    done = subprocess.run(command, capture_output=True, check=True)  # noqa: S603  our own module
    return msgspec.json.decode(done.stdout, type=list[StoreCost])[0]


def measure_here(kind: Kind, accounts: int) -> StoreCost:
    """Measure one store in this process."""
    with tempfile.TemporaryDirectory() as scratch:
        before = _rss_mb()
        open_store: OpenStore = open_memory if kind == "memory" else RocksStores(Path(scratch)).open
        stores = [open_store("memories", partition, "id") for partition in range(PARTITIONS)]
        for partition, keys in _cut(range(accounts)):
            _write(stores[partition], keys)
        for store in stores:
            store.recovered()
        cost = _run(stores, accounts)
        weight = _rss_mb() - before
        for store in stores:
            store.close()
    touched = BATCHES * BATCH / 1e6
    read, applied, persisted = (round(seconds / touched, 2) for seconds in cost)
    return StoreCost(kind, accounts, read, applied, persisted, round(weight))


def _run(stores: list[Store], accounts: int) -> tuple[float, float, float]:
    rng = random.Random(5)  # noqa: S311  repeatable
    read_s = apply_s = persist_s = 0.0
    for _ in range(BATCHES):
        partition = rng.randrange(PARTITIONS)
        keys = [_key(_draw(rng, accounts // PARTITIONS) * PARTITIONS + partition) for _ in range(BATCH)]
        store = stores[partition]
        started = time.thread_time()
        read = store.reader(keys)
        for key in keys:
            read(key)
        reading = time.thread_time()
        changes = {key: rng.randbytes(VALUE_BYTES) for key in keys}
        made = time.thread_time()
        store.apply(changes)
        applied = time.thread_time()
        store.persisted(changes, store.position + len(changes))
        persist_s += time.thread_time() - applied
        apply_s += applied - made
        read_s += reading - started
    return read_s, apply_s, persist_s


def _draw(rng: random.Random, count: int) -> int:
    hot = rng.random() < 0.5
    return rng.randrange(max(1, int(count * HOT_SHARE))) if hot else rng.randrange(count)


def _cut(numbers: range) -> Iterator[tuple[int, list[bytes]]]:
    for start in range(0, len(numbers), BATCH * PARTITIONS):
        part = numbers[start : start + BATCH * PARTITIONS]
        for partition in range(PARTITIONS):
            yield partition, [_key(number) for number in part[partition::PARTITIONS]]


def _write(store: Store, keys: list[bytes]) -> None:
    rng = random.Random(len(keys))  # noqa: S311  repeatable
    changes = {key: rng.randbytes(VALUE_BYTES) for key in keys}
    store.apply(changes)
    store.persisted(changes, store.position + len(changes))


def _key(number: int) -> bytes:
    return account_key(f"C{number:09d}")


def _rss_mb() -> float:
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1000


if __name__ == "__main__":
    main()
