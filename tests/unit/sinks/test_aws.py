"""Facts about where services are reached; tests/embedded/sinks/test_s3.py has more, for S3."""

import pytest

from sinks.aws import client, find_target


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("AWS_ENDPOINT_URL", "LOCALSTACK_HOST", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    return monkeypatch


@pytest.mark.parametrize(
    ("service", "variable"),
    [("sns", "AWS_ENDPOINT_URL_SNS"), ("sagemaker-runtime", "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME")],
)
def test_a_services_own_endpoint_comes_before_that_of_all(
    environment: pytest.MonkeyPatch, service: str, variable: str
) -> None:
    environment.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert find_target(service).url == "http://127.0.0.1:1"

    environment.setenv(variable, "http://127.0.0.1:2")
    assert find_target(service).url == "http://127.0.0.1:2"
    assert find_target("kinesis").url == "http://127.0.0.1:1"
    assert find_target(service, "http://127.0.0.1:3").url == "http://127.0.0.1:3"


def test_a_given_region_wins(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_DEFAULT_REGION", "us-west-2")

    assert client("sns", "http://127.0.0.1:1").meta.region_name == "us-west-2"
    assert client("sns", "http://127.0.0.1:1", "eu-central-1").meta.region_name == "eu-central-1"


def test_calls_end() -> None:
    config = client("sqs", "http://127.0.0.1:1").meta.config

    assert (config.connect_timeout, config.read_timeout) == (5, 30)
    assert config.retries["total_max_attempts"] == 3
