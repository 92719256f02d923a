"""Publishes payments at an even rate, as a process of its own: `python -m benchmarks.speed.pacer FILE RATE`.

It has no other work, so that nothing in the benchmark's process delays a payment.
"""

import sys
from pathlib import Path

import msgspec

from detectors.transaction import Transaction
from stream.publishing import PublishConfig, publish
from stream.settings import Settings

LINGER_MS = 1
"""Less than the load generator's default: what a payment waits in its producer is not the worker's latency."""


def main() -> None:
    """Publish the payments of a file of JSON lines, so many a second."""
    payments = msgspec.json.Decoder(Transaction).decode_lines(Path(sys.argv[1]).read_bytes())
    client = Settings().kafka_client()
    report = publish(payments, PublishConfig(client=client, rate=float(sys.argv[2]), linger_ms=LINGER_MS))
    print(msgspec.json.encode(report).decode())  # noqa: T201  read by whoever started it
    sys.exit(1 if report.failed else 0)


if __name__ == "__main__":
    main()
