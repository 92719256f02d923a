"""Looking at dead letters and sending them round again, against a broker inside this process."""

import json
from collections.abc import Iterator, Sequence

import pytest
from click.testing import Result
from confluent_kafka import Consumer, Message, Producer, TopicPartition
from typer.testing import CliRunner

from detectors.decoding import Rejection
from scripts import letters
from scripts.dead_letters import dead_letters
from sinks.dead_letters import SourcePosition, dead_letter, internal_error
from stream.embedded.broker import EmbeddedBroker
from stream.topics import ASSESSMENTS, DEAD_LETTERS, ENRICHED, LABELS, TRANSACTIONS, declared_topics

INVALID = Rejection("INVALID_FIELD", 'amount is the text "70"', "amount")
TOPICS = declared_topics(partitions=2, app_id="riskstream")
PAYMENT = b'{"transaction_id": "tx-1", "amount": "70"}'


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(TOPICS) as broker:
        yield broker


def run(broker: EmbeddedBroker, *arguments: str) -> Result:
    return CliRunner().invoke(dead_letters, [*arguments, "--bootstrap", broker.bootstrap])


def publish(broker: EmbeddedBroker, *dead: tuple[int, bytes, Rejection, SourcePosition]) -> None:
    """Put letters into partitions, a second apart."""
    producer = Producer({"bootstrap.servers": broker.bootstrap})
    for second, (partition, value, rejection, source) in enumerate(dead):
        letter = dead_letter(value, rejection, source, b"ACC-0042", [("backfill", b"1"), ("origin", b"x/0/1")])
        producer.produce(
            DEAD_LETTERS,
            letter.value,
            letter.key,
            partition,
            headers=letter.headers,
            timestamp=1_700_000_000_000 + 1000 * second,
        )
    assert producer.flush(10) == 0


def read_all(broker: EmbeddedBroker, topic: str) -> list[Message]:
    consumer = Consumer(
        {
            "bootstrap.servers": broker.bootstrap,
            "group.id": "test",
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 10,
        }
    )
    partitions = [TopicPartition(topic, partition, 0) for partition in range(2)]
    consumer.assign(partitions)
    messages: list[Message] = []
    ended = 0
    while ended < len(partitions):
        message = consumer.poll(0.1)
        if message is not None and message.error() is not None:
            ended += 1
        elif message is not None:
            messages.append(message)
    consumer.close()
    return messages


def at(offset: int, topic: str = TRANSACTIONS) -> SourcePosition:
    return SourcePosition(topic, 0, offset)


def fill(broker: EmbeddedBroker) -> EmbeddedBroker:
    """Publish an invalid payment, one that was too large, and one that a stage failed on."""
    publish(
        broker,
        (0, PAYMENT, INVALID, at(7)),
        (1, b"x" * 1_100_000, Rejection("TOO_LARGE", "the record has 1,100,000 bytes"), at(8)),
        (1, b"{}", internal_error("assess", "Traceback\nKeyError: 'a'"), at(9, ENRICHED)),
    )
    return broker


@pytest.fixture(scope="module")
def three() -> Iterator[EmbeddedBroker]:
    """A broker with three letters, to be read only."""
    with EmbeddedBroker(TOPICS) as broker:
        yield fill(broker)


@pytest.fixture
def own_three(broker: EmbeddedBroker) -> EmbeddedBroker:
    """A broker with three letters, for one test alone."""
    return fill(broker)


def listed(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_letters_are_listed_newest_first(three):
    rows = listed(run(three, "list", "--json"))

    assert [(row["id"], row["reason"], row["source"]) for row in rows] == [
        (f"{DEAD_LETTERS}-1-1", "INTERNAL_ERROR", "transactions.enriched-0-9"),
        (f"{DEAD_LETTERS}-1-0", "TOO_LARGE", "transactions-0-8"),
        (f"{DEAD_LETTERS}-0-0", "INVALID_FIELD", "transactions-0-7"),
    ]
    assert (rows[1]["truncated"], rows[1]["length"]) == (True, 1_100_000)
    assert (rows[2]["field"], rows[2]["time"]) == ("amount", "2023-11-14T22:13:20Z")


def test_a_reason_and_a_limit_narrow_the_list(three):
    result = run(three, "list", "--limit", "1")

    assert listed(run(three, "list", "--json", "--reason", "INVALID_FIELD"))[0]["id"] == f"{DEAD_LETTERS}-0-0"
    assert "INTERNAL_ERROR" in result.stdout
    assert "TOO_LARGE" not in result.stdout
    assert "the newest 1 of 3" in result.stderr


def test_the_table_holds_every_column(three):
    line = run(three, "list", "--reason", "INVALID_FIELD").stdout.splitlines()[1]

    for cell in (f"{DEAD_LETTERS}-0-0", "INVALID_FIELD", "amount", '"70"', "transactions-0-7", "22:13:20Z"):
        assert cell in line


def test_an_empty_topic_has_no_letters(broker):
    result = run(broker, "list")

    assert (result.exit_code, result.stdout) == (0, "no dead letters\n")


def test_a_letter_is_shown_with_headers_and_bytes(three):
    shown = run(three, "show", f"{DEAD_LETTERS}-0-0").stdout

    assert "key: ACC-0042" in shown
    assert "source-offset: 7" in shown
    assert PAYMENT.decode() in shown


def test_a_long_letter_is_shown_by_its_beginning_and_in_full_when_raw(three):
    shown = run(three, "show", "1-0")

    assert "bytes more; --raw gives them all" in shown.stdout
    assert len(shown.stdout) < 6000
    assert set(run(three, "show", "1-0", "--raw").stdout_bytes) == set(b"x")


def test_raw_bytes_come_unchanged_and_shown_ones_cannot_drive_the_terminal(broker):
    evil = b"\x1b[2J\xff\r\nsecond line"
    publish(broker, (0, evil, Rejection("MALFORMED_JSON", "\x1b[2J"), at(0)))

    assert run(broker, "show", "0-0", "--raw").stdout_bytes == evil
    for arguments in (["show", "0-0"], ["list"]):
        output = run(broker, *arguments).stdout
        assert "\x1b" not in output
        assert "\\x1b[2J" in output


@pytest.mark.parametrize(
    ("letter_id", "exit_code", "message"),
    [
        ("0-5", 1, f"there is no dead letter {DEAD_LETTERS}-0-5: partition 0 holds the offsets 0 to 0"),
        ("7-0", 1, "partition 7 holds nothing"),
        ("alerts-0-0", 2, "is no ID of a dead letter"),
        ("1", 2, "is no ID of a dead letter"),
    ],
)
def test_an_id_that_names_no_letter_is_told(three, letter_id, exit_code, message):
    result = run(three, "show", letter_id)

    assert result.exit_code == exit_code
    assert message in " ".join(result.stderr.replace("│", " ").split())


def test_a_record_is_redriven_with_its_bytes_its_key_and_its_own_headers(own_three):
    result = run(own_three, "redrive", f"{DEAD_LETTERS}-0-0")

    assert (result.exit_code, result.stdout) == (0, "1 redriven, 0 refused, 0 not delivered\n")
    [record] = read_all(own_three, TRANSACTIONS)
    assert (record.key(), record.value()) == (b"ACC-0042", PAYMENT)
    assert record.headers() == [("backfill", b"1"), ("redriven-from", f"{DEAD_LETTERS}-0-0".encode())]


def test_an_enriched_record_goes_back_to_the_stage_that_failed_on_it(own_three):
    assert run(own_three, "redrive", "1-1", "0-0").exit_code == 0

    assert [record.value() for record in read_all(own_three, ENRICHED)] == [b"{}"]
    assert [record.value() for record in read_all(own_three, TRANSACTIONS)] == [PAYMENT]


def test_a_label_goes_back_to_the_labels(broker):
    publish(broker, (0, b'{"source": "me"}', Rejection("INVALID_FIELD", "source", "source"), at(3, LABELS)))

    assert run(broker, "redrive", "0-0").exit_code == 0
    assert [record.value() for record in read_all(broker, LABELS)] == [b'{"source": "me"}']
    assert not read_all(broker, TRANSACTIONS)


def test_a_cut_record_is_refused(three):
    result = run(three, "redrive", "1-0")

    assert result.exit_code == 1
    assert result.stdout == "0 redriven, 1 refused, 0 not delivered\n"
    assert "it holds only the beginning of the record, which stood at transactions-0-8" in result.stderr


def test_a_record_that_is_no_payment_is_refused(broker):
    publish(broker, (0, b"?", Rejection("MALFORMED_JSON", "no assessment"), at(3, ASSESSMENTS)))

    result = run(broker, "redrive", "--all", "--yes")

    assert result.exit_code == 1
    assert "it came from assessments-0-3 and is no payment" in result.stderr


def test_all_letters_are_counted_first_and_redriven_with_yes(own_three):
    counted = run(own_three, "redrive", "--all")
    done = run(own_three, "redrive", "--all", "--yes", "--reason", "INVALID_FIELD")

    assert counted.exit_code == 2
    assert "dead letters to redrive: 3; add --yes" in counted.stderr
    assert (done.exit_code, done.stdout) == (0, "1 redriven, 0 refused, 0 not delivered\n")
    assert len(read_all(own_three, TRANSACTIONS)) == 1


def test_an_unknown_id_among_others_redrives_nothing(three):
    assert run(three, "redrive", "0-0", "0-9").exit_code == 1
    assert read_all(three, TRANSACTIONS) == []


@pytest.mark.parametrize("arguments", [[], ["--all", "0-0"]])
def test_ids_or_all_must_be_chosen(three, arguments: Sequence[str]):
    result = run(three, "redrive", *arguments)

    assert result.exit_code == 2
    assert "give the IDs of letters, or --all" in result.stderr


@pytest.mark.parametrize("arguments", [["list"], ["show", "0-0"], ["redrive", "0-0"]])
def test_without_a_broker_the_command_says_so_and_fails(arguments, monkeypatch, unused_tcp_port):
    monkeypatch.setattr(letters, "ANSWER_SECONDS", 0.05)

    result = CliRunner().invoke(dead_letters, [*arguments, "--bootstrap", f"127.0.0.1:{unused_tcp_port}"])

    assert result.exit_code == 1
    assert f"error: no Kafka broker answers at 127.0.0.1:{unused_tcp_port}" in result.stderr
    assert "set RISKSTREAM_KAFKA_BOOTSTRAP" in result.stderr
