"""The function with the models elsewhere: an endpoint that runs our container's own answer."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from detectors.frozen import freeze
from serving.sagemaker.refusals import Refusal
from serving.sagemaker.server import answer
from sinks.archive import read_archive
from stream.backtest import backtest
from tests.aws.aws_lambda.conftest import NONE_FAILED, Account, expected_rows, rows, told
from tests.aws.aws_lambda.events import records_of
from tests.aws.aws_lambda.runtime import QuietServer
from tests.pipeline.traffic import enriched, payments, small_bundle

pytestmark = pytest.mark.timeout(180)
COUNT = 400
BUSY = {"__type": "ServiceUnavailable", "Message": "busy"}


class Endpoint(QuietServer):
    """As much of SageMaker as passes a request on to the container."""

    busy = False
    asked = 0


class Requests(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        if self.server.busy:
            self._reply(503, json.dumps(BUSY).encode(), {"X-Amzn-ErrorType": "ServiceUnavailable"})
            return
        try:
            given = answer(body, self.headers["Content-Type"], self.headers["Accept"], small_bundle(), 0)
        except Refusal as refusal:
            told = {"Message": str(refusal), "OriginalStatusCode": int(refusal.status)}
            self._reply(424, json.dumps(told).encode(), {"X-Amzn-ErrorType": "ModelError"})
        else:
            self._reply(200, given.body, {"Content-Type": given.media_type})

    def _reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    server = Endpoint(("127.0.0.1", 0), Requests)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_verdicts_of_an_endpoint_are_those_of_a_backtest(
    account: Callable[..., Account], endpoint: Endpoint
) -> None:
    """First it is away, so that the batch has to be delivered again."""
    it = account(sagemaker_endpoint="riskstream")
    it.function.environment["AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"] = f"http://127.0.0.1:{endpoint.server_port}"
    records = records_of(it.name, payments(COUNT))
    endpoint.busy = True
    assert it.function.invoke({"Records": records[:200]}).failed
    assert not it.memories()
    endpoint.busy = False
    for start in (0, 200):
        assert it.function.invoke({"Records": records[start : start + 200]}).body == NONE_FAILED

    [fold] = backtest(enriched(COUNT), freeze(small_bundle()), 1)
    assert rows(read_archive(it.name, endpoint=it.endpoint)) == expected_rows(fold.assessments)
    assert it.memories() == {key: value for key, value in fold.memories.items() if key.startswith(b"account/")}
    assert sorted(event.id for event in it.alerts()) == told(fold.assessments)
    assert it.published
    assert endpoint.asked > 3
