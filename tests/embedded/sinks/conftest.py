"""One S3 server for all tests of the sinks."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from sinks.s3 import ensure_bucket, s3_client
from stream.embedded.aws import EmbeddedAws


@pytest.fixture(scope="package")
def endpoint() -> Iterator[str]:
    """The URL of an S3 server in this process, which holds an empty bucket named archive."""
    with EmbeddedAws("archive") as aws:
        yield aws.endpoint


@pytest.fixture(scope="package")
def client(endpoint: str) -> Any:
    """A client of that server."""
    return s3_client(endpoint)


@pytest.fixture
def bucket(client: Any, numbers: Iterator[int] = count()) -> str:  # noqa: B008 - one sequence for all tests
    """The name of a bucket that is empty."""
    name = f"archive-{next(numbers)}"
    ensure_bucket(client, name)
    return name
