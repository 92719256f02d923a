"""The AWS inside this process."""

import logging
import os
import sys
from dataclasses import dataclass

import pytest
from moto.s3.models import s3_backends

from stream.embedded.aws import EmbeddedAws, EmbeddedAwsError

ACCESS_LOG = logging.getLogger("werkzeug")


@dataclass(frozen=True)
class Seen:
    """What one block showed; stopping takes half a second, so the tests share it."""

    endpoint: str
    kept: bytes
    left: int
    child: dict[str, str]
    environments: tuple[dict[str, str], ...]
    access_log_levels: tuple[int, ...]


@pytest.fixture(scope="module")
def seen() -> Seen:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_S3", "https://s3.example.com")
        patch.setenv("NO_PROXY", "intranet")
        before, level = dict(os.environ), ACCESS_LOG.level
        with EmbeddedAws("archive") as aws:
            aws.s3_client().put_object(Bucket="archive", Key="a", Body=b"1")
            kept: bytes = aws.s3_client().get_object(Bucket="archive", Key="a")["Body"].read()
            endpoint, child, during = aws.endpoint, aws.environment(), dict(os.environ)
        environments = (before, during, dict(os.environ))
        return Seen(endpoint, kept, len(s3_backends), child, environments, (level, ACCESS_LOG.level))


def test_it_listens_on_loopback_only(seen: Seen) -> None:
    assert seen.endpoint.startswith("http://127.0.0.1:")


def test_objects_are_kept_until_the_block_ends(seen: Seen) -> None:
    assert seen.kept == b"1"
    assert seen.left == 0


def test_a_child_process_is_led_to_it_and_to_nothing_else(seen: Seen) -> None:
    assert seen.child["AWS_ENDPOINT_URL"] == seen.child["AWS_ENDPOINT_URL_S3"] == seen.endpoint
    assert seen.child["NO_PROXY"] == "intranet,127.0.0.1"


def test_this_process_is_left_as_it_was(seen: Seen) -> None:
    before, during, after = seen.environments

    assert before == during == after
    assert len(set(seen.access_log_levels)) == 1


def test_a_bad_bucket_name_leaves_nothing_running() -> None:
    aws = EmbeddedAws("b")

    with pytest.raises(Exception, match="InvalidBucketName"):
        aws.__enter__()
    with pytest.raises(EmbeddedAwsError, match="not running"):
        _ = aws.endpoint


def test_without_moto_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moto.server", None)

    with pytest.raises(EmbeddedAwsError, match=r"pip install 'riskstream\[demo\]'"):
        EmbeddedAws("archive").__enter__()
