"""The commands around a worker, on a real broker: history, then live payments, then a look at the results."""

import json
from pathlib import Path

import pytest

from stream.enrichment import enrich_embedded
from stream.simulation import SimulationConfig, simulate, write_csv
from stream.sources.files import read_transactions
from stream.stages.assess import publishes_alert
from stream.topics import ALERTS, ASSESSMENTS
from tests.pipeline.cluster import PARTITIONS, Cluster
from tests.pipeline.commands import run_command
from tests.pipeline.folds import encoded, fold_apart
from tests.pipeline.topics import Sending, values

pytestmark = pytest.mark.timeout(60)
HISTORY, LIVE = 3_000, 2_000


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Payments of the same people, the earlier ones and those after them."""
    directory = tmp_path_factory.mktemp("files")
    traffic = simulate(SimulationConfig(seed=23, accounts=200, days=30, fraud_rate=0.01))
    history, live = directory / "history.csv", directory / "live.csv"
    write_csv(traffic[:HISTORY], history)
    write_csv(traffic[HISTORY : HISTORY + LIVE], live)
    return history, live


def test_history_is_learned_in_silence_and_live_payments_are_judged_on_it(
    cluster: Cluster, files: tuple[Path, Path]
) -> None:
    """Backfill, then live: the same as one run over both, and nobody is alerted about the past."""
    history, live = files
    with cluster.start_worker() as worker:
        worker.wait_ready()
        learned = run_command(cluster, "replay", str(history), "--backfill")
        replayed = run_command(cluster, "replay", str(live), "--rate", "100000", "--max-lag", "2000")
        cluster.send_records([Sending(b"somebody", b"{}")])
        cluster.wait_until_done([worker])
        doctor = run_command(cluster, "doctor")
        worker.stop()

    assert doctor.exit_code == 0
    assert {line.split()[0] for line in doctor.stdout.splitlines()} == {"ok"}
    assert (learned.exit_code, replayed.exit_code) == (0, 0)
    assert learned.stdout.startswith(f"{HISTORY:,} sent, {HISTORY:,} acknowledged, 0 failed")
    assert replayed.stdout.startswith(f"{LIVE:,} sent, {LIVE:,} acknowledged, 0 failed")

    payments = [
        *enrich_embedded(read_transactions(history).transactions, backfill=True),
        *enrich_embedded(read_transactions(live).transactions),
    ]
    folds = fold_apart(payments, cluster.bundle, PARTITIONS)
    for fold, records in zip(folds, cluster.read(ASSESSMENTS), strict=True):
        assert values(records) == encoded(fold.assessments)
        assert sum(a.backfill for a in fold.assessments) > 0
    assert cluster.archived().num_rows == HISTORY + LIVE

    alerts = [value for records in cluster.read(ALERTS) for value in values(records)]
    live_alerts = [a.transaction_id for fold in folds for a in fold.assessments if publishes_alert(a)]
    assert sorted(json.loads(alert)["subject"] for alert in alerts) == sorted(live_alerts)
    silent = [a for fold in folds for a in fold.assessments if a.backfill and a.alert == "new"]
    assert silent, "history without anything risky would prove nothing"

    shown = run_command(cluster, "alerts", "--from-beginning", "--json", "--limit", str(len(alerts)))
    assert shown.exit_code == 0
    assert sorted(shown.stdout.splitlines()) == sorted(alert.decode() for alert in alerts)

    (letter,) = run_command(cluster, "dead-letters", "list", "--json").stdout.splitlines()
    assert json.loads(letter)["reason"] == "MISSING_FIELD"
    assert run_command(cluster, "dead-letters", "show", json.loads(letter)["id"], "--raw").stdout == "{}"


def test_the_doctor_finds_what_is_wrong_on_a_real_broker(cluster: Cluster, tmp_path: Path) -> None:
    sick = run_command(
        cluster, "doctor", RISKSTREAM_PARTITIONS="8", RISKSTREAM_BUNDLE=str(tmp_path), RISKSTREAM_APP_ID="other"
    )
    assert sick.exit_code == 1
    assert "topic transactions has 4 partitions, 8 are expected" in sick.stdout
    assert "topic other-memories-changelog is missing: run `riskstream create-topics`" in sick.stdout
    assert "riskstream train" in sick.stdout
