"""Connections to S3: one place decides whether that is AWS, LocalStack or another server that speaks S3.

A server on this machine gets the configured keys, or "test", which emulators expect, when there are none.
"""

import ipaddress
import os
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
import localstack_client.config
import localstack_client.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError
from pyarrow.fs import S3FileSystem

from sinks.errors import ArchiveError, ArchiveUnavailableError

CONNECT_SECONDS = 5
READ_SECONDS = 30
ATTEMPTS = 3
"""Of one call, within seconds; a longer outage is for the caller to wait out."""

DEFAULT_REGION = "us-east-1"
_EMULATOR_KEY = "test"

_BUSY_CODES = {"SlowDown", "Throttling", "ThrottlingException", "RequestTimeout", "RequestLimitExceeded"}
_BUSY_STATUSES = {HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}


def s3_client(endpoint: str | None = None) -> Any:
    """Return a boto3 S3 client, safe to share between threads.

    `endpoint` is a URL; without one `AWS_ENDPOINT_URL` counts, then `LOCALSTACK_HOST`, then it is AWS itself.
    """
    return _client(_target(endpoint))


def s3_filesystem(bucket: str, endpoint: str | None = None) -> Any:
    """Return the Arrow filesystem that holds `bucket`, to read data sets with; it connects as `s3_client` does."""
    target = _target(endpoint)
    try:
        region = _client(target).head_bucket(Bucket=bucket).get("BucketRegion")
    except (BotoCoreError, ClientError) as error:
        raise archive_error(error, f"look at bucket {bucket}") from error
    keys = target.session.get_credentials().get_frozen_credentials()
    url = urlsplit(target.url or "https:")
    return S3FileSystem(
        access_key=keys.access_key,
        secret_key=keys.secret_key,
        session_token=keys.token,
        region=region or DEFAULT_REGION,
        scheme=url.scheme,
        endpoint_override=url.netloc or None,
    )


def ensure_bucket(client: Any, bucket: str) -> None:
    """Create `bucket` unless it exists."""
    try:
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if _status(error) != HTTPStatus.NOT_FOUND:
            raise archive_error(error, f"look at bucket {bucket}") from error
        _create_bucket(client, bucket)
    except BotoCoreError as error:
        raise archive_error(error, f"look at bucket {bucket}") from error


def archive_error(error: BotoCoreError | ClientError, doing: str) -> ArchiveError:
    """Say which failures pass by themselves (`ArchiveUnavailableError`) and which somebody has to mend."""
    if isinstance(error, HTTPClientError | NoConnectionError):
        return ArchiveUnavailableError(f"could not {doing}: S3 does not answer ({error}); check its address")
    if not isinstance(error, ClientError):
        return ArchiveError(f"could not {doing}: {error}; check the AWS settings")
    code, status = error.response.get("Error", {}).get("Code", ""), _status(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _BUSY_STATUSES or code in _BUSY_CODES:
        return ArchiveUnavailableError(f"could not {doing}: S3 is busy or failing ({code}); try again later")
    if status == HTTPStatus.NOT_FOUND:
        return ArchiveError(f"could not {doing}: the bucket does not exist; create it or set another")
    return ArchiveError(f"could not {doing}: S3 refuses it ({error}); check its name, credentials and permissions")


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _create_bucket(client: Any, bucket: str) -> None:
    region = client.meta.region_name
    # S3 refuses its first region as a location constraint.
    placement = {} if region == DEFAULT_REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    try:
        client.create_bucket(Bucket=bucket, **placement)
    except client.exceptions.BucketAlreadyOwnedByYou:
        return
    except (BotoCoreError, ClientError) as error:
        raise archive_error(error, f"create bucket {bucket}") from error


@dataclass(frozen=True)
class _Target:
    session: Any
    url: str | None


def _target(endpoint: str | None) -> _Target:
    url = endpoint or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if not url and os.environ.get("LOCALSTACK_HOST"):
        session = localstack_client.session.Session()
        return _Target(session, localstack_client.config.get_service_endpoint("s3"))
    if not url:
        return _Target(boto3.Session(), None)
    if _is_loopback(url):
        return _Target(_local_session(), url)
    return _Target(boto3.Session(), url)


def _client(target: _Target) -> Any:
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        # bucket.host resolves for AWS only; other servers take the bucket in the path.
        s3={"addressing_style": "path" if target.url else "auto"},
        # A proxy cannot reach this machine's own loopback.
        proxies={} if target.url and _is_loopback(target.url) else None,
    )
    return target.session.client("s3", endpoint_url=target.url, config=config)


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _local_session() -> Any:
    """Return a session for a server on this machine: configured keys, else the ones that emulators expect."""
    core = botocore.session.get_session()
    providers = core.get_component("credential_provider")
    for remote in ("container-role", "iam-role"):  # these ask the network, and take seconds to fail
        providers.remove(remote)
    if core.get_credentials() is None:
        core.set_credentials(_EMULATOR_KEY, _EMULATOR_KEY)
    region = core.get_config_variable("region") or DEFAULT_REGION
    return boto3.Session(botocore_session=core, region_name=region)
