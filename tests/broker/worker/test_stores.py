"""Workers whose memories lie in RocksDB: what comes out is the same, and a restart reads only what is new."""

import re
from pathlib import Path

import pytest

from stream.topics import ASSESSMENTS
from tests.pipeline.cluster import PARTITIONS, Cluster
from tests.pipeline.folds import encoded, fold_apart, once
from tests.pipeline.process import WorkerProcess
from tests.pipeline.topics import values
from tests.pipeline.traffic import enriched, payments
from tests.pipeline.waiting import wait_until

pytestmark = pytest.mark.timeout(90)
COUNT = 3_000
HALF = COUNT // 2
_RECOVERED = re.compile(r"memories recovered .*?partitions=(\d+) records=(\d+)")


def in_rocksdb(cluster: Cluster, directory: Path) -> WorkerProcess:
    return cluster.start_worker(
        RISKSTREAM_STORE="rocksdb", RISKSTREAM_STORE_DIR=str(directory), RISKSTREAM_BATCH_MAX_RECORDS="100"
    )


def recoveries(worker: WorkerProcess) -> list[tuple[int, int]]:
    """Changelog partitions held and records read, for each recovery so far."""
    return [(int(held), int(read)) for held, read in _RECOVERED.findall(worker.log_text())]


def writes(cluster: Cluster) -> list[int]:
    """Records of the changelog, by partition; no compaction runs so soon."""
    return [len(records) for records in cluster.read(cluster.settings.changelog_topic)]


def assert_exact(cluster: Cluster) -> None:
    folds = fold_apart(enriched(COUNT), cluster.bundle, PARTITIONS)
    for fold, records in zip(folds, cluster.read(ASSESSMENTS), strict=True):
        assert once(values(records)) == encoded(fold.assessments)
    for memories, expected in zip(cluster.memories(), cluster.expected(), strict=True):
        assert memories == expected.memories


def test_killed_workers_go_on_from_their_databases_as_if_nobody_had_ever_stopped(
    cluster: Cluster, tmp_path: Path
) -> None:
    """The first is killed before anything was flushed, the second in the middle; then one database is damaged."""
    with in_rocksdb(cluster, tmp_path / "stores") as first:
        cluster.send(payments(COUNT)[:HALF])
        cluster.wait_until_done([first])
        first.kill()
    with in_rocksdb(cluster, tmp_path / "stores") as second:
        second.wait_ready()
        on_disk = writes(cluster)
        cluster.send(payments(COUNT)[HALF:])
        wait_until(lambda: sum(writes(cluster)) > sum(on_disk), 30, "the worker writes more memories")
        second.kill()
    (manifest,) = (tmp_path / "stores" / "memories" / "0").glob("MANIFEST-*")
    manifest.write_bytes(b"garbled")
    with in_rocksdb(cluster, tmp_path / "stores") as third:
        cluster.wait_until_done([third])
        third.stop()

    assert recoveries(second)[-1][1] >= sum(on_disk)
    assert third.log_text().count("local database thrown away") == 1
    new = sum(writes(cluster)) - sum(on_disk)
    assert on_disk[0] <= recoveries(third)[-1][1] <= on_disk[0] + new, "what was on disk is not read again"
    assert_exact(cluster)


def test_partitions_that_leave_take_their_memories_and_those_that_stay_are_not_read_again(
    cluster: Cluster,
) -> None:
    with cluster.start_worker() as first:
        cluster.send(payments(COUNT)[:HALF])
        cluster.wait_until_done([first])
        alone = recoveries(first)[-1][0]
        with cluster.start_worker() as second:
            wait_until(lambda: recoveries(first)[-1][0] < alone, 30, "the first worker gives partitions up")
            wait_until(lambda: recoveries(second) != [], 30, "the second worker takes them over")
            cluster.send(payments(COUNT)[HALF:])
            cluster.wait_until_done([first, second])
            second.stop()
        first.stop()

    held, read = next(each for each in recoveries(first) if each[0] < alone)
    assert held + recoveries(second)[-1][0] == alone
    assert read <= 4 * held, "nothing but what an owner writes itself"
    assert_exact(cluster)


def test_a_recovery_that_fails_ends_the_worker_before_it_assesses_anything(
    cluster: Cluster, tmp_path: Path
) -> None:
    """Going on with half of the memories would be worse than anything."""
    (tmp_path / "stores").mkdir()
    (tmp_path / "stores" / "memories").write_text("in the way")
    cluster.send(payments(COUNT)[:HALF])

    with in_rocksdb(cluster, tmp_path / "stores") as worker:
        assert worker.exit_code(40) == 1
        assert "cannot hold a database" in worker.log_text()

    assert sum(map(len, cluster.read(ASSESSMENTS))) == 0
