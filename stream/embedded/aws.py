"""An AWS inside this process (moto's server), so that the demo writes real S3 objects without an account.

It listens on loopback only, keeps everything in memory, and changes neither this process's environment nor boto3.
moto's memory belongs to the process, so run one at a time.
"""

import http.client
import logging
import os
from types import TracebackType
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from stream.errors import StreamError

if TYPE_CHECKING:
    from moto.server import ThreadedMotoServer

REGION = "us-east-1"
_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "embedded", "AWS_SECRET_ACCESS_KEY": "embedded"}
_LOOPBACK = "127.0.0.1"
_ACCESS_LOG = logging.getLogger("werkzeug")


class EmbeddedAwsError(StreamError):
    """The embedded AWS could not start."""


class EmbeddedAws:
    """An AWS that lives for one `with` block, holding one empty bucket."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._server: ThreadedMotoServer | None = None
        self._access_log_level = logging.NOTSET

    def __enter__(self) -> "EmbeddedAws":
        server = _new_server()
        # Its access log would write a line per request into the terminal.
        self._access_log_level = _ACCESS_LOG.level
        _ACCESS_LOG.setLevel(logging.WARNING)
        server.start()
        self._server = server
        try:
            self.s3_client().create_bucket(Bucket=self._bucket)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def endpoint(self) -> str:
        """The address of every service, `http://127.0.0.1:port`."""
        if self._server is None:
            raise EmbeddedAwsError("the embedded AWS is not running: use it inside its `with` block")
        host, port = self._server.get_host_and_port()
        return f"http://{host}:{port}"

    def environment(self) -> dict[str, str]:
        """Give what a child process needs on top of its environment to use this AWS and no other.

        A real account's endpoint or credentials that happen to be set are overridden, and so is a proxy.
        """
        no_proxy = ",".join(filter(None, [os.environ.get("NO_PROXY"), _LOOPBACK]))
        return {
            **_CREDENTIALS,
            "AWS_SESSION_TOKEN": "",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
            "NO_PROXY": no_proxy,
            "no_proxy": no_proxy,
        }

    def s3_client(self) -> Any:
        """Make an S3 client of this AWS that reads nothing from the environment's credentials."""
        session = boto3.session.Session(
            aws_access_key_id=_CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        )
        # An empty mapping means "no proxy, whatever the environment says".
        return session.client("s3", endpoint_url=self.endpoint, config=Config(proxies={}))

    def close(self) -> None:
        """Stop listening and forget every object; safe to call twice."""
        if self._server is None:
            return
        connection = http.client.HTTPConnection(*self._server.get_host_and_port(), timeout=10)
        connection.request("POST", "/moto-api/reset")
        connection.getresponse().read()
        connection.close()
        self._server.stop()
        self._server = None
        _ACCESS_LOG.setLevel(self._access_log_level)


def _new_server() -> "ThreadedMotoServer":
    try:
        from moto.server import ThreadedMotoServer
    except ImportError as error:
        raise EmbeddedAwsError(
            "the embedded AWS needs the optional packages of the demo: run `pip install 'riskstream[demo]'`"
        ) from error
    return ThreadedMotoServer(ip_address=_LOOPBACK, port=0, verbose=False)
