"""Where the memories of a partition lie on this machine. Any store can be thrown away: the changelog has it all.

A store is never ahead of its changelog for good: what was applied and not yet persisted is lost with the process,
and recovered by working on the same records again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from aiokafka.structs import ConsumerRecord

Read = Callable[[bytes], bytes | None]
"""Returns the newest value of a key, None if there is none."""


class Store(Protocol):
    """The memories of one partition, and how much of its changelog they hold."""

    position: int
    """Offset of the first changelog record that is not in it; 0 for an empty one."""

    def reader(self, expected: Iterable[bytes] = ()) -> Read:
        """Return a function that reads what was applied so far, for use before anything else is applied.

        `expected` are the keys that will be asked for, so that a store may fetch them together.
        """

    def apply(self, changes: Mapping[bytes, bytes]) -> None:
        """Make changes visible to readers."""

    def persisted(self, changes: Mapping[bytes, bytes], end: int | None) -> None:
        """Take note that the changelog holds these changes, and that `end` is one past them.

        None leaves the position where it is: what lies before them is not known here.
        """

    def recover(self, records: Sequence[ConsumerRecord], end: int) -> None:
        """Take up records of the changelog, of which `end` is one past the last; a value of None deletes."""

    def recovered(self) -> None:
        """Take note that a recovery is over."""

    def clear(self) -> None:
        """Forget everything."""

    def close(self) -> None:
        """Let go of files. The partition leaves, or the process ends."""


OpenStore = Callable[[str, int, str], Store]
"""Opens the store of a table's partition, given the identity of its changelog: another one's memories are void."""
