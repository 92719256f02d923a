"""Memories as a changelog keeps them: MessagePack that names its version. One way to read all of them."""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

import msgspec

from detectors.errors import MemoryFormatError


class Versioned(Protocol):
    """A struct that says which version of itself it is."""

    @property
    def version(self) -> int:
        """The version that wrote it."""


Memory = TypeVar("Memory", bound=Versioned)


class Codec(Generic[Memory]):
    """Turns one kind of memory into bytes and back; equal memories give equal bytes."""

    def __init__(self, kind: type[Memory], name: str, version: int) -> None:
        self.encode: Callable[[Memory], bytes] = msgspec.msgpack.Encoder().encode
        """The memory as a changelog keeps it."""
        self._decoder = msgspec.msgpack.Decoder(kind)
        self._name = name
        self._version = version

    def decode(self, data: bytes) -> Memory:
        """The memory back. Raises MemoryFormatError for damaged bytes, and for those of another version."""
        try:
            memory = self._decoder.decode(data)
        except msgspec.MsgspecError as error:
            raise MemoryFormatError(self._complaint(data, _found(data, error))) from error
        if memory.version != self._version:
            raise MemoryFormatError(self._complaint(data, f"is of version {memory.version}"))
        return memory

    def _complaint(self, data: bytes, what: str) -> str:
        return (
            f"{self._name} ({len(data)} bytes) {what}; this release reads version {self._version}. Run the release"
            " that wrote it, or rebuild the memories with `riskstream replay --backfill`."
        )


def _found(data: bytes, error: msgspec.MsgspecError) -> str:
    """What undecodable bytes are: of another version, whose fields are not ours, or damaged."""
    try:
        fields = msgspec.msgpack.decode(data)
        version = fields["version"] if isinstance(fields, dict) else fields[0]
    except (msgspec.MsgspecError, LookupError, TypeError):
        return f"is damaged and cannot be read ({error})"
    return f"is of version {version!r:.20} and cannot be read ({error})"
