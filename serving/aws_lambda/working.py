"""The memories that one invocation works on: as they were read, and as they become."""

from collections.abc import Mapping

from serving.aws_lambda.table import Change, Item


class WorkingMemory:
    """Memories by key; `take` gives what has changed since it was last called."""

    def __init__(self, items: Mapping[str, Item]) -> None:
        self._values = {key: item.value for key, item in items.items()}
        self._versions = {key: item.version for key, item in items.items()}
        self._changed: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        """Return a memory as it is now."""
        return self._values.get(key)

    def put(self, key: str, value: bytes) -> None:
        """Change a memory."""
        self._values[key] = self._changed[key] = value

    def take(self) -> list[Change]:
        """Return the changes to write; what changes from now on presumes that they were written."""
        changes = [Change(key, value, self._versions.get(key, 0)) for key, value in self._changed.items()]
        for change in changes:
            self._versions[change.key] = change.version + 1
        self._changed = {}
        return changes
