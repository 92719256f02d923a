"""Lambda itself, as far as a function sees it: a Runtime API on loopback, the runtime client in a process."""

import json
import os
import queue
import subprocess
import sys
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

from stream.embedded.aws import EmbeddedAws

ROOT = Path(__file__).parents[3]
ARN = "arn:aws:lambda:us-east-1:123456789012:function:riskstream"
API = "/2018-06-01/runtime"
SECONDS = 60.0


@dataclass(frozen=True)
class Answer:
    """What became of an invocation."""

    failed: bool
    """The function raised, or its process died."""
    body: Any


class QuietServer(ThreadingHTTPServer):
    """A server whose clients may die while it talks to them."""

    daemon_threads = True

    def handle_error(self, *arguments: Any) -> None:
        """Say nothing."""


class Function:
    """A function in a process of its own, which is started anew when it has died, as Lambda does."""

    def __init__(self, handler: str, environment: Mapping[str, str], log: Path) -> None:
        self._handler = handler
        self.environment = dict(environment)
        self._log = log
        self._events: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._answers: queue.Queue[Answer] = queue.Queue()
        self._server = QuietServer(("127.0.0.1", 0), self._requests())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._process: subprocess.Popen[bytes] | None = None
        self.started = 0

    def __enter__(self) -> "Function":
        self._thread.start()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def invoke(self, event: Mapping[str, Any], handler: str | None = None) -> Answer:
        """Deliver an event and wait for what becomes of it; `handler` names another one for this time only."""
        if handler is not None:
            self._end()
            self._start(handler)
        elif self._process is None or self._process.poll() is not None:
            self._start(self._handler)
        assert self._process is not None
        self._events.put((uuid.uuid4().hex, json.dumps(event).encode()))
        waited = 0.0
        while waited < SECONDS:
            try:
                answer = self._answers.get(timeout=0.2)
            except queue.Empty:
                waited += 0.2
                if self._process.poll() is not None and self._answers.empty():
                    return Answer(True, f"the process has ended with {self._process.returncode}")
            else:
                if handler is not None:
                    self._end()
                return answer
        raise AssertionError(f"no answer within {SECONDS:g} s: {self.log()[-3000:]}")

    def log(self) -> str:
        """Everything that the function has logged."""
        return self._log.read_text()

    def _start(self, handler: str) -> None:
        self.started += 1
        # Of its own, since a request of the process before it may still be waiting for an event.
        self._events = queue.Queue()
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **self.environment}
        environment |= {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._server.server_port}"}
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "awslambdaric", handler]
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=ROOT)

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _requests(self) -> type[BaseHTTPRequestHandler]:
        function = self

        class Requests(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                process, events = function._process, function._events
                while True:
                    try:
                        invocation, body = events.get(timeout=0.2)
                        break
                    except queue.Empty:
                        if process is None or process.poll() is not None:
                            return
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", invocation)
                self.send_header("Lambda-Runtime-Deadline-Ms", "99999999999999")
                self.send_header("Lambda-Runtime-Invoked-Function-Arn", ARN)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()
                function._answers.put(Answer(self.path.endswith("/error"), json.loads(body)))

            def log_message(self, *arguments: Any) -> None:
                """Keep quiet."""

        return Requests


def environment_of(aws: EmbeddedAws, **settings: str) -> dict[str, str]:
    """What the function's process finds in its environment."""
    return aws.environment() | {f"RISKSTREAM_{name.upper()}": value for name, value in settings.items()}
