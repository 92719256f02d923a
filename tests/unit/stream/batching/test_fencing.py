"""Which partitions a writer takes over, what it reminds the broker of, and what it says where it may not write."""

import asyncio

import pytest
from aiokafka.errors import (
    InvalidProducerIdMapping,
    KafkaConnectionError,
    ProducerFenced,
    TransactionalIdAuthorizationFailed,
)
from aiokafka.structs import TopicPartition
from faust.types import TP

import stream.batching.fencing
from stream.batching.fencing import FencedWriter
from stream.batching.identities import Identity
from stream.batching.producer import Outgoing
from stream.errors import ClaimRefused, Fenced

ONE, TWO = TP("changelog", 0), TP("changelog", 1)
ELSEWHERE = TP("payments", 0)
RENEW_SECONDS = 0.001


class FakeCoordinator:
    """Deals out identities, and notes for which transactional ids."""

    def __init__(self) -> None:
        self.claimed: list[str] = []
        self.renewed: dict[str, Identity] = {}
        self.refusal: Exception | None = None
        self.asked = asyncio.Event()

    async def claim(self, transactional_id: str, partition: TopicPartition) -> Identity:
        self._ask()
        self.claimed.append(transactional_id)
        return Identity(partition.partition, len(self.claimed))

    async def renew(self, transactional_id: str, partition: TopicPartition, identity: Identity) -> None:
        self._ask()
        self.renewed[transactional_id] = identity

    def _ask(self) -> None:
        self.asked.set()
        if self.refusal is not None:
            raise self.refusal


class FakeProducer:
    """Knows under which identity it writes what."""

    def __init__(self) -> None:
        self.identities: dict[TopicPartition, Identity] = {}

    def adopt(self, partition: TopicPartition, identity: Identity) -> None:
        self.identities[partition] = identity

    def can_write(self, partition: TopicPartition) -> bool:
        return partition in self.identities


@pytest.fixture
def coordinator(monkeypatch: pytest.MonkeyPatch) -> FakeCoordinator:
    fake = FakeCoordinator()
    monkeypatch.setattr(stream.batching.fencing, "claim", fake.claim)
    monkeypatch.setattr(stream.batching.fencing, "renew", fake.renew)
    return fake


@pytest.fixture
def producer() -> FakeProducer:
    return FakeProducer()


@pytest.fixture
def writer(coordinator: FakeCoordinator, producer: FakeProducer) -> FencedWriter:
    return FencedWriter(
        producer, lambda transactional_id: transactional_id, "app", {"changelog"}, 6, RENEW_SECONDS
    )


async def test_the_changelogs_among_the_partitions_are_claimed_by_application_topic_and_partition(
    writer, coordinator, producer
):
    await writer.on_assigned({ONE, TWO, ELSEWHERE}, 1)
    assert sorted(coordinator.claimed) == ["app-changelog-0", "app-changelog-1"]
    assert producer.identities.keys() == {ONE, TWO}


async def test_a_partition_that_is_kept_keeps_its_identity(writer, coordinator):
    await writer.on_assigned({ONE}, 4)
    await writer.on_assigned({ONE, TWO}, 5)
    assert coordinator.claimed == ["app-changelog-0", "app-changelog-1"]


async def test_a_partition_is_claimed_again_if_a_generation_was_missed(writer, coordinator):
    """Somebody else may have had it in between, though it looks as if it had been kept."""
    await writer.on_assigned({ONE}, 4)
    await writer.on_assigned({ONE}, 6)
    assert coordinator.claimed == ["app-changelog-0"] * 2


async def test_a_partition_that_left_is_claimed_again_when_it_comes_back(writer, coordinator):
    for generation, assigned in enumerate([{ONE}, {TWO}, {ONE, TWO}]):
        await writer.on_assigned(assigned, generation)
    assert coordinator.claimed == ["app-changelog-0", "app-changelog-1", "app-changelog-0"]


async def test_after_a_claim_that_failed_all_are_claimed_anew(writer, coordinator):
    await writer.on_assigned({ONE}, 1)
    coordinator.refusal = KafkaConnectionError("gone")
    with pytest.raises(KafkaConnectionError):
        await writer.on_assigned({ONE, TWO}, 2)
    coordinator.refusal = None
    await writer.on_assigned({ONE, TWO}, 3)
    assert coordinator.claimed == ["app-changelog-0", "app-changelog-0", "app-changelog-1"]


async def test_a_user_without_the_right_is_told_which_one_it_is(writer, coordinator):
    coordinator.refusal = TransactionalIdAuthorizationFailed("app-changelog-0")
    with pytest.raises(ClaimRefused, match="Describe and Write on transactional ids that begin with `app-`"):
        await writer.on_assigned({ONE}, 1)


async def test_a_coordinator_that_never_answers_is_named(writer, monkeypatch):
    monkeypatch.setattr(stream.batching.fencing, "CLAIM_SECONDS", 0.001)
    monkeypatch.setattr(stream.batching.fencing, "claim", lambda *arguments: asyncio.Event().wait())
    with pytest.raises(ClaimRefused, match="__transaction_state"):
        await writer.on_assigned({ONE}, 1)


async def test_somebody_who_claims_at_the_same_time_wins(writer, coordinator):
    coordinator.refusal = ProducerFenced()
    with pytest.raises(Fenced, match="another worker has taken over partition 0 of changelog"):
        await writer.on_assigned({ONE}, 1)


async def test_what_was_never_claimed_cannot_be_written(writer):
    with pytest.raises(Fenced, match="partition 1 of changelog was never taken over by this worker"):
        await writer.append("changelog", 1, [Outgoing(b"key", b"value")])


async def test_held_partitions_are_renewed_under_their_identity(writer, coordinator, producer):
    await writer.on_assigned({ONE, TWO}, 1)
    keeping = asyncio.create_task(writer.keep_alive())
    while len(coordinator.renewed) < 2:
        await asyncio.sleep(0)
    keeping.cancel()
    assert list(coordinator.renewed.values()) == [producer.identities[ONE], producer.identities[TWO]]


async def test_nothing_is_renewed_between_revocation_and_assignment(writer, coordinator):
    """A claim raises the epoch: a renewal then would take this worker for a stranger."""
    await writer.on_assigned({ONE}, 1)
    await writer.on_revoked({ONE})
    keeping = asyncio.create_task(writer.keep_alive())
    done, _ = await asyncio.wait({keeping}, timeout=20 * RENEW_SECONDS)
    keeping.cancel()
    assert not done
    assert not coordinator.renewed


@pytest.mark.parametrize("refusal", [ProducerFenced(), InvalidProducerIdMapping()], ids=["fenced", "forgotten"])
async def test_a_renewal_that_is_refused_ends_the_worker(writer, coordinator, refusal):
    await writer.on_assigned({ONE}, 1)
    coordinator.refusal = refusal
    with pytest.raises(Fenced, match="away too long"):
        await writer.keep_alive()


async def test_a_renewal_that_fails_is_soon_tried_again(writer, coordinator, monkeypatch):
    monkeypatch.setattr(stream.batching.fencing, "RETRY_SECONDS", 0)
    await writer.on_assigned({ONE}, 1)
    coordinator.asked.clear()
    coordinator.refusal = KafkaConnectionError("gone")
    keeping = asyncio.create_task(writer.keep_alive())
    await coordinator.asked.wait()
    coordinator.refusal = None
    while not coordinator.renewed:
        await asyncio.sleep(0)
    keeping.cancel()
