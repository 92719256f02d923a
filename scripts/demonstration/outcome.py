"""Reads what a demo run left in the archive, and turns it into the summary."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from detectors.alerting import is_risky
from detectors.bundle import Bundle
from scripts.demonstration.follow import AlertFollower
from scripts.demonstration.stage import PARTITIONS, Stage
from scripts.demonstration.summary import Found, Payment, Summary, levels, percentile_ms, quality
from scripts.demonstration.world import World
from sinks.archive import read_archive
from stream.backtest import backtest
from stream.enrichment import enrich_embedded


def archived(stage: Stage) -> pa.Table:
    """Return every assessment of the archive, each once."""
    return read_archive(stage.settings.s3_bucket, stage.settings.s3_prefix, endpoint=stage.settings.s3_endpoint)


def summarise(
    world: World, bundle: Bundle, table: pa.Table, follower: AlertFollower, dead_letters: int, objects: int
) -> Summary:
    """Return the summary of a run whose archive is `table`."""
    payments = live_payments(table)
    risky = sum(is_risky(payment.level) for payment in payments)
    precision, recall, baseline_precision, baseline_recall, patterns = (
        (None, None, None, None, []) if world.frauds is None else quality(payments, world.frauds)
    )
    return Summary(
        transactions=len(world.live),
        assessed=len(payments),
        alerts=follower.count,
        risky=risky,
        dead_letters=dead_letters,
        alert_rate=round(risky / len(payments), 6) if payments else 0.0,
        alert_budget=bundle.manifest.budgets.high,
        score_kind=bundle.manifest.score_kind,
        precision=precision,
        recall=recall,
        baseline_precision=baseline_precision,
        baseline_recall=baseline_recall,
        patterns=patterns,
        labels=len(world.observed),
        blamed=_blamed(table),
        without_labels=_without_labels(world, bundle),
        latency_p50_ms=percentile_ms(follower.latencies_s, 50),
        latency_p99_ms=percentile_ms(follower.latencies_s, 99),
        backfilled=table.num_rows - len(payments),
        s3_objects=objects,
        levels=levels(payments),
        backfilled_levels=levels(_payments(table, backfill=True)),
    )


def _blamed(table: pa.Table) -> int:
    """Count the live payments that frauds at their merchant speak against."""
    codes = table.filter(pc.invert(table["backfill"]))["reason_codes"].to_pylist()
    return sum("MERCHANT_RISK_HIGH" in found for found in codes)


def _without_labels(world: World, bundle: Bundle) -> Found | None:
    """Assess the same payments in this process, as if no label had come."""
    if world.frauds is None:
        return None
    paid = [*enrich_embedded(world.backfill, backfill=True), *enrich_embedded(world.live)]
    payments = [
        Payment(said.transaction_id, said.amount, said.fraud_risk_score, said.risk_level, False)
        for fold in backtest(paid, bundle, PARTITIONS)
        for said in fold.assessments
        if not said.backfill
    ]
    precision, recall, *_ = quality(payments, world.frauds)
    return Found(sum(is_risky(payment.level) for payment in payments), precision, recall)


def live_payments(table: pa.Table) -> list[Payment]:
    """Return the assessments that were not backfilled."""
    return _payments(table, backfill=False)


def _payments(table: pa.Table, *, backfill: bool) -> list[Payment]:
    chosen = table.filter(pc.equal(table["backfill"], backfill))
    columns = ("transaction_id", "amount", "fraud_risk_score", "risk_level", "alert")
    rows = zip(*(chosen[name].to_pylist() for name in columns), strict=True)
    return [
        Payment(transaction_id, amount, score, level, alert in ("new", "escalation"))
        for transaction_id, amount, score, level, alert in rows
    ]


def copy_archive(stage: Stage, target: Path) -> int:
    """Copy the archive's objects into a folder, for `riskstream query --path`, and return their number."""
    client, bucket = stage.aws.s3_client(), stage.settings.s3_bucket
    count = 0
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for item in page.get("Contents", []):
            file = target / item["Key"]
            file.parent.mkdir(parents=True, exist_ok=True)
            # One request each; a managed download makes two.
            file.write_bytes(client.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())
            count += 1
    return count
