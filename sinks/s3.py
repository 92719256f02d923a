"""S3: how it is reached, its buckets, and what its failures mean. Where it is, `sinks/aws.py` decides."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError
from pyarrow.fs import S3FileSystem

from sinks import aws
from sinks.errors import ArchiveError, ArchiveUnavailableError

_BUSY_CODES = {"SlowDown", "Throttling", "ThrottlingException", "RequestTimeout", "RequestLimitExceeded"}
_BUSY_STATUSES = {HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}


def s3_client(endpoint: str | None = None) -> Any:
    """Return a boto3 S3 client, safe to share between threads; `endpoint` as for `sinks.aws.client`."""
    return aws.client("s3", endpoint)


def s3_filesystem(bucket: str, endpoint: str | None = None) -> Any:
    """Return the Arrow filesystem that holds `bucket`, to read data sets with; it connects as `s3_client` does."""
    return BucketFiles(bucket, endpoint)()


class BucketFiles:
    """Gives the `s3_filesystem` of a bucket as often as it is wanted, with the credentials of the moment.

    Who asks is found out once: boto3 leaves ten megabytes behind each time, until Python's collector comes by.
    Not for several threads at once.
    """

    def __init__(self, bucket: str, endpoint: str | None = None) -> None:
        self._bucket = bucket
        self._endpoint = endpoint
        self._connected: tuple[aws.Target, Any] | None = None

    def __call__(self) -> Any:
        """Return the filesystem; raises ArchiveError where the bucket cannot be looked at."""
        target, client = self._connect()
        try:
            region = client.head_bucket(Bucket=self._bucket).get("BucketRegion")
        except (BotoCoreError, ClientError) as error:
            raise archive_error(error, f"look at bucket {self._bucket}") from error
        keys = target.session.get_credentials().get_frozen_credentials()
        url = urlsplit(target.url or "https:")
        return S3FileSystem(
            access_key=keys.access_key,
            secret_key=keys.secret_key,
            session_token=keys.token,
            region=region or aws.DEFAULT_REGION,
            scheme=url.scheme,
            endpoint_override=url.netloc or None,
        )

    def _connect(self) -> tuple[aws.Target, Any]:
        if self._connected is None:
            target = aws.find_target("s3", self._endpoint)
            self._connected = target, aws.connect("s3", target)
        return self._connected


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
    elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    placement = {} if region == aws.DEFAULT_REGION else elsewhere
    try:
        client.create_bucket(Bucket=bucket, **placement)
    except client.exceptions.BucketAlreadyOwnedByYou:
        return
    except (BotoCoreError, ClientError) as error:
        raise archive_error(error, f"create bucket {bucket}") from error
