"""A log that is not where the worker left off: it ends, says what is lost, and goes on once that is accepted."""

import logging
from collections.abc import Iterator, Mapping

import msgspec
import pytest
import structlog
import typer
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient
from typer.testing import CliRunner

from detectors.memory_keys import account_key
from scripts.accept_loss import accept_loss
from stream.head import Head, decode_head, head_key
from stream.topic_admin import create_topics
from stream.topics import ASSESSMENTS, ENRICHED, TRANSACTIONS, declared_topics
from tests.pipeline.cluster import PARTITIONS, Cluster
from tests.pipeline.folds import encoded, fold_apart, once
from tests.pipeline.topics import Sending, produce, values
from tests.pipeline.traffic import enriched, payments
from tests.pipeline.waiting import wait_until

pytestmark = pytest.mark.timeout(90)
COUNT = 1_000
HALF = COUNT // 2
SECONDS = 30.0
APP = typer.Typer()
APP.command()(accept_loss)
encode = msgspec.json.Encoder().encode


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """The command sets logs up for its process; here it is a guest in another one's."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def admin(cluster: Cluster) -> AdminClient:
    return AdminClient({"bootstrap.servers": cluster.bootstrap, "log_level": 0})


def make_anew(cluster: Cluster, *names: str) -> None:
    """Delete topics and create them again, empty and with other ids."""
    client = admin(cluster)
    for answer in client.delete_topics(list(names)).values():
        answer.result(20)
    wait_until(lambda: not set(names) & set(client.list_topics(timeout=10).topics), 20, "they are deleted")
    create_topics(client, [topic for topic in declared_topics(PARTITIONS, cluster.name) if topic.name in names])


def delete_records(cluster: Cluster, before: Mapping[tuple[str, int], int]) -> None:
    """Delete records as retention does."""
    client = admin(cluster)
    asked = client.delete_records([TopicPartition(*at, offset) for at, offset in before.items()])
    for answer in asked.values():
        answer.result(20)


def commit(cluster: Cluster, topic: str, partition: int, offset: int) -> None:
    """Set an offset of the group from outside."""
    wanted = ConsumerGroupTopicPartitions(cluster.name, [TopicPartition(topic, partition, offset)])
    client = admin(cluster)
    client.alter_consumer_group_offsets([wanted])[cluster.name].result(20)


def run_command(cluster: Cluster, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(APP, arguments, env=cluster.environment)
    return result.exit_code, result.output


def work_off(cluster: Cluster) -> float:
    """Run a worker until all is done; return how many payments it assessed."""
    with cluster.start_worker() as worker:
        cluster.wait_until_done([worker])
        assessed = worker.metric("riskstream_transactions_assessed_total")
        worker.stop()
    return assessed


def refusal(cluster: Cluster) -> str:
    """Start a worker that has to end by itself, in order, and return what it said."""
    with cluster.start_worker() as worker:
        assert worker.exit_code(SECONDS) == 1
        said = worker.log_text()
    assert "worker crashed" in said
    assert "not everything closed in order" not in said
    assert "riskstream accept-loss --yes" in said
    return said


def heads(cluster: Cluster) -> list[Head]:
    return [decode_head(memories.get(head_key(each))) for each, memories in enumerate(cluster.memories())]


def assessed(cluster: Cluster) -> list[list[bytes]]:
    return [once(values(records)) for records in cluster.read(ASSESSMENTS)]


def of_all_payments(cluster: Cluster) -> list[list[bytes]]:
    """The assessments of one worker that nothing ever happened to."""
    return [encoded(fold.assessments) for fold in fold_apart(enriched(COUNT), cluster.bundle, PARTITIONS)]


def accept(cluster: Cluster) -> str:
    """Show, accept, and show that nothing is left; return what was said in between."""
    code, shown = run_command(cluster)
    assert code == 1
    code, said = run_command(cluster, "--yes")
    assert code == 0, said
    assert said.splitlines()[0] == shown.splitlines()[0]
    assert run_command(cluster) == (0, "nothing is lost: every log goes on where the workers left off\n")
    return said


def test_when_topics_were_made_anew_no_record_is_taken_for_an_old_one(cluster: Cluster) -> None:
    """Their offsets begin at 0 again, which the heads have passed."""
    cluster.send(payments(COUNT)[:HALF])
    with cluster.start_worker() as worker:
        cluster.wait_until_done([worker])
        worker.kill()
    before = cluster.topic_ids
    assert {head.log_id for head in heads(cluster)} == {before.id_of(ENRICHED)}
    make_anew(cluster, TRANSACTIONS, ENRICHED)
    cluster.send(payments(COUNT)[HALF:])

    code, told = run_command(cluster, "--yes")
    assert code == 1
    assert f"error: the group {cluster.name} has 1 members: stop all workers" in told, "until its session ends"
    said, now = refusal(cluster), cluster.topic_ids
    for topic in (TRANSACTIONS, ENRICHED):
        assert f"{topic} was deleted and made anew (id {before.id_of(topic)} became {now.id_of(topic)})" in said
    assert not any(cluster.read(ENRICHED)), "nothing was read from elsewhere"

    accept(cluster)
    assert work_off(cluster) == COUNT - HALF
    assert assessed(cluster) == of_all_payments(cluster), "accounts kept their memories"
    assert {head.log_id for head in heads(cluster)} == {now.id_of(ENRICHED)}
    sources = {name.rpartition("/")[0] for head in heads(cluster) for name in head.upstream}
    assert sources == {now.source(TRANSACTIONS)}


def test_records_deleted_unread_and_an_offset_past_the_end_are_named_and_what_is_left_is_read(
    cluster: Cluster,
) -> None:
    cluster.send(payments(COUNT)[:HALF])
    assert work_off(cluster) == HALF
    ends = {(topic, 1): len(cluster.read(topic)[1]) for topic in (TRANSACTIONS, ENRICHED)}
    cluster.send(payments(COUNT)[HALF:])
    strangers = enriched(20, seed=12)
    written = [Sending(each.account_id.encode(), encode(each), partition=1) for each in strangers]
    produce(cluster.bootstrap, ENRICHED, written)
    delete_records(cluster, {at: end + 5 for at, end in ends.items()})
    past = len(cluster.read(ASSESSMENTS)[2])
    commit(cluster, ASSESSMENTS, 2, past + 100)

    said = refusal(cluster)
    assert f"{ASSESSMENTS} partition 2: offset {past + 100} comes next, but the log ends at {past}" in said
    for (topic, partition), end in ends.items():
        assert f"{topic} partition {partition}: records {end} to {end + 4} were deleted before they were" in said

    told = accept(cluster)
    assert f"{ASSESSMENTS} partition 2: goes on at offset 0" in told
    for (topic, partition), end in ends.items():
        assert f"{topic} partition {partition}: goes on at offset {end + 5}" in told
    assert work_off(cluster) == COUNT - HALF - 5 + len(strangers) - 5
    assert account_key(strangers[-1].account_id) in cluster.memories()[1]
