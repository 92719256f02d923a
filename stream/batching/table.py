"""A Faust table whose changes are written once per touched key and batch, as one record batch."""

from collections.abc import Mapping
from typing import Any

import faust
from aiokafka import AIOKafkaProducer
from faust.types import TP

from stream.batching.producer import Outgoing, send_atomically


class BatchTable(faust.Table):
    """Bytes to bytes, in the memory store. Changes never go through `table[key] = value`."""

    def read(self, key: bytes) -> bytes | None:
        """Return the newest value of a key, including changes whose changelog write is still under way."""
        value: bytes | None = self.data.data.get(key)
        return value

    def apply(self, partition: int, changes: Mapping[bytes, bytes]) -> None:
        """Make changes visible to the next batch of the partition."""
        self.data.data.update(changes)
        # The memory store learns this only in recovery; without it, keys would outlive their partition here.
        self.data._key_partition.update(dict.fromkeys(changes, partition))

    async def persist(self, producer: AIOKafkaProducer, partition: int, changes: Mapping[bytes, bytes]) -> None:
        """Append the changes to the changelog, all or nothing, and wait until the broker has them.

        Raises:
            RecordTooLarge: the changes do not fit one record batch.
        """
        delivery = await send_atomically(
            producer, self.changelog_topic_name, partition, (Outgoing(k, v) for k, v in changes.items())
        )
        if delivery is not None:
            metadata = await delivery
            self._remember(partition, metadata.offset + len(changes) - 1)

    def _remember(self, partition: int, offset: int) -> None:
        """Spare the next rebalance a re-reading of our own writes."""
        tp = TP(self.changelog_topic_name, partition)
        offsets: Any = self.app.tables.recovery.active_offsets
        if tp in offsets:
            offsets[tp] = max(offsets[tp] or 0, offset)
