"""The bundle of a function that finds it in S3."""

import uuid
from pathlib import Path

import pytest

from detectors.bundle import ARRAYS_FILE, MANIFEST_FILE
from detectors.errors import BundleError
from serving.aws_lambda.bundles import fetch_bundle
from sinks import aws
from sinks.s3 import ensure_bucket
from stream.embedded.aws import EmbeddedAws
from tests.pipeline.traffic import small_bundle


def test_a_bundle_comes_from_a_bucket_whole_or_not_at_all(
    embedded_aws: EmbeddedAws, bundle_directory: Path
) -> None:
    s3, bucket = aws.client("s3", embedded_aws.endpoint), f"bundles-{uuid.uuid4().hex[:8]}"
    ensure_bucket(s3, bucket)
    place = f"s3://{bucket}/current/"
    with pytest.raises(BundleError, match="upload"):
        fetch_bundle(place, embedded_aws.endpoint)
    for name in (MANIFEST_FILE, ARRAYS_FILE):
        s3.put_object(Bucket=bucket, Key=f"current/{name}", Body=(bundle_directory / name).read_bytes())
    assert fetch_bundle(place, embedded_aws.endpoint).version == small_bundle().version
    s3.put_object(Bucket=bucket, Key=f"current/{ARRAYS_FILE}", Body=b"of another bundle")
    with pytest.raises(BundleError):
        fetch_bundle(place, embedded_aws.endpoint)


def test_a_bundle_may_lie_in_the_package(bundle_directory: Path) -> None:
    assert fetch_bundle(str(bundle_directory)).version == small_bundle().version
