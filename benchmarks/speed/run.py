"""The order of a run: which phase comes after which on the one broker, and what each leaves to the next."""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

import msgspec
from confluent_kafka.admin import AdminClient

from benchmarks.pipeline import measure as measure_pipeline
from benchmarks.pipeline import measure_traffic
from benchmarks.recovery import measure as measure_recovery
from benchmarks.speed.answers import Answers, read_answers, same_answers
from benchmarks.speed.figures import Latency, Rate, Results
from benchmarks.speed.ground import BUCKET, Backlog, Ground
from benchmarks.speed.latency import WARM_UP_SECONDS, measure_latency
from benchmarks.speed.process import Process
from benchmarks.speed.quix_environment import ROOT, quix_python
from benchmarks.speed.rate import measure_rate
from benchmarks.speed.rivals.command import python_module
from benchmarks.speed.traffic import ALERTING, account_count, draw_payments, later, trained_bundle
from benchmarks.speed.whole_path import measure_workers, path_gate, running_workers, wait_until_done
from detectors.assess import assess
from detectors.bundle import Bundle
from detectors.transaction import Transaction
from sinks.bundles import save_bundle
from stream.embedded.aws import EmbeddedAws
from stream.enrichment import enrich_embedded
from stream.errors import StreamError
from tests.kafka_broker import ApacheKafka

PARTS: Final = ("pipeline", "worker", "latency", "assess", "bare", "stock_faust", "quix", "scaling", "recovery")
MODULES: Final = {
    "assess": "benchmarks.speed.rivals.assess_only",
    "bare": "benchmarks.speed.rivals.bare",
    "stock_faust": "benchmarks.speed.rivals.stock_faust",
    "quix": "benchmarks.speed.rivals.quix",
}
LATENCY_RATES: Final = (500, 2000, 5000)
MORE_WORKERS: Final = (2, 4)
SINGLE_EVENTS: Final = 2000
"""Payments that are assessed one by one."""
BATCH: Final = 1000
"""The worker's default under backlog."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to measure, and for how long."""

    transactions: int = 100_000
    only: frozenset[str] = frozenset(PARTS)
    rival_seconds: float = 20.0
    """The slow ones do not get through all payments; they are stopped after so long."""
    latency_seconds: float = 20.0
    """At each rate, after the warm-up."""
    accounts: int = 1_000_000
    """Whose memories are recovered."""


def run(plan: Plan, scratch: Path) -> Results:
    """Measure what the plan says, on a Kafka and an S3 of its own."""
    measured = _Run(plan, scratch)
    if plan.only & {"pipeline"}:
        measured.pipeline()
    if plan.only - {"pipeline"}:
        with ApacheKafka(scratch / "kafka") as kafka:
            measured.on_kafka(kafka)
    return measured.results


def say(text: str) -> None:
    """Tell how far it is."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)  # noqa: T201  progress


class _Run:
    """One run under way."""

    def __init__(self, plan: Plan, scratch: Path) -> None:
        self._plan = plan
        self._scratch = scratch
        self._payments = draw_payments(plan.transactions)
        self._bundle = trained_bundle()
        self.results = Results(
            transactions=len(self._payments),
            accounts=account_count(plan.transactions),
            cores=os.cpu_count() or 0,
        )

    def pipeline(self) -> None:
        """Measure the pure pipeline, in this process."""
        say("pipeline: what a transaction costs, by stage")
        stages = measure_pipeline()
        say("pipeline: the payments of all rivals, in one thread without a broker")
        wall, cpu = time.perf_counter(), time.process_time()
        cost = measure_traffic(self._payments, self._bundle, measured=len(self._payments)).us_per_tx
        busy = (time.process_time() - cpu) / (time.perf_counter() - wall)
        seconds = cost * len(self._payments) / 1e6
        self._note("pipeline", Rate(len(self._payments), seconds, seconds * busy))
        say("pipeline: assessing alone, a payment at a time and in batches")
        alone = {
            "one": assessing_us(self._payments[:SINGLE_EVENTS], self._bundle, 1),
            "batch": assessing_us(self._payments, self._bundle, BATCH),
        }
        self.results = msgspec.structs.replace(self.results, pipeline=stages, assessing_us=alone)

    def on_kafka(self, kafka: ApacheKafka) -> None:
        """Measure everything that needs the broker."""
        save_bundle(self._bundle, self._scratch / "bundle")
        admin = AdminClient({"bootstrap.servers": kafka.bootstrap, "log_level": 0})
        with EmbeddedAws(BUCKET) as aws:
            ground = Ground(admin, kafka.bootstrap, aws, self._scratch / "bundle", "speed")
            if self._plan.only - {"pipeline", "recovery"}:
                self._on_topics(ground)
        with self._part("recovery") as wanted:
            if wanted:
                self._recovery(kafka, ground)

    def _on_topics(self, ground: Ground) -> None:
        self._worker(ground)
        with self._part("latency") as wanted:
            if wanted:
                self._latencies(ground)
        self._rivals(ground)
        with self._part("scaling") as wanted:
            if wanted:
                self._scaling(ground)

    @contextmanager
    def _part(self, name: str) -> Iterator[bool]:
        """Tell whether a part is wanted; one that fails takes no figures of others with it."""
        try:
            yield name in self._plan.only
        except StreamError as error:
            say(f"  {name} failed: {error}")
            self.results = msgspec.structs.replace(self.results, failed={**self.results.failed, name: str(error)})

    def _recovery(self, kafka: ApacheKafka, ground: Ground) -> None:
        say(f"recovery: {self._plan.accounts:,} accounts, by store")
        ground.clear()
        found = measure_recovery(kafka, self._plan.accounts)
        self.results = msgspec.structs.replace(self.results, recovery=found)

    @cached_property
    def _backlog(self) -> Backlog:
        return Backlog(self._payments)

    def _worker(self, ground: Ground) -> None:
        """Measure one worker; it leaves `transactions.enriched` and the merchants' memories to the rivals."""
        say("worker: the whole path, from a backlog")
        ground.clear()
        rate = measure_workers(ground, self._backlog, len(self._payments), 1, self._scratch)
        self._note("worker", rate)
        self.results = msgspec.structs.replace(self.results, scaling={1: rate})

    def _latencies(self, ground: Ground) -> None:
        """Go on where the worker stopped, with a bundle that alerts more often and a fresh worker."""
        bundle = self._scratch / "alerting"
        save_bundle(trained_bundle(ALERTING), bundle)
        ground = replace(ground, bundle=bundle)
        counts = [round(rate * (self._plan.latency_seconds + WARM_UP_SECONDS)) for rate in LATENCY_RATES]
        payments = iter(later(self._payments, sum(counts)))
        found: dict[int, Latency] = {}
        with running_workers(ground, 1, self._scratch) as workers, path_gate(ground) as gate:
            for rate, count in zip(LATENCY_RATES, counts, strict=True):
                say(f"latency: {rate:,} payments a second")
                some = [next(payments) for _ in range(count)]
                found[rate] = measure_latency(ground, gate, some, rate, self._scratch)
                say(f"  {found[rate]}")
                wait_until_done(gate, workers)
        self.results = msgspec.structs.replace(self.results, latency=found)

    def _rivals(self, ground: Ground) -> None:
        """Let each read the same `transactions.enriched` from its beginning, and compare what they wrote."""
        answers: dict[str, Answers] = {}
        for name in MODULES:
            with self._part(name) as wanted:
                if wanted:
                    answers[name] = self._rival(ground, name)
        if ours := answers.pop("assess", None):
            shares = {name: same_answers(ours, theirs) for name, theirs in answers.items()}
            self.results = msgspec.structs.replace(self.results, same_answers=shares)

    def _rival(self, ground: Ground, name: str) -> Answers:
        say(f"{name}: from transactions.enriched to assessments")
        environment = {**ground.environment(f"speed-{name}".replace("_", "-")), "PYTHONPATH": str(ROOT)}
        ground.create_changelog(environment["RISKSTREAM_APP_ID"])
        before = ground.ends()
        with Process(self._command(name), environment, self._scratch / f"{name}.log") as process:
            most, seconds = len(self._payments), self._plan.rival_seconds
            self._note(name, measure_rate(process, ground, sum(before), most, seconds))
            return read_answers(ground, before)

    def _command(self, name: str) -> list[str]:
        return python_module(MODULES[name], python=quix_python() if name == "quix" else None)

    def _scaling(self, ground: Ground) -> None:
        """Let several workers share the partitions of a fresh set of topics."""
        found = dict(self.results.scaling)
        for workers in MORE_WORKERS:
            say(f"scaling: {workers} workers")
            ground = replace(ground, app_id=f"speed-{workers}")
            ground.clear()
            found[workers] = measure_workers(ground, self._backlog, len(self._payments), workers, self._scratch)
            say(f"  {found[workers].tx_per_s:,.0f} a second")
        self.results = msgspec.structs.replace(self.results, scaling=found)

    def _note(self, name: str, rate: Rate) -> None:
        say(f"  {name}: {rate.tx_per_s:,.0f} a second, {rate.tx_per_cpu_s:,.0f} per CPU second")
        self.results = msgspec.structs.replace(self.results, rates={**self.results.rates, name: rate})


def assessing_us(payments: Sequence[Transaction], bundle: Bundle, batch: int) -> float:
    """CPU microseconds that assessing a payment takes in batches of a size; nothing is decoded or encoded."""
    memories: dict[bytes, bytes] = {}
    enriched = enrich_embedded(payments)
    started = time.process_time()
    for at in range(0, len(enriched), batch):
        memories.update(assess(enriched[at : at + batch], memories.get, bundle).memories)
    return round((time.process_time() - started) / len(enriched) * 1e6, 1)
