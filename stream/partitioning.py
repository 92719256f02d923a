"""Which partition a key belongs to: murmur2, as Java's default partitioner, aiokafka and our load generator do."""

from functools import lru_cache

from aiokafka.partitioner import murmur2


@lru_cache(maxsize=1 << 16)
def partition_of(key: str, partitions: int) -> int:
    """Return the partition of a key.

    >>> partition_of("AC00128", 8) == partition_of("AC00128", 8) < 8
    True
    """
    return int((murmur2(key.encode()) & 0x7FFFFFFF) % partitions)
