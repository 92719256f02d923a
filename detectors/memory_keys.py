"""The names of memories in a partition's table: accounts by id, what a partition has once by its number."""


def account_key(account_id: str) -> bytes:
    """Return the key of an account's memory."""
    return b"account/" + account_id.encode()


def centroids_key(partition: int) -> bytes:
    """Return the key of a partition's k-means centres."""
    return b"centroids/%d" % partition


def drift_key(partition: int) -> bytes:
    """Return the key of a partition's drift detectors."""
    return b"drift/%d" % partition


def clock_key(partition: int) -> bytes:
    """Return the key of a partition's clock."""
    return b"clock/%d" % partition


def merchant_key(merchant_id: str) -> bytes:
    """Return the key of a merchant's memory."""
    return b"merchant/" + merchant_id.encode()


def ledger_key(partition: int) -> bytes:
    """Return the key of the head of a partition of merchants."""
    return b"ledger/%d" % partition
