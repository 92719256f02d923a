"""`make chaos SEED=n`: a whole run on a Kafka and an S3 of its own; last line and exit code are the verdict."""

import argparse
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import typer

from stream.embedded.aws import EmbeddedAws
from tests.chaos.comparing import Findings
from tests.chaos.outages import LabelsOutage
from tests.chaos.plan import Scale, Variant, draw_plan
from tests.chaos.run import Account, Run
from tests.chaos.traffic import PARTITIONS, draw_traffic
from tests.chaos.verdict import judge
from tests.kafka_broker import ApacheKafka, missing_tools
from tests.pipeline.cluster import Cluster, recreate_topics
from tests.pipeline.outage import Relay
from tests.pipeline.traffic import saved_bundle, small_bundle

ACCOUNTS = 4000


def main() -> int:
    """Draw, carry out, judge."""
    given = _arguments()
    if (lack := missing_tools()) is not None:
        sys.exit(f"error: {lack}")
    # Whoever ends the run ends its workers and brokers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    variant = Variant(given.variant)
    scale = Scale(given.kills) if given.kills >= 10 else Scale(given.kills, 0, 0, 0)
    plan = draw_plan(given.seed, scale, variant)
    for number, fault in enumerate(plan, 1):
        typer.echo(f"{number:3} {fault}")
    if given.plan:
        return 0
    traffic = draw_traffic(given.seed, given.accounts, variant)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        s3 = stack.enter_context(Relay(stack.enter_context(EmbeddedAws("unused")).endpoint))
        broker = stack.enter_context(ApacheKafka(scratch / "kafka"))
        cluster = _cluster(broker, s3, scratch, given.logs or scratch)
        labels = None
        if variant is Variant.OUTAGE:
            labels = stack.enter_context(LabelsOutage(scratch / "labels", broker, cluster))
        started = time.monotonic()

        def say(line: str) -> None:
            typer.echo(f"{time.monotonic() - started:6.0f} s  {line}")

        say(f"{len(traffic.payments) + len(traffic.poison):,} payments, {len(traffic.labels):,} labels")
        account = Run(cluster, broker, s3, plan, traffic, say, labels).carry_out()
        say("comparing with an uninterrupted run")
        findings = judge(cluster, traffic)
    _report(account, findings)
    typer.echo(summary(given.seed, variant, account, findings))
    return 0 if findings.clean else 1


def _cluster(broker: ApacheKafka, s3: Relay, scratch: Path, logs: Path) -> Cluster:
    logs.mkdir(parents=True, exist_ok=True)
    bundle = saved_bundle(scratch / "bundle")
    cluster = Cluster(
        broker.bootstrap, s3.endpoint, small_bundle(), bundle, logs, merchant_memory=True, partitions=PARTITIONS
    )
    recreate_topics(broker.bootstrap, cluster.name, PARTITIONS)
    return cluster


def summary(seed: int, variant: Variant, account: Account, findings: Findings) -> str:
    """The last line."""
    longest = max(account.stalls.values(), default=0.0)
    return (
        f"seed={seed} variant={variant} kills={account.kills} unasked_ends={len(account.unasked)}"
        f" fenced={account.fenced} repeated={findings.repeated} longest_stall_s={longest:.1f}"
        f" lost={findings.lost} doubled={findings.doubled} differing={findings.differing}"
    )


def _report(account: Account, findings: Findings) -> None:
    typer.echo(f"{account.seconds:.0f} s; {account.borders}")
    typer.echo("done: " + ", ".join(f"{count} {kind}" for kind, count in sorted(account.done.items())))
    if account.missed:
        typer.echo(f"{account.missed} of them not at their point: no batch came any more")
    stalls = sorted(account.stalls.items(), key=lambda stall: -stall[1])
    typer.echo("longest stall, s: " + ", ".join(f"{cause} {seconds:.1f}" for cause, seconds in stalls))
    for line in (*account.unasked, *findings.words):
        typer.echo(line)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=20, help="under 10: kills only, for a quick look")
    parser.add_argument("--variant", choices=[each.value for each in Variant], default=Variant.PLAIN.value)
    parser.add_argument("--accounts", type=int, default=ACCOUNTS, help="each pays some 4.3 times")
    parser.add_argument("--logs", type=Path, help="keep the workers' logs here")
    parser.add_argument("--plan", action="store_true", help="print the plan and end")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
