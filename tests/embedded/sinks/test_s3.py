"""Facts about how S3 is reached. No test calls AWS: where a client would, only its address is looked at."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError, ReadTimeoutError

from sinks.errors import ArchiveError, ArchiveUnavailableError
from sinks.s3 import archive_error, ensure_bucket, s3_client, s3_filesystem

VARIABLES = (
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "LOCALSTACK_HOST",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    return monkeypatch


@pytest.fixture
def target_of(environment: pytest.MonkeyPatch) -> Callable[..., Any]:
    """What `s3_client` would connect to: making the client itself takes boto3 a while."""
    environment.setattr("sinks.aws.connect", lambda service, target, region: target)
    return s3_client


class TestAddress:
    def test_a_given_endpoint_wins(self, environment: pytest.MonkeyPatch, target_of: Callable[..., Any]) -> None:
        environment.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        environment.setenv("LOCALSTACK_HOST", "127.0.0.1:2")

        assert target_of("http://127.0.0.1:3").url == "http://127.0.0.1:3"

    def test_the_environments_endpoint_comes_before_localstack(
        self, environment: pytest.MonkeyPatch, target_of: Callable[..., Any]
    ) -> None:
        environment.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        environment.setenv("LOCALSTACK_HOST", "127.0.0.1:2")

        assert target_of().url == "http://127.0.0.1:1"

    def test_localstack_is_found_by_its_host(self, environment: pytest.MonkeyPatch) -> None:
        environment.setenv("LOCALSTACK_HOST", "localstack:4510")

        assert s3_client().meta.endpoint_url == "http://localstack:4510"

    def test_nothing_set_means_aws(self, environment: pytest.MonkeyPatch) -> None:
        environment.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        environment.setenv("AWS_ACCESS_KEY_ID", "own")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "own")

        assert s3_client().meta.endpoint_url == "https://s3.eu-central-1.amazonaws.com"

    def test_other_servers_take_the_bucket_in_the_path_and_calls_end(self) -> None:
        """A bucket as a host name, archive.localstack:4566, would not resolve."""
        client = s3_client("http://localhost:4566")

        url = client.generate_presigned_url("get_object", {"Bucket": "archive", "Key": "x"})

        assert url.startswith("http://localhost:4566/archive/x?")
        config = client.meta.config
        assert (config.connect_timeout, config.read_timeout) == (5, 30)
        assert config.retries["total_max_attempts"] == 3


class TestCredentials:
    @pytest.mark.parametrize("address", ["http://localhost:4566", "http://127.0.0.1:1", "http://[::1]:4566"])
    def test_an_emulator_on_this_machine_needs_none(self, address: str, target_of: Callable[..., Any]) -> None:
        keys = target_of(address).session.get_credentials()

        assert (keys.access_key, keys.secret_key) == ("test", "test")

    def test_configured_keys_are_used_on_this_machine(
        self, environment: pytest.MonkeyPatch, target_of: Callable[..., Any]
    ) -> None:
        environment.setenv("AWS_ACCESS_KEY_ID", "minio")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "miniosecret")

        keys = target_of("http://127.0.0.1:9000").session.get_credentials()

        assert (keys.access_key, keys.secret_key) == ("minio", "miniosecret")

    def test_a_proxy_is_not_asked_for_this_machine(self, environment: pytest.MonkeyPatch, endpoint: str) -> None:
        environment.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        environment.setenv("http_proxy", "http://127.0.0.1:1")

        assert s3_client(endpoint).head_bucket(Bucket="archive")


class TestBuckets:
    def test_a_missing_bucket_is_created_once(self, endpoint: str) -> None:
        client = s3_client(endpoint)

        for _ in range(2):
            ensure_bucket(client, "new-bucket")

        assert client.head_bucket(Bucket="new-bucket")
        with pytest.raises(ArchiveError, match="create bucket x"):
            ensure_bucket(client, "x")

    def test_a_bucket_is_created_in_the_clients_region(
        self, environment: pytest.MonkeyPatch, endpoint: str
    ) -> None:
        environment.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        client = s3_client(endpoint)

        ensure_bucket(client, "european-bucket")

        assert client.get_bucket_location(Bucket="european-bucket")["LocationConstraint"] == "eu-central-1"

    def test_a_server_that_is_down_is_named_as_such(self, environment: pytest.MonkeyPatch) -> None:
        environment.setattr("sinks.aws.ATTEMPTS", 1)

        with pytest.raises(ArchiveUnavailableError, match="look at bucket archive"):
            s3_filesystem("archive", "http://127.0.0.1:1")


def refusal(code: str, status: int) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "PutObject")


@pytest.mark.parametrize(
    "error",
    [
        refusal("SlowDown", 503),
        refusal("InternalError", 500),
        refusal("TooManyRequests", 429),
        refusal("ConditionalRequestConflict", 409),
        refusal("RequestTimeout", 400),
        ReadTimeoutError(endpoint_url="http://s3"),
    ],
)
def test_what_passes_by_itself_may_be_tried_again(error: ClientError) -> None:
    assert isinstance(archive_error(error, "write x"), ArchiveUnavailableError)


@pytest.mark.parametrize(
    "error",
    [
        refusal("AccessDenied", 403),
        refusal("NoSuchBucket", 404),
        refusal("InvalidRequest", 400),
        NoCredentialsError(),
    ],
)
def test_what_somebody_has_to_mend_is_final(error: ClientError) -> None:
    found = archive_error(error, "write x")

    assert not isinstance(found, ArchiveUnavailableError)
    assert str(found).startswith("could not write x: ")
