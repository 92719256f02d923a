"""A record that makes the pure stage raise costs itself and nothing else."""

import msgspec
import pytest

from sinks.dead_letters import TRACEBACK, read_cause
from stream.topics import ASSESSMENTS, DEAD_LETTERS, ENRICHED
from tests.pipeline.cluster import PARTITIONS, Cluster
from tests.pipeline.commands import run_command
from tests.pipeline.faulty import POISON, SECRET
from tests.pipeline.folds import encoded, fold_apart
from tests.pipeline.topics import values
from tests.pipeline.traffic import enriched, payments

pytestmark = pytest.mark.timeout(60)
COUNT = 1_500
POISONED = (0, 700, 701, COUNT - 1)


def test_a_record_that_makes_the_stage_raise_is_a_dead_letter_and_all_others_are_assessed(
    cluster: Cluster,
) -> None:
    sent = [
        msgspec.structs.replace(payment, transaction_id=f"{POISON}-{index}") if index in POISONED else payment
        for index, payment in enumerate(payments(COUNT))
    ]
    cluster.send(sent)
    with cluster.start_worker(fault=POISON) as worker:
        cluster.wait_until_done([worker])
        metrics = worker.metrics()
        worker.stop()
        assert SECRET not in worker.log_text(), "a traceback may quote the data, so it is not logged"

    good = [payment for index, payment in enumerate(enriched(COUNT)) if index not in POISONED]
    for fold, records in zip(fold_apart(good, cluster.bundle, PARTITIONS), cluster.read(ASSESSMENTS), strict=True):
        assert values(records) == encoded(fold.assessments)

    log = cluster.read(ENRICHED)
    letters = [letter for partition in cluster.read(DEAD_LETTERS) for letter in partition]
    for letter in letters:
        cause = read_cause(letter.headers)
        assert cause.reason == "INTERNAL_ERROR"
        assert SECRET.encode() in (letter.header(TRACEBACK) or b"")
        assert cause.source is not None
        assert log[cause.source.partition][cause.source.offset].value == letter.value
    ids = {msgspec.json.decode(letter.value or b"")["transaction_id"] for letter in letters}
    assert ids == {f"{POISON}-{index}" for index in POISONED}
    assert len(letters) == len(POISONED)
    assert metrics["riskstream_dead_letters_total{reason=INTERNAL_ERROR}"] == len(POISONED)

    with cluster.start_worker() as mended:
        redriven = run_command(cluster, "dead-letters", "redrive", "--all", "--reason", "INTERNAL_ERROR", "--yes")
        assert redriven.stdout == f"{len(POISONED)} redriven, 0 refused, 0 not delivered\n"
        cluster.wait_until_done([mended])
        mended.stop()
    assert cluster.archived().num_rows == COUNT
