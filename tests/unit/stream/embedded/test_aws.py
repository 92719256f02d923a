"""The AWS inside this process."""

import logging
import os
import sys

import pytest
from moto.s3.models import s3_backends

from stream.embedded.aws import EmbeddedAws, EmbeddedAwsError


def test_objects_are_kept_until_the_block_ends() -> None:
    with EmbeddedAws("archive") as aws:
        aws.s3_client().put_object(Bucket="archive", Key="a", Body=b"1")
        kept = aws.s3_client().get_object(Bucket="archive", Key="a")["Body"].read()

    assert kept == b"1"
    assert list(s3_backends.values()) == []


def test_a_child_process_is_led_to_it_and_to_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://s3.example.com")
    monkeypatch.setenv("NO_PROXY", "intranet")
    before, level = dict(os.environ), logging.getLogger("werkzeug").level

    with EmbeddedAws("archive") as aws:
        child = aws.environment()

        assert aws.endpoint.startswith("http://127.0.0.1:")
        assert child["AWS_ENDPOINT_URL"] == child["AWS_ENDPOINT_URL_S3"] == aws.endpoint
        assert child["NO_PROXY"] == "intranet,127.0.0.1"
        assert dict(os.environ) == before
    assert logging.getLogger("werkzeug").level == level


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
