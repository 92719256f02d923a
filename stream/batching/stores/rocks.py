"""Memories in RocksDB, for more accounts than memory holds: one database a table and partition.

The changelog is the write-ahead log. A database gets a batch's changes only when the changelog has them, in one
write together with the changelog's position, so that it is a prefix of the changelog at any time, a kill included.
"""

import fcntl
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn
from weakref import finalize

import msgspec
import structlog
from aiokafka.structs import ConsumerRecord
from rocksdict import (
    BlockBasedOptions,
    Cache,
    DBCompressionType,
    Options,
    Rdict,
    WriteBatch,
    WriteBufferManager,
    WriteOptions,
)

from stream.batching.stores import Read
from stream.errors import StoreError

log = structlog.get_logger(__name__)

MIB = 1024 * 1024
CACHE_BYTES = 32 * MIB
"""Of all databases together: uncompressed blocks, their indices and filters. The system's page cache does more."""
MEMTABLE_BYTES = 4 * MIB
"""Of one database; what a killed worker reads again from the changelog."""
ALL_MEMTABLES_BYTES = 32 * MIB
OPEN_FILES = 64
BLOOM_BITS = 10
"""About 1 % of the accounts that are new ask the disk in vain."""

_MARK = b"\x00mark"
_DAMAGED = "DAMAGED"
_OF_THE_MACHINE = ("No space left", "Permission denied", "lock ", "Read-only file system", "Too many open files")
"""In RocksDB's messages: troubles of the machine, which a new database would have too."""


class _Mark(msgspec.Struct, frozen=True, array_like=True):
    """Which changelog a database was made from, and how much of it."""

    changelog: str
    position: int


_decode_mark = msgspec.msgpack.Decoder(_Mark).decode
_encode_mark = msgspec.msgpack.Encoder().encode


class RocksStore:
    """A database and, over it, an overlay of the changes whose changelog write is still under way."""

    def __init__(self, path: Path, database: Rdict, changelog: str) -> None:
        self._path = path
        self._database = database
        self._changelog = changelog
        self._overlay: dict[bytes, bytes] = {}
        self._under_way: dict[bytes, int] = {}
        """How many writes of a key the changelog lacks; while there is one, the overlay has its value."""
        self._without_log = WriteOptions()
        self._without_log.disable_wal = True  # type: ignore[assignment, method-assign]  # an attribute, in truth
        self.position = 0
        self._adopt(database.get(_MARK))

    def _adopt(self, found: bytes | None) -> None:
        """Go on where the database ends, unless it was made from another changelog."""
        mark = None if found is None else _decode_mark(found)
        if mark is not None and mark.changelog == self._changelog:
            self.position = mark.position
        elif mark is not None:
            raise ValueError("it was made from another changelog")

    def reader(self, expected: Iterable[bytes] = ()) -> Read:
        """Return a function that looks into the overlay, then among `expected`, then into the database."""
        overlay, database = self._overlay, self._database
        wanted: list[Any] = [key for key in dict.fromkeys(expected) if key not in overlay]
        try:
            # One call for all costs less than half of a call for each.
            found: Any = database.get(wanted) if wanted else ()
        except Exception as error:
            self._fail("read", error)
        fetched: dict[bytes, bytes | None] = dict(zip(wanted, found, strict=True))

        def read(key: bytes) -> bytes | None:
            value = overlay.get(key)
            if value is not None:
                return value
            if key in fetched:
                return fetched[key]
            try:
                stored: bytes | None = database.get(key)
            except Exception as error:
                self._fail("read", error)
            return stored

        return read

    def apply(self, changes: Mapping[bytes, bytes]) -> None:
        """Make changes visible; the database does not have them yet."""
        self._overlay.update(changes)
        under_way = self._under_way
        for key in changes:
            under_way[key] = under_way.get(key, 0) + 1

    def persisted(self, changes: Mapping[bytes, bytes], end: int | None) -> None:
        """Write what the changelog holds now, and uncover it unless a later batch has changed it again."""
        batch = WriteBatch(raw_mode=True)
        for key, value in changes.items():
            batch.put(key, value)
        self._write(batch, self.position if end is None else max(self.position, end))
        for key in changes:
            self._under_way[key] = left = self._under_way.get(key, 0) - 1
            if left <= 0:
                del self._under_way[key]
                self._overlay.pop(key, None)

    def recover(self, records: Sequence[ConsumerRecord], end: int) -> None:
        """Write records of the changelog."""
        batch = WriteBatch(raw_mode=True)
        for record in records:
            if record.value is None:
                batch.delete(record.key)
            else:
                batch.put(record.key, record.value)
        self._write(batch, end)

    def _forget_changes(self) -> None:
        self._overlay.clear()
        self._under_way.clear()

    def _write(self, batch: WriteBatch, position: int) -> None:
        batch.put(_MARK, _encode_mark(_Mark(self._changelog, position)))
        try:
            self._database.write(batch, self._without_log)
        except Exception as error:
            self._fail("written", error)
        self.position = position

    def recovered(self) -> None:
        """Flush, so that a worker that is killed need not recover the same again."""
        try:
            self._database.flush()
        except Exception as error:
            self._fail("written", error)

    def clear(self) -> None:
        """Delete everything."""
        self._forget_changes()
        batch = WriteBatch(raw_mode=True)
        batch.delete_range(b"", b"\xff" * 16)
        self._write(batch, 0)

    def close(self) -> None:
        """Flush and let go; changes that the changelog never got are dropped."""
        self._forget_changes()
        try:
            self._database.flush()
        except Exception as error:
            log.warning("a local database was not flushed", path=str(self._path), reason=str(error))
        self._database.close()

    def _fail(self, done: str, error: Exception) -> NoReturn:
        """Raise with a way out. A database that is corrupt is thrown away at the next start."""
        if "Corruption" in str(error):
            (self._path / _DAMAGED).touch()
        raise StoreError(
            f"the local database {self._path} cannot be {done} ({error}): make sure that its disk works and has"
            " room, and start again; nothing is lost, for the changelog has it all"
        ) from error


class RocksStores:
    """The databases of one worker: a directory of its own, and one budget of memory for all of them.

    Raises:
        StoreError: another worker uses the directory, or it cannot be written.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._cache = Cache(CACHE_BYTES)
        self._memtables = WriteBufferManager(ALL_MEMTABLES_BYTES, allow_stall=False)
        # The lock is held for as long as this object lives.
        finalize(self, os.close, _lock(directory))

    def open(self, table: str, partition: int, changelog: str) -> RocksStore:
        """Open a database, or begin a new one where there is none that can be used.

        Raises:
            StoreError: the directory cannot be written.
        """
        path = self._directory / table / str(partition)
        if path.exists():
            try:
                if (path / _DAMAGED).exists():
                    raise ValueError("it was found damaged before")
                return self._open(path, changelog)
            except Exception as error:
                _raise_if_of_the_machine(path, error)
                log.warning("local database thrown away", path=str(path), reason=str(error))
                shutil.rmtree(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return self._open(path, changelog)
        except Exception as error:
            raise _unusable(path, error) from error

    def _open(self, path: Path, changelog: str) -> RocksStore:
        database = Rdict(str(path), self._options())
        try:
            return RocksStore(path, database, changelog)
        except Exception:
            database.close()
            raise

    def _options(self) -> Options:
        blocks = BlockBasedOptions()
        blocks.set_block_cache(self._cache)
        blocks.set_bloom_filter(BLOOM_BITS, block_based=False)
        # Inside the cache, so that the budget holds however many accounts there are.
        blocks.set_cache_index_and_filter_blocks(True)
        blocks.set_pin_l0_filter_and_index_blocks_in_cache(True)
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        options.set_block_based_table_factory(blocks)
        options.set_write_buffer_size(MEMTABLE_BYTES)
        options.set_write_buffer_manager(self._memtables)
        options.set_compression_type(DBCompressionType.lz4())
        options.set_max_background_jobs(2)
        options.set_max_open_files(OPEN_FILES)
        options.set_keep_log_file_num(1)
        return options


def _lock(directory: Path) -> int:
    """Claim a directory until the file returned is closed, by the end of the process if by nobody else."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        file = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    except OSError as error:
        raise _unusable(directory, error) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        raise StoreError(
            f"another worker uses {directory}: give each worker on a machine a RISKSTREAM_STORE_DIR of its own"
        ) from None
    return file


def _raise_if_of_the_machine(path: Path, error: Exception) -> None:
    if any(sign in str(error) for sign in _OF_THE_MACHINE):
        raise _unusable(path, error) from error


def _unusable(path: Path, error: Exception) -> StoreError:
    return StoreError(
        f"{path} cannot hold a database ({error}): make room or give rights there, or set RISKSTREAM_STORE_DIR;"
        " it may be deleted at any time, for the changelog has it all"
    )
