"""What one transaction costs the pure pipeline on one core, stage by stage, and what its memories weigh.

From bytes to bytes: transactions are decoded, enriched, observed, judged and encoded, accounts' and merchants'
memories are decoded and encoded with every batch, and merchants are told and folded hour by hour. No broker. The
garbage collector is set as the worker sets it.
"""

import argparse
import gc
import os
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from detectors.assess import settle, start_walk
from detectors.bundle import Bundle
from detectors.decoding import Rejection, decode_transactions
from detectors.events import TimeMark
from detectors.labels import labels_from_truth
from detectors.merchants.activity import Activity, decode_activity, encode_activity
from detectors.merchants.local import LocalMerchants
from detectors.training import train
from detectors.transaction import Transaction
from detectors.walk import Walk
from detectors.windows import whole_seconds
from stream.enrichment import enrich_embedded
from stream.simulation import SimulationConfig, simulate

BATCH: Final = 500
MEASURED: Final = 20_000
"""The last payments of the traffic are timed; those before them fill the memories."""
HANDBOOK: Final = "handbook_transactions_2018-04-01_2018-08-14.parquet"
HANDBOOK_DAYS: Final = 60
TRAINING_DAYS: Final = 35
TRAINING_CARDS: Final = 400
SIMULATED: Final = SimulationConfig(seed=11, accounts=2500, days=40)
SIMULATED_TRAINING: Final = SimulationConfig(seed=7, accounts=500, days=TRAINING_DAYS)
STAGES: Final = ("decode", "enrich", "observe", "merchants", "judge", "encode")


class Traffic(msgspec.Struct, frozen=True):
    """What was measured on one kind of traffic; microseconds are medians over batches, per transaction."""

    transactions: int
    """Timed ones."""
    us_per_tx: float
    us_by_stage: dict[str, float]
    accounts: int
    merchants: int
    account_memory_bytes: float
    """Mean encoded memory of an account at the end."""
    merchant_memory_bytes: float


class Pipeline(msgspec.Struct, frozen=True):
    """The figures, and what they were measured on."""

    pipeline_us_per_tx: float
    account_memory_bytes: float
    merchant_memory_bytes: float
    measured_on: str
    """The traffic behind the three above: the handbook's where its data was found."""
    traffic: dict[str, Traffic]
    batch: int = BATCH


def main() -> None:
    """Run the benchmark, print the figures and write them as JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    text = msgspec.json.format(msgspec.json.encode(measure()))
    print(text.decode())  # noqa: T201  a benchmark's output
    if arguments.json is not None:
        arguments.json.write_bytes(text + b"\n")


def measure(folder: Path | None = None) -> Pipeline:
    """Measure on simulated traffic, and on the handbook's where `folder` (or RISKSTREAM_DATA) has its data."""
    folder = folder or Path(os.environ.get("RISKSTREAM_DATA", "../shared/data"))
    traffic = {"simulated": _simulated()}
    if (folder / HANDBOOK).exists():
        traffic["handbook"] = _handbook(folder / HANDBOOK)
    name = "handbook" if "handbook" in traffic else "simulated"
    chosen = traffic[name]
    return Pipeline(
        pipeline_us_per_tx=chosen.us_per_tx,
        account_memory_bytes=chosen.account_memory_bytes,
        merchant_memory_bytes=chosen.merchant_memory_bytes,
        measured_on=name,
        traffic=traffic,
    )


def _simulated() -> Traffic:
    history = simulate(SIMULATED_TRAINING)
    frauds = {each.transaction.transaction_id: each.is_fraud for each in history}
    bundle = _trained([each.transaction for each in history], frauds)
    return measure_traffic([each.transaction for each in simulate(SIMULATED)], bundle)


def _handbook(path: Path) -> Traffic:
    table = pq.read_table(path)
    last = pc.max(table["event_time"]).as_py()
    first = last - timedelta(days=HANDBOOK_DAYS)
    early = pc.less(table["event_time"], first)
    trained = pc.and_(early, pc.greater_equal(table["event_time"], first - timedelta(days=TRAINING_DAYS)))
    few = pc.less(table["customer_id"], TRAINING_CARDS)
    bundle = _trained(*_payments(table.filter(pc.and_(trained, few))))
    return measure_traffic(_payments(table.filter(pc.invert(early)))[0], bundle)


def _payments(table: "pq.Table") -> tuple[list[Transaction], dict[str, bool]]:
    """Payments in order of time, and which of them are frauds."""
    table = table.sort_by([("event_time", "ascending"), ("transaction_id", "ascending")])
    names = ("transaction_id", "customer_id", "terminal_id", "event_time", "amount", "is_fraud")
    payments, frauds = [], {}
    for number, card, terminal, moment, amount, fraud in zip(
        *(table[name].to_pylist() for name in names), strict=True
    ):
        payments.append(
            Transaction(
                transaction_id=str(number),
                account_id=str(card),
                merchant_id=str(terminal),
                event_time=moment.replace(tzinfo=UTC),
                amount=amount,
            )
        )
        frauds[str(number)] = bool(fraud)
    return payments, frauds


def _trained(payments: Sequence[Transaction], frauds: dict[str, bool]) -> Bundle:
    return train(enrich_embedded(payments), labels_from_truth(payments, frauds, timedelta(days=7)))


def measure_traffic(payments: Sequence[Transaction], bundle: Bundle, measured: int = MEASURED) -> Traffic:
    """Play payments, in order of time, through one partition; the last ones are timed."""
    encode = msgspec.json.Encoder().encode
    values = [encode(payment) for payment in payments]
    warm = max(0, len(values) - measured) // BATCH * BATCH
    partition = _Partition(bundle)
    for start in range(0, warm, BATCH):
        partition.play(values[start : start + BATCH])
    with _collecting_like_the_worker():
        batches = [partition.play(values[at : at + BATCH]) for at in range(warm, len(values), BATCH)]
    accounts = [len(data) for key, data in partition.memories.items() if key.startswith(b"account/")]
    merchants = [len(data) for key, data in partition.merchants.memories.items() if key.startswith(b"merchant/")]
    return Traffic(
        transactions=len(values) - warm,
        us_per_tx=_median([sum(spent.values()) for spent in batches]),
        us_by_stage={stage: _median([spent[stage] for spent in batches]) for stage in STAGES},
        accounts=len(accounts),
        merchants=len(merchants),
        account_memory_bytes=round(float(np.mean(accounts)), 1),
        merchant_memory_bytes=round(float(np.mean(merchants)), 1),
    )


@contextmanager
def _collecting_like_the_worker() -> Iterator[None]:
    """Garbage collection as `stream.worker` has it once it has started."""
    thresholds = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


def _median(seconds: Sequence[float]) -> float:
    """Median microseconds per transaction of batches that took so many seconds."""
    return round(float(np.median(seconds)) / BATCH * 1e6, 2)


class _Partition:
    """One partition's worker, in step: hours close as soon as its payments have passed them."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._timing = bundle.manifest.timing
        self._encode = msgspec.json.Encoder().encode
        self._told = self._position = 0
        self.memories: dict[bytes, bytes] = {}
        self.merchants = LocalMerchants(1, self._timing)

    def play(self, values: Sequence[bytes]) -> dict[str, float]:
        """Take a batch of transactions to encoded assessments; seconds by stage."""
        watch = _Watch()
        decoded = decode_transactions(values, [-1] * len(values))
        watch.lap("decode")
        enriched = enrich_embedded([item for item in decoded if not isinstance(item, Rejection)])
        watch.lap("enrich")
        walk = start_walk(self.memories.get, self._bundle, 0, self.merchants)
        self._told = 0
        for edge, together in groupby(
            enriched, lambda each: self._timing.activity_edge(whole_seconds(each.event_time))
        ):
            if edge > self.merchants.edge:
                walk.follow([TimeMark(datetime.fromtimestamp(self._timing.first_second(edge), UTC))])
                watch.lap("observe")
                self._tell(walk)
                self.merchants.close()
                watch.lap("merchants")
            payments = list(together)
            walk.follow(payments, self._position)
            self._position += len(payments)
            watch.lap("observe")
        self._tell(walk)
        watch.lap("merchants")
        outcome = settle(walk, self.memories.get, self._bundle, 0)
        self.memories.update(outcome.memories)
        watch.lap("judge")
        for _, assessment in outcome.assessments:
            self._encode(assessment)
        watch.lap("encode")
        return watch.seconds

    def _tell(self, walk: Walk) -> None:
        """Let merchants know, by way of the wire."""
        news = Activity(0, walk.edge, tuple(walk.payments[self._told :]), tuple(walk.labels))
        self._told = len(walk.payments)
        news = decode_activity(encode_activity(news))
        self.merchants.tell(0, news.edge, news.payments, news.labels)


class _Watch:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        """Book the time since the last lap."""
        now = time.perf_counter()
        self.seconds[stage] += now - self._last
        self._last = now


if __name__ == "__main__":
    main()
