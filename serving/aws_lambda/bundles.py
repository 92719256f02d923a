"""Loads the bundle once in a container: from the package, or from S3. What is damaged is refused by its hash."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from detectors.bundle import ARRAYS_FILE, MANIFEST_FILE, Bundle, loads_bundle
from detectors.errors import BundleError
from sinks import aws
from sinks.bundles import load_bundle


def fetch_bundle(place: str, endpoint: str | None = None) -> Bundle:
    """Return the bundle in a directory, or under s3://bucket/prefix; `endpoint` as for `sinks.aws.client`.

    Raises BundleError where there is none, or its arrays are not those that its manifest tells of.
    """
    url = urlsplit(place)
    if url.scheme != "s3":
        return load_bundle(Path(place))
    client = aws.client("s3", endpoint)
    try:
        return loads_bundle(
            {name: _read(client, url.netloc, url.path, name) for name in (MANIFEST_FILE, ARRAYS_FILE)}
        )
    except BundleError as error:
        raise BundleError(f"{place}: {error}") from error


def _read(client: Any, bucket: str, prefix: str, name: str) -> bytes:
    key = f"{prefix.strip('/')}/{name}".lstrip("/")
    try:
        return bytes(client.get_object(Bucket=bucket, Key=key)["Body"].read())
    except (BotoCoreError, ClientError) as error:
        raise BundleError(
            f"{name} cannot be read from the bucket {bucket} ({error}): upload the bundle's directory there, and"
            " allow s3:GetObject on it"
        ) from error
