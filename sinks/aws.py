"""Connections to AWS: one place decides whether a service is AWS itself, LocalStack or another server like it.

A server on this machine gets the configured keys, or "test", which emulators expect, when there are none. Timeouts
and retries are those of one call, within seconds; a longer outage is for the caller to wait out.
"""

import ipaddress
import os
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
import localstack_client.config
import localstack_client.session
from botocore.config import Config

CONNECT_SECONDS = 5
READ_SECONDS = 30
ATTEMPTS = 3

DEFAULT_REGION = "us-east-1"
_EMULATOR_KEY = "test"


@dataclass(frozen=True)
class Target:
    """Where a service is and who asks."""

    session: Any
    url: str | None
    """None for AWS itself."""


def client(service: str, endpoint: str | None = None, region: str | None = None) -> Any:
    """Return a boto3 client of `service` ("s3", "sns", "sagemaker-runtime"), safe to share between threads.

    `endpoint` is a URL; without one `AWS_ENDPOINT_URL_<SERVICE>` counts, then `AWS_ENDPOINT_URL`, then
    `LOCALSTACK_HOST`, then it is AWS itself. `region` overrides the configured one.
    """
    return connect(service, find_target(service, endpoint), region)


def find_target(service: str, endpoint: str | None = None) -> Target:
    """Decide what `client` connects to; asks nobody."""
    own = f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}"
    url = endpoint or os.environ.get(own) or os.environ.get("AWS_ENDPOINT_URL")
    if not url and os.environ.get("LOCALSTACK_HOST"):
        session = localstack_client.session.Session()
        return Target(session, localstack_client.config.get_service_endpoint(service))
    if not url:
        return Target(boto3.Session(), None)
    return Target(_local_session() if _is_loopback(url) else boto3.Session(), url)


def connect(service: str, target: Target, region: str | None = None) -> Any:
    """Return a boto3 client of the service at `target`."""
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        # bucket.host resolves for AWS only; other servers take the bucket in the path.
        s3={"addressing_style": "path" if target.url else "auto"},
        # A proxy cannot reach this machine's own loopback.
        proxies={} if target.url and _is_loopback(target.url) else None,
    )
    return target.session.client(service, region_name=region, endpoint_url=target.url, config=config)


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
