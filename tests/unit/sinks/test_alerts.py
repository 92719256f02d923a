"""Facts about the alert event, and about everything that is published with it."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from detectors.assessment import Assessment
from detectors.transaction import EnrichedTransaction, Transaction
from examples import alert_subscriber
from sinks.alerts import (
    CONTENT_TYPE,
    SCHEMA_URI,
    AlertData,
    AlertedTransaction,
    alert_event,
    alert_schema,
    decode_alert,
)
from sinks.errors import AlertError
from stream.topics import ALERTS, ASSESSMENTS, DEAD_LETTERS, TRANSACTIONS
from tests.unit.sinks.assessments import EVENT_TIME, assessment, transaction

ROOT = Path(__file__).parents[3]
PUBLISHED = ROOT / "sinks" / "alert.schema.json"
REPUBLISH = (
    "if the change is meant, publish it: python -c 'import json; from sinks.alerts import alert_schema;"
    " print(json.dumps(alert_schema(), indent=2, ensure_ascii=False))' > sinks/alert.schema.json"
    " (a field that goes or changes its meaning needs a new version of the event's type)"
)


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(PUBLISHED.read_bytes()), format_checker=FormatChecker())


def event(**changes: Any) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(alert_event(assessment(**changes), transaction()))
    return parsed


class TestEvent:
    def test_the_attributes_are_those_of_cloudevents(self) -> None:
        attributes = {name: value for name, value in event().items() if name != "data"}

        assert attributes == {
            "specversion": "1.0",
            "id": "alert-a0000001",
            "source": "riskstream",
            "type": "io.riskstream.alert.v1",
            "subject": "TX000001",
            "time": "2026-03-14T09:26:53.589000Z",
            "datacontenttype": "application/json",
            "dataschema": SCHEMA_URI,
        }

    def test_the_data_is_the_assessment_and_what_it_lacks_of_the_payment(self) -> None:
        data = event(alert="escalation")["data"]

        assert data["status"] == "escalation"
        assert data["assessment"] == json.loads(msgspec.json.encode(assessment(alert="escalation")))
        assert data["transaction"] == {
            "device_id": "D9",
            "ip_address": "192.0.2.7",
            "ip_city": "Basel",
            "duration_s": None,
            "login_attempts": 3,
            "account_balance": 1200.0,
        }

    def test_the_customers_age_and_occupation_stay_out(self) -> None:
        """Nobody needs them to act on an alert."""
        sent = alert_event(assessment(), transaction(customer_age=44, customer_occupation="astronaut"))

        assert b"customer" not in sent
        assert b"astronaut" not in sent

    def test_the_account_stays_out_of_the_attributes(self) -> None:
        """Middleware logs and indexes them."""
        assert "AC000001" not in json.dumps({**event(), "data": None})

    def test_the_same_assessment_gives_the_same_bytes(self) -> None:
        assert alert_event(assessment(), transaction()) == alert_event(assessment(), transaction())

    def test_the_event_is_one_line(self) -> None:
        assert b"\n" not in alert_event(assessment(location="a\nb"), transaction())

    @pytest.mark.parametrize("status", ["none", "folded"])
    def test_only_new_alerts_and_escalations_are_published(self, status: str) -> None:
        with pytest.raises(AlertError, match=f"status '{status}'"):
            alert_event(assessment(alert=status), transaction())

    def test_it_can_be_read_back(self) -> None:
        found = decode_alert(alert_event(assessment(), transaction()))

        assert found.time == EVENT_TIME
        assert found.data.assessment == assessment()

    def test_fields_of_later_versions_are_ignored(self) -> None:
        later = event() | {"traceparent": "00-1-2-03"}
        later["data"]["assessment"]["mood"] = "bad"

        assert decode_alert(json.dumps(later).encode()).data.assessment == assessment()

    @pytest.mark.parametrize("value", [b"", b"{}", b'"\xff"', b'{"type": "io.riskstream.alert.v2"}'])
    def test_other_bytes_are_an_alert_error(self, value: bytes) -> None:
        with pytest.raises(AlertError, match="not an alert of version 1"):
            decode_alert(value)


class TestSchema:
    def test_the_published_schema_is_that_of_the_code(self) -> None:
        assert json.loads(PUBLISHED.read_bytes()) == json.loads(json.dumps(alert_schema())), REPUBLISH

    def test_the_schema_is_a_valid_one(self, validator: Draft202012Validator) -> None:
        validator.check_schema(validator.schema)

    @pytest.mark.parametrize(
        "changes", [{}, {"alert": "escalation"}, {"reasons": (), "features": (None,), "currency": None}]
    )
    def test_alerts_match_it(self, validator: Draft202012Validator, changes: dict[str, Any]) -> None:
        validator.validate(event(**changes))

    def test_later_fields_match_it(self, validator: Draft202012Validator) -> None:
        validator.validate(event() | {"traceparent": "00-1-2-03"})

    @pytest.mark.parametrize(
        "wrong",
        [{"specversion": "0.3"}, {"id": ""}, {"time": 5}, {"data": {}}, {"type": "other"}],
    )
    def test_others_do_not(self, validator: Draft202012Validator, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            validator.validate(event() | wrong)


@pytest.fixture(scope="module")
def api() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docs" / "alerts.asyncapi.yaml").read_text())
    return loaded


class TestAsyncApi:
    def test_it_names_the_topics(self, api: dict[str, Any]) -> None:
        addresses = {channel["address"] for channel in api["channels"].values()}

        assert addresses == {TRANSACTIONS, ASSESSMENTS, ALERTS, DEAD_LETTERS}

    def test_it_names_the_content_type_of_an_alert(self, api: dict[str, Any]) -> None:
        name, value = CONTENT_TYPE
        own = api["components"]["messages"]["Alert"]["headers"]["allOf"][1]

        assert own["required"] == [name]
        assert own["properties"][name]["const"] == value.decode()

    def test_its_references_lead_somewhere(self, api: dict[str, Any]) -> None:
        for reference in references(api):
            file, _, pointer = reference.partition("#")
            found = json.loads((ROOT / "docs" / file).read_bytes()) if file else api
            for part in filter(None, pointer.split("/")):
                found = found[part]

    def test_its_transaction_is_that_of_the_code(self, api: dict[str, Any]) -> None:
        described = api["components"]["schemas"]["Transaction"]
        _, definitions = msgspec.json.schema_components([Transaction])
        ours = definitions["Transaction"]

        assert described["required"] == ours["required"]
        assert list(described["properties"]) == list(ours["properties"])
        Draft202012Validator.check_schema(described)


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from references(child)


class TestDocument:
    """docs/alerts.md names every field, so that none is published without a word about it."""

    @pytest.mark.parametrize(
        "field",
        [
            *(name for name in AlertData.__struct_fields__),
            *(name for name in AlertedTransaction.__struct_fields__),
            *(name for name in Assessment.__struct_fields__),
        ],
    )
    def test_a_field_is_documented(self, field: str) -> None:
        assert f"`{field}`" in (ROOT / "docs" / "alerts.md").read_text()

    def test_the_example_in_it_is_an_alert(self, validator: Draft202012Validator) -> None:
        text = (ROOT / "docs" / "alerts.md").read_text()
        example = text.split("```json\n", 1)[1].split("```", 1)[0]

        validator.validate(json.loads(example))
        decode_alert(example.encode())

    def test_the_subscriber_in_it_is_the_tested_one(self) -> None:
        code = Path(alert_subscriber.__file__).read_text()

        assert f"```python\n{code}```" in (ROOT / "docs" / "alerts.md").read_text()


class EndOfTopicError(Exception):
    """The fake topic has no more records."""


class FakeMessage:
    def __init__(self, value: bytes) -> None:
        self._value = value

    def value(self) -> bytes:
        return self._value

    def error(self) -> None:
        return None


class FakeConsumer:
    """Delivers a list of values once, with a pause before each, and remembers what was committed."""

    def __init__(self, *values: bytes) -> None:
        self._to_come = [item for value in values for item in (None, FakeMessage(value))]
        self.committed: list[bytes] = []

    def poll(self, timeout: float) -> FakeMessage | None:
        assert timeout <= 0.2
        if not self._to_come:
            raise EndOfTopicError
        return self._to_come.pop(0)

    def commit(self, message: FakeMessage) -> None:
        self.committed.append(message.value())


class TestSubscriber:
    FIRST = alert_event(assessment(1), transaction())
    SECOND = alert_event(assessment(2), transaction(transaction_id="TX000002"))

    @pytest.fixture
    def seen(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(":memory:")
        yield connection
        connection.close()

    @staticmethod
    def run(consumer: Any, seen: sqlite3.Connection) -> None:
        with pytest.raises(EndOfTopicError):
            alert_subscriber.subscribe(consumer, seen)

    def test_it_acts_once_on_an_alert_that_comes_twice(
        self, seen: sqlite3.Connection, capsys: pytest.CaptureFixture[str]
    ) -> None:
        consumer = FakeConsumer(self.FIRST, self.SECOND, self.FIRST)

        self.run(consumer, seen)
        self.run(FakeConsumer(self.SECOND), seen)

        lines = capsys.readouterr().out.splitlines()
        assert [line.split(" | ")[:3] for line in lines] == [
            ["new", "high", "TX000001"],
            ["new", "high", "TX000002"],
        ]
        assert consumer.committed == [self.FIRST, self.SECOND, self.FIRST]

    def test_an_action_that_fails_is_taken_again(
        self, seen: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        consumer = FakeConsumer(self.FIRST)
        with monkeypatch.context() as patch:
            patch.setattr(alert_subscriber, "act_on", lambda _event: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                alert_subscriber.subscribe(consumer, seen)
        assert consumer.committed == []

        self.run(FakeConsumer(self.FIRST), seen)

        assert "TX000001" in capsys.readouterr().out


def test_every_field_an_alert_takes_over_exists_in_the_payment() -> None:
    assert {*AlertedTransaction.__struct_fields__} <= {*EnrichedTransaction.__struct_fields__}
