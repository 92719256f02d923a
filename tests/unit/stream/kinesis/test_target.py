"""Whatever Kinesis refuses of a call, an account's payments stay in their order and none is sent needlessly."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import stamina
from hypothesis import given
from hypothesis import strategies as st

from detectors.transaction import Transaction
from stream.kinesis import target as module
from stream.kinesis.service import KinesisError, StreamBusy
from stream.kinesis.target import KinesisTarget
from stream.publishing import PublishConfig, publish

START = datetime(2026, 1, 5, tzinfo=UTC)


class FakeStream:
    """Takes records, except those that `refuses` says, by the number of the call and the place in it."""

    name = "payments"

    def __init__(self, refuses=lambda call, place: False) -> None:
        self.calls: list[list[dict]] = []
        self.stored: list[Transaction] = []
        self._refuses = refuses

    def describe(self) -> None:
        pass

    def put(self, entries: list[dict]) -> list[str | None]:
        self.calls.append(entries)
        codes = []
        for place, entry in enumerate(entries):
            refused = self._refuses(len(self.calls), place)
            codes.append("ProvisionedThroughputExceededException" if refused else None)
            if not refused:
                self.stored.append(msgspec.json.decode(entry["Data"], type=Transaction))
        return codes


@pytest.fixture(autouse=True)
def no_pauses():
    with stamina.set_testing(True, attempts=100):
        yield


def payment(number: int, account: str) -> Transaction:
    return Transaction(
        transaction_id=f"t{number}",
        account_id=account,
        merchant_id="m1",
        event_time=START + timedelta(seconds=number),
        amount=1.0,
    )


def send(stream: FakeStream, accounts: list[str]):
    sent = [payment(number, account) for number, account in enumerate(accounts)]
    return publish(sent, PublishConfig(client={}), target=KinesisTarget(stream))


def orders(found: list[Transaction]) -> dict[str, list[str]]:
    by_account = defaultdict(list)
    for each in found:
        by_account[each.account_id].append(each.transaction_id)
    return by_account


@given(
    accounts=st.lists(st.sampled_from("abcdef"), max_size=60),
    refused=st.sets(st.tuples(st.integers(1, 30), st.integers(0, 5)), max_size=60),
)
def test_an_accounts_payments_arrive_once_and_in_order(accounts, refused) -> None:
    stream = FakeStream(lambda call, place: (call, place) in refused)

    report = send(stream, accounts)

    assert report.acknowledged == report.sent == len(accounts)
    assert orders(stream.stored) == orders([payment(number, each) for number, each in enumerate(accounts)])
    for call in stream.calls:
        keys = [entry["PartitionKey"] for entry in call]
        assert len(keys) == len(set(keys))


def test_only_the_refused_records_of_a_call_are_tried_again() -> None:
    stream = FakeStream(lambda call, place: call == 1 and place == 1)

    send(stream, ["a", "b", "c"])

    assert [[entry["PartitionKey"] for entry in call] for call in stream.calls] == [["a", "b", "c"], ["b"]]


def test_many_payments_travel_in_few_calls_of_at_most_500() -> None:
    stream = FakeStream()

    send(stream, [f"account-{number % 1500}" for number in range(6_000)])

    assert max(map(len, stream.calls)) == 500
    assert len(stream.calls) <= 14


def test_a_call_stays_below_five_mebibytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1_000)
    stream = FakeStream()

    send(stream, [f"account-{number}" for number in range(50)])

    sizes = [sum(len(each["Data"]) + len(each["PartitionKey"]) for each in call) for call in stream.calls]
    assert max(sizes) <= 1_000
    assert len(stream.stored) == 50


def test_what_is_refused_for_good_is_counted_and_named() -> None:
    class Closed(FakeStream):
        def put(self, entries: list[dict]) -> list[str | None]:
            raise KinesisError("not for you")

    report = send(Closed(), ["a", "b"])

    assert (report.acknowledged, report.failed, report.first_failure) == (0, 2, "not for you")


def test_ctrl_c_delivers_what_is_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINGER_SECONDS", float("inf"))

    class Interrupted(FakeStream):
        def put(self, entries: list[dict]) -> list[str | None]:
            if not self.calls:
                self.calls.append([])
                raise KeyboardInterrupt
            return super().put(entries)

    report = send(Interrupted(), [f"account-{number}" for number in range(3_000)])

    assert report.interrupted
    assert report.acknowledged == module.MOST_WAITING


def test_a_call_that_fails_as_a_whole_is_made_again() -> None:
    class Slow(FakeStream):
        def put(self, entries: list[dict]) -> list[str | None]:
            if not self.calls:
                self.calls.append([])
                raise StreamBusy("slow down")
            return super().put(entries)

    stream = Slow()
    assert send(stream, ["a", "b"]).acknowledged == 2
    assert len(stream.stored) == 2
