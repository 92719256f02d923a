"""A DynamoDB that is asked too much: a relay that refuses some calls, and answers some by half."""

import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from tests.aws.aws_lambda.runtime import QuietServer

THROTTLED = {
    "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
    "message": "The level of configured provisioned throughput for the table was exceeded.",
}
CANCELLED = {
    "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
    "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons [ThrottlingError]",
    "CancellationReasons": [{"Code": "ThrottlingError", "Message": "Throughput exceeds the current capacity"}],
}
_NOT_PASSED_ON = {"connection", "transfer-encoding", "content-length", "host"}


class ThrottledDynamoDb:
    """Refuses every seventh call, with both kinds of refusal in turns, and answers every other read by half."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target).netloc
        self._server = QuietServer(("127.0.0.1", 0), self._requests())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._lock = threading.Lock()
        self._calls = 0
        self.refused = 0
        self.halved = 0
        self.writes_left: int | None = None
        """After so many more, every write is refused; None for no end."""

    def __enter__(self) -> "ThrottledDynamoDb":
        self._thread.start()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def endpoint(self) -> str:
        """Its address, `http://127.0.0.1:port`."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def _refusal(self, action: str) -> dict[str, Any] | None:
        with self._lock:
            self._calls += 1
            writes = action.startswith("TransactWriteItems")
            if writes and self.writes_left is not None:
                self.writes_left -= 1
                return CANCELLED if self.writes_left < 0 else None
            if self._calls % 7:
                return None
            self.refused += 1
            return CANCELLED if writes and self.refused % 2 else THROTTLED

    def _answered_by_half(self, action: str, request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        """Take back what was found of the second half of the keys."""
        with self._lock:
            if action != "BatchGetItem" or self._calls % 2:
                return answer
        for table, asked in request["RequestItems"].items():
            left = asked["Keys"][(len(asked["Keys"]) + 1) // 2 :]
            if left:
                self.halved += 1
                found = answer["Responses"].get(table, [])
                answer["Responses"][table] = [item for item in found if {"key": item["key"]} not in left]
                answer["UnprocessedKeys"] = {table: {**asked, "Keys": left}}
        return answer

    def _requests(self) -> type[BaseHTTPRequestHandler]:
        relay = self

        class Requests(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                action = self.headers["X-Amz-Target"].rpartition(".")[2]
                refusal = relay._refusal(action)
                if refusal is not None:
                    self._answer(400, json.dumps(refusal).encode())
                    return
                connection = http.client.HTTPConnection(relay._target, timeout=30)
                kept = {k: v for k, v in self.headers.items() if k.lower() not in _NOT_PASSED_ON}
                connection.request("POST", self.path, body, kept)
                response = connection.getresponse()
                content = response.read()
                connection.close()
                if response.status == 200:
                    answer = relay._answered_by_half(action, json.loads(body), json.loads(content))
                    content = json.dumps(answer).encode()
                self._answer(response.status, content)

            def _answer(self, status: int, content: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments: Any) -> None:
                """Keep quiet."""

        return Requests
