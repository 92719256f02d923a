"""A Faust table whose changes are written once per touched key and batch, as one record batch."""

from collections.abc import Iterable, Mapping
from typing import Any

import faust

from stream.batching.producer import ChangelogWriter, Outgoing
from stream.batching.stores import OpenStore, Read, Store
from stream.batching.stores.memory import open_memory


class BatchTable(faust.Table):
    """Bytes to bytes, in one store a partition; Faust's own stays empty, nothing goes through `table[key]`."""

    def __init__(self, *args: Any, open_store: OpenStore = open_memory, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._open_store = open_store
        self._changelog = ""
        self._stores: dict[int, Store] = {}
        self._recovered: set[int] = set()

    # -- what stages do

    def reader(self, partition: int, expected: Iterable[bytes] = ()) -> Read:
        """Return what reads the newest values of a partition, for use until something is applied.

        It finds changes whose changelog write is still under way, and nothing in a partition that is not held.
        `expected` are keys that will be asked for.
        """
        store = self._stores.get(partition)
        return _read_nothing if store is None else store.reader(expected)

    def apply(self, partition: int, changes: Mapping[bytes, bytes]) -> None:
        """Make changes visible to the next batch of the partition."""
        self._stores[partition].apply(changes)

    async def persist(self, writer: ChangelogWriter, partition: int, changes: Mapping[bytes, bytes]) -> None:
        """Append the changes to the changelog, all or nothing, and wait until the broker has them.

        Raises:
            RecordTooLarge: the changes do not fit one record batch.
            Fenced: another worker writes this partition now.
            StoreError: the local database does not take them.
        """
        store = self._stores.get(partition)
        records = (Outgoing(key, value) for key, value in changes.items())
        last = await writer.append(self.changelog_topic_name, partition, records)
        if last is not None and store is not None and self._stores.get(partition) is store:
            store.persisted(changes, last + 1 if partition in self._recovered else None)

    # -- what recovery does

    def hold(self, partitions: Iterable[int], changelog: str) -> dict[int, Store]:
        """Let go of all partitions but these, open those that are new, and return the stores of all.

        `changelog` is the identity of the changelog topic; stores of another one are let go of too.
        """
        wanted = set(partitions)
        for partition in self._stores.keys() - (wanted if changelog == self._changelog else set()):
            self._stores.pop(partition).close()
        self._changelog = changelog
        self._recovered.clear()
        for partition in sorted(wanted - self._stores.keys()):
            self._stores[partition] = self._open_store(self.name, partition, changelog)
        return dict(self._stores)

    def mark_recovered(self) -> None:
        """Take note that all partitions held are as new as their changelog."""
        for store in self._stores.values():
            store.recovered()
        self._recovered.update(self._stores)

    async def on_stop(self) -> None:
        """Close all stores."""
        await super().on_stop()
        self.hold((), self._changelog)


def _read_nothing(key: bytes) -> bytes | None:
    return None
