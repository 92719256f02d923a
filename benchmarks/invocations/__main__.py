"""`python -m benchmarks.invocations`: trains on simulated payments, measures, prints and writes JSON if asked."""

import argparse
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from benchmarks.invocations.measure import in_words, measure
from benchmarks.invocations.server import ServerProcess
from detectors.bundle import Bundle
from detectors.feature_rows import FeatureRow, encode_row
from detectors.frozen import freeze
from detectors.labels import labels_from_truth
from detectors.training import train
from sinks.bundles import save_bundle
from stream.backtest import backtest
from stream.enrichment import enrich_embedded
from stream.simulation import SimulationConfig, simulate

REQUESTS = 500
LATER_ROWS = 5_000


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--requests", type=int, default=REQUESTS, help="of each size")
    arguments = parser.parse_args()
    if arguments.requests < 1:
        parser.error("--requests must be 1 or more")
    bundle, lines = prepare()
    with TemporaryDirectory() as directory:
        save_bundle(bundle, Path(directory) / "model")
        with ServerProcess(Path(directory) / "model", Path(directory) / "log") as server:
            report = measure(server.ready(), lines, arguments.requests)
    print(in_words(report))  # noqa: T201  a benchmark's output
    if arguments.json is not None:
        arguments.json.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")


def prepare() -> tuple[Bundle, list[bytes]]:
    """A bundle in which all four detectors speak, and documents of rows whose accounts are known."""
    history = simulate(SimulationConfig(seed=7, accounts=400, days=40, fraud_rate=0.01))
    payments = [each.transaction for each in history]
    frauds = {each.transaction.transaction_id: each.is_fraud for each in history}
    labels = labels_from_truth(payments, frauds, timedelta(days=7))
    enriched = enrich_embedded(payments)
    bundle = train(enriched, labels, label_source="simulation")
    rows: list[FeatureRow] = []
    backtest(enriched, freeze(bundle), 8, labels, on_rows=lambda _, more: rows.extend(more))
    rows.sort(key=lambda row: row.transaction.event_time)
    return bundle, [encode_row(row) for row in rows[-LATER_ROWS:]]


if __name__ == "__main__":
    main()
