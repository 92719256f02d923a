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
