"""The inference container's server as a process, over HTTP: the same answers as a backtest, and good manners."""

import csv
import gzip
import io
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
import urllib3

from benchmarks.invocations.server import ServerProcess, ping
from detectors.assessment import Assessment
from detectors.decoding import EXPECTED
from detectors.frozen import freeze
from detectors.labels import labels_from_truth
from sinks.bundles import load_bundle
from stream.backtest import backtest
from stream.enrichment import enrich_embedded
from stream.sources.files import read_transactions
from tests.aws.sagemaker.conftest import riskstream
from tests.pipeline.waiting import wait_until

PARTITIONS = 4
LINES = "application/jsonlines"
PING_SECONDS = 2.0
"""SageMaker's patience with a health check."""
_http = urllib3.PoolManager(retries=False, timeout=60.0, maxsize=8)


def invoke(address: str, body: bytes, media_type: str, accept: str | None = None) -> urllib3.BaseHTTPResponse:
    headers = {"Content-Type": media_type} | ({} if accept is None else {"Accept": accept})
    return _http.request("POST", f"{address}/invocations", body=body, headers=headers)


@pytest.fixture(scope="module")
def rows(history: Path, trained: Path, tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The feature rows that the command writes."""
    folder = tmp_path_factory.mktemp("rows")
    out = ("--features-out", folder / "rows.jsonl.gz", "--output", folder / "report.html")
    riskstream("backtest", history, "--bundle", trained, "--partitions", str(PARTITIONS), "--frozen", *out)
    return gzip.decompress((folder / "rows.jsonl.gz").read_bytes()).splitlines()


@pytest.fixture(scope="module")
def expected(history: Path, trained: Path) -> dict[str, Assessment]:
    """What the backtest says of each payment."""
    bundle, contents = freeze(load_bundle(trained)), read_transactions(history)
    delay = timedelta(hours=bundle.manifest.timing.delay_hours)
    truth = labels_from_truth(contents.transactions, contents.labels or {}, delay)
    payments = sorted(contents.transactions, key=lambda each: each.event_time)
    folds = backtest(enrich_embedded(payments), bundle, PARTITIONS, truth)
    return {each.transaction_id: each for fold in folds for each in fold.assessments}


def test_feature_rows_get_the_assessments_of_the_backtest_field_for_field(
    server: ServerProcess, rows: list[bytes], expected: dict[str, Assessment]
) -> None:
    answers: list[bytes] = []
    for start in range(0, len(rows), 1000):
        response = invoke(server.ready(), b"\n".join(rows[start : start + 1000]), LINES)
        assert (response.status, response.headers["Content-Type"]) == (200, LINES)
        answers += response.data.splitlines()

    sent = [json.loads(row)["transaction"]["transaction_id"] for row in rows]
    assert len(sent) == len(set(sent)) == len(expected) > 3000
    assert {each.alert for each in expected.values()} == {"none", "new", "escalation", "folded"}
    assert {each.maturity for each in expected.values()} == {"new", "warming", "mature"}
    # The exact bytes: every field, every digit, in the order that was sent.
    assert answers == [msgspec.json.encode(expected[name]) for name in sent]


def test_a_list_and_one_object_are_answered_in_kind(
    server: ServerProcess, rows: list[bytes], expected: dict[str, Assessment]
) -> None:
    address, kind = server.ready(), "application/json"

    many = invoke(address, b"[" + b",".join(rows[:3]) + b"]", kind)
    one = invoke(address, rows[0], kind)
    flat = invoke(address, rows[0], kind, accept="text/csv")

    first = expected[json.loads(rows[0])["transaction"]["transaction_id"]]
    assert many.json()[0] == one.json() == json.loads(msgspec.json.encode(first))
    assert len(many.json()) == 3
    [row] = csv.DictReader(io.StringIO(flat.data.decode()))
    assert float(row["fraud_risk_score"]) == first.fraud_risk_score


def test_payments_of_a_csv_are_scored_with_empty_memory(server: ServerProcess, history: Path) -> None:
    table = list(csv.DictReader(io.StringIO(history.read_text())))[:200]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(EXPECTED), extrasaction="ignore")
    writer.writeheader()
    writer.writerows(table)

    response = invoke(server.ready(), text.getvalue().encode(), "text/csv", accept="application/json")

    assert response.status == 200, response.data
    assert [each["transaction_id"] for each in response.json()] == [each["transaction_id"] for each in table]
    assert {each["maturity"] for each in response.json()} == {"new"}


def test_a_wrong_row_is_named_and_nothing_is_scored(server: ServerProcess, rows: list[bytes]) -> None:
    wrong = rows[1].replace(b'"late":false', b'"late":"no"')

    response = invoke(server.ready(), b"\n".join([rows[0], wrong, b"{}"]), LINES)

    assert response.status == 400
    assert [(each["row"], each["field"]) for each in response.json()["rows"]] == [
        (2, "late"),
        (3, "transaction_id"),
    ]


def test_a_row_of_another_feature_version_is_refused_with_both(server: ServerProcess, rows: list[bytes]) -> None:
    response = invoke(server.ready(), rows[0].replace(b'_version":"2"', b'_version":"1"'), LINES)

    assert response.status == 400
    [fault] = response.json()["rows"]
    assert fault["field"] == "feature_version"
    assert 'feature_version is "1", and 2 is' in fault["message"]


@pytest.mark.parametrize(
    ("body", "media_type", "accept", "status"),
    [
        (b" " * (6 * 1024 * 1024 + 1), LINES, None, 413),
        (b"{}", "application/x-npy", None, 415),
        (b"{}", LINES, "image/png", 406),
        (b"{", "application/json", None, 400),
    ],
)
def test_every_refusal_has_its_status(
    server: ServerProcess, body: bytes, media_type: str, accept: str | None, status: int
) -> None:
    response = invoke(server.ready(), body, media_type, accept)

    assert response.status == status
    assert response.json()["error"]


def test_health_checks_are_answered_under_load(server: ServerProcess, rows: list[bytes]) -> None:
    address, body = server.ready(), b"\n".join(rows[:2500])
    with ThreadPoolExecutor(4) as senders:
        answers = [senders.submit(invoke, address, body, LINES) for _ in range(8)]
        slowest = 0.0
        while not all(answer.done() for answer in answers):
            began = time.monotonic()
            assert ping(address) == 200
            slowest = max(slowest, time.monotonic() - began)
        assert {answer.result().status for answer in answers} == {200}
    assert 0.0 < slowest < PING_SECONDS


def test_sigterm_lets_a_request_under_way_finish(trained: Path, rows: list[bytes], tmp_path: Path) -> None:
    body = b"\n".join(rows[:500])
    head = f"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: {LINES}\r\nContent-Length: {len(body)}\r\n"
    with ServerProcess(trained, tmp_path / "log") as server:
        url = urlsplit(server.ready())
        with socket.create_connection((url.hostname, url.port), timeout=30.0) as connection:
            connection.sendall(head.encode() + b"Expect: 100-continue\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 100")
            server.terminate()
            wait_until(lambda: not listens(url.hostname, url.port), 30.0, "no new connections are taken")
            connection.sendall(body)
            answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))

        assert answer.startswith(b"HTTP/1.1 200")
        assert len(answer.partition(b"\r\n\r\n")[2].splitlines()) == 500
        assert server.exit_code() == 0
        log = server.log.read_text()
        assert all(json.loads(line)["event"] for line in log.splitlines())
        assert json.loads(rows[0])["transaction"]["account_id"] not in log


def listens(host: str | None, port: int | None) -> bool:
    try:
        socket.create_connection((host, port), timeout=5.0).close()
    except OSError:
        return False
    return True


def test_a_broken_model_is_said_and_the_server_stays(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    with ServerProcess(tmp_path / "model", tmp_path / "log") as server:
        address = server.address()
        wait_until(lambda: "no bundle to score with" in server.log.read_text(), 30.0, "the bundle is missed")

        assert ping(address) == 503
        assert invoke(address, b"{}", LINES).status == 503
        server.terminate()
        assert server.exit_code() == 0
