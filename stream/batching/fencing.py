"""Step 3 of the order of effects, fenced: only the worker that holds a partition can write its memories.

A worker that was paused past its session (a stopped process, a paused machine) still believes in its partitions.
The broker knows better, since whoever comes after it takes their changelogs over before reading them.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidProducerIdMapping,
    KafkaError,
    ProducerFenced,
    TransactionalIdAuthorizationFailed,
)
from aiokafka.structs import TopicPartition
from faust.types import TP

from stream.batching.identities import Identity, PartitionProducer, claim, renew
from stream.batching.producer import Outgoing, send_atomically
from stream.errors import ClaimRefused, Fenced

log = structlog.get_logger(__name__)

RENEW_SECONDS = 3600.0
"""Well below `producer.id.expiration.ms` (1 day) and `transactional.id.expiration.ms` (7 days)."""
CLAIM_SECONDS = 60.0
"""For all claims of an assignment; a broker that needs longer never gets there."""
CLAIMS_AT_ONCE = 16
RENEWAL_SECONDS = 15.0
RETRY_SECONDS = 5.0
"""A renewal cut off in its middle is ended by the next; after 60 s the coordinator ends it, with a new epoch."""


class FencedWriter:
    """Appends to changelogs under identities that die when another worker takes the partition over.

    An identity is the producer id that the broker's transaction coordinator keeps for the transactional id
    `<app id>-<topic>-<partition>`, at an epoch that every claim raises. Batches are written without a transaction,
    being atomic by themselves; the broker compares their epoch with the newest in the partition and refuses
    older ones, until it forgets: coordinators forget ids without transactions after 7 days, and partitions forget
    producers after a day without writes and would then take any sequence number from any epoch. Both are reminded
    every hour of what this worker holds. What remains: a worker that was away while nobody held its partitions for
    more than 7 days, and that wakes after the next has taken them over.

    Args:
        producer: of all changelogs.
        claimant: makes a producer for a transactional id, not started.
        app_id: what transactional ids begin with.
        topics: the changelogs.
        session_seconds: how long a worker may be silent before it is replaced.
        renew_seconds: between two reminders.
    """

    def __init__(
        self,
        producer: PartitionProducer,
        claimant: Callable[[str], AIOKafkaProducer],
        app_id: str,
        topics: Collection[str],
        session_seconds: float,
        renew_seconds: float = RENEW_SECONDS,
    ) -> None:
        self._producer = producer
        self._claimant = claimant
        self._app_id = app_id
        self._topics = topics
        self._session_seconds = session_seconds
        self._renew_seconds = renew_seconds
        self._identities: dict[TopicPartition, Identity] = {}
        self._generation = -1
        # A claim raises the epoch, so that a renewal under way would look like that of a stranger.
        self._lock = asyncio.Lock()
        self._settled = False

    async def start(self) -> None:
        """Connect."""
        await self._producer.start()

    async def stop(self) -> None:
        """Finish what is under way and disconnect."""
        await self._producer.stop()

    async def on_revoked(self, revoked: set[TP]) -> None:
        """Leave the partitions alone; what is still under way there may end under its old identity."""
        async with self._lock:
            self._settled = False

    async def on_assigned(self, assigned: set[TP], generation: int) -> None:
        """Take over the changelogs among these partitions, before anybody reads how far they go.

        Those held in the generation right before this one were nobody else's in between, and keep their identity.

        Raises:
            ClaimRefused: the broker lets nobody take partitions over, or not this user.
            Fenced: another worker took one over at the same time.
        """
        async with self._lock:
            held = {TopicPartition(*tp) for tp in assigned if tp.topic in self._topics}
            kept = self._identities.keys() & held if generation == self._generation + 1 else set()
            self._identities = {tp: self._identities[tp] for tp in kept}
            await self._claim_all(sorted(held - kept))
            self._generation = generation
            self._settled = True
        log.info("changelogs taken over", claimed=len(held - kept), kept=len(kept))

    async def append(self, topic: str, partition: int, records: Iterable[Outgoing]) -> int | None:
        """Append records as one record batch, all or nothing; return the last one's offset, None if none.

        Raises:
            Fenced: another worker has taken the partition over.
            RecordTooLarge: the records do not fit one batch.
        """
        tp = TopicPartition(topic, partition)
        batch = list(records)
        if not self._producer.can_write(tp):
            raise Fenced(f"partition {partition} of {topic} was never taken over by this worker; it ends")
        try:
            delivery = await send_atomically(self._producer, topic, partition, batch)
            return None if delivery is None else (await delivery).offset + len(batch) - 1
        except ProducerFenced as error:
            raise self._fenced(tp) from error

    async def keep_alive(self) -> None:
        """Remind the broker now and then of the partitions held here; never returns.

        Raises:
            Fenced: another worker has taken one over.
        """
        while True:
            await asyncio.sleep(self._renew_seconds)
            for tp in list(self._identities):
                while not await self._renew(tp):
                    await asyncio.sleep(RETRY_SECONDS)

    async def _claim_all(self, partitions: Collection[TopicPartition]) -> None:
        """Claim side by side: there is no heartbeat until all are through."""
        slots = asyncio.Semaphore(CLAIMS_AT_ONCE)

        async def claim_one(tp: TopicPartition) -> None:
            async with slots:
                self._identities[tp] = identity = await self._claim(tp)
                self._producer.adopt(tp, identity)

        try:
            async with asyncio.timeout(CLAIM_SECONDS), asyncio.TaskGroup() as group:
                for tp in partitions:
                    group.create_task(claim_one(tp))
        except TimeoutError:
            raise ClaimRefused(
                f"{len(partitions)} changelog partitions could not be taken over within {CLAIM_SECONDS:g} s: check"
                " that the broker can make its topic __transaction_state: transaction.state.log.replication.factor"
                " and transaction.state.log.min.isr must fit the number of brokers"
            ) from None
        except ExceptionGroup as group_error:
            raise group_error.exceptions[0] from None

    async def _claim(self, tp: TopicPartition) -> Identity:
        try:
            return await claim(self._claimant(self._transactional_id(tp)), tp)
        except ProducerFenced as error:
            raise self._fenced(tp) from error
        except TransactionalIdAuthorizationFailed as error:
            raise ClaimRefused(
                f"the broker does not let this user use the transactional id {self._transactional_id(tp)}: allow"
                f" Describe and Write on transactional ids that begin with `{self._app_id}-`"
            ) from error

    async def _renew(self, tp: TopicPartition) -> bool:
        """Renew a partition if it is held (still); False if that has to be tried again."""
        async with self._lock:
            if not self._settled or tp not in self._identities:
                return True
            try:
                async with asyncio.timeout(RENEWAL_SECONDS):
                    await renew(self._claimant(self._transactional_id(tp)), tp, self._identities[tp])
            except (ProducerFenced, InvalidProducerIdMapping) as error:
                raise self._fenced(tp) from error
            except (KafkaError, TimeoutError) as error:
                log.warning("a claim was not renewed", topic=tp.topic, partition=tp.partition, reason=repr(error))
                return False
        return True

    def _transactional_id(self, tp: TopicPartition) -> str:
        return f"{self._app_id}-{tp.topic}-{tp.partition}"

    def _fenced(self, tp: TopicPartition) -> Fenced:
        return Fenced(
            f"another worker has taken over partition {tp.partition} of {tp.topic}: this one was away too long"
            f" (session timeout {self._session_seconds:g} s); it ends"
        )
