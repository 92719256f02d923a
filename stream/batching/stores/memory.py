"""Memories in a dictionary: the fastest store, empty after every start."""

from collections.abc import Iterable, Mapping, Sequence

from aiokafka.structs import ConsumerRecord

from stream.batching.stores import Read


class MemoryStore:
    """One dictionary a partition, so that nothing has to remember which key belongs where."""

    def __init__(self) -> None:
        self.position = 0
        self._data: dict[bytes, bytes] = {}

    def __len__(self) -> int:
        return len(self._data)

    def reader(self, expected: Iterable[bytes] = ()) -> Read:
        """Return the dictionary's own `get`."""
        return self._data.get

    def apply(self, changes: Mapping[bytes, bytes]) -> None:
        """Replace values."""
        self._data.update(changes)

    def persisted(self, changes: Mapping[bytes, bytes], end: int | None) -> None:
        """Move the position, so that a recovery need not read our own writes."""
        if end is not None:
            self.position = max(self.position, end)

    def recover(self, records: Sequence[ConsumerRecord], end: int) -> None:
        """Take up records of the changelog."""
        data = self._data
        for record in records:
            if record.value is None:
                data.pop(record.key, None)
            else:
                data[record.key] = record.value
        self.position = end

    def recovered(self) -> None:
        """Do nothing: there is nothing to flush."""

    def clear(self) -> None:
        """Forget everything."""
        self._data.clear()
        self.position = 0

    def close(self) -> None:
        """Free the memory at once; a late reader finds nothing."""
        self.clear()


def open_memory(table: str, partition: int, changelog: str) -> MemoryStore:
    """Return an empty store."""
    return MemoryStore()
