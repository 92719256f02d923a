"""One S3 server for all tests of the sinks."""

from collections.abc import Iterator

import pytest

from stream.embedded.aws import EmbeddedAws


@pytest.fixture(scope="package")
def endpoint() -> Iterator[str]:
    """The URL of an S3 server in this process, which holds an empty bucket named archive."""
    with EmbeddedAws("archive") as aws:
        yield aws.endpoint
