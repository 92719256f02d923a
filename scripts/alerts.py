"""`riskstream alerts`: shows alerts as they are published; it joins no consumer group and commits nothing."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)
from rich.text import Text

from detectors.assessment import LEVELS, RiskLevel
from detectors.errors import RiskstreamError
from detectors.masking import mask, printable
from scripts.options import fail, settings_from
from scripts.pipes import PipeConsole, check_reader, until_reader_leaves
from sinks.alerts import AlertEvent, decode_alert
from sinks.errors import AlertError
from stream.errors import BrokerUnavailable, StreamError
from stream.settings import Settings
from stream.topics import ALERTS

POLL_SECONDS = 0.2
"""confluent-kafka may block the whole of a longer timeout (its issue 2215)."""
CONNECT_SECONDS = 10.0
SHOWN_REASONS = 3
STYLES: dict[RiskLevel, str] = {
    "low": "green",
    "medium": "yellow",
    "high": "bold red",
    "critical": "bold white on red",
}

Show = Callable[[AlertEvent, bytes], None]


def alerts(
    bootstrap: Annotated[
        str | None, typer.Option(help="host:port of the brokers. Default: RISKSTREAM_KAFKA_BOOTSTRAP.")
    ] = None,
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="Show the alerts that the topic still holds first.")
    ] = False,
    min_level: Annotated[RiskLevel, typer.Option(help="Leave out alerts below this level.")] = "low",
    limit: Annotated[int | None, typer.Option(min=1, help="End after so many alerts.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One CloudEvent a line, as published: account ids are not masked.")
    ] = False,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show account ids in full.")] = False,
) -> None:
    """Follow the alerts as they are published, until Ctrl-C.

    Alerts of one account come in order; those of different accounts may not.

    Exits with 0 when ended by Ctrl-C, --limit or the reader of a pipe, 1 when the alerts cannot be read.

    Example: riskstream alerts --from-beginning --min-level critical

    Example: riskstream alerts --json | jq .data.assessment.reasons[0].text
    """
    settings = settings_from(kafka_bootstrap=bootstrap)
    show = _print_json if as_json else _terminal(reveal)
    try:
        with until_reader_leaves():
            _show_alerts(settings, from_beginning, min_level, limit, show)
    except KeyboardInterrupt:
        return
    except RiskstreamError as error:
        fail(error)


def _show_alerts(
    settings: Settings, from_beginning: bool, min_level: RiskLevel, limit: int | None, show: Show
) -> None:
    shown = 0
    for event, value in _events(_messages(settings, from_beginning)):
        if LEVELS.index(event.data.assessment.risk_level) < LEVELS.index(min_level):
            continue
        show(event, value)
        shown += 1
        if shown == limit:
            return


def _messages(settings: Settings, from_beginning: bool) -> Iterator[Message]:
    """Yield what is published, for ever; stop iterating to close the connection."""
    consumer = _consumer(settings)
    try:
        _assign(consumer, settings, from_beginning)
        while True:
            with interrupted_afterwards():
                message = consumer.poll(POLL_SECONDS)
            check_reader()
            if message is None:
                continue
            error = message.error()
            if error is None:
                yield message
            elif not error.retriable():
                raise StreamError(f"cannot read topic {ALERTS}: {error.str()}; see `riskstream doctor`")
    finally:
        consumer.close()


@contextmanager
def interrupted_afterwards() -> Iterator[None]:
    """Hold a Ctrl-C back until the block is done.

    Inside `poll` it could strike in `_report`, and the client would make a SystemError of it (its issue 1708).
    """
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt


def _consumer(settings: Settings) -> Consumer:
    own: dict[str, str | Callable[[KafkaError], None]] = {
        # Demanded by the client, but nobody joins it: partitions are assigned by hand.
        "group.id": f"{settings.app_id}-alerts",
        "enable.auto.commit": "false",
        "auto.offset.reset": "earliest",
        # The embedded broker lets a fetch wait as long as it may, although a record is there.
        "fetch.wait.max.ms": "100",
        "log_level": "0",
        "error_cb": _report,
    }
    return Consumer(settings.kafka_client() | own)


def _report(error: KafkaError) -> None:
    if error.code() == KafkaError._ALL_BROKERS_DOWN:
        typer.echo("warning: no broker answers", err=True)


def _assign(consumer: Consumer, settings: Settings, from_beginning: bool) -> None:
    timeout = min(CONNECT_SECONDS, settings.kafka_connect_seconds)
    try:
        topic = consumer.list_topics(ALERTS, timeout=timeout).topics[ALERTS]
        if topic.error is not None:
            raise StreamError(
                f"topic {ALERTS} cannot be read at {settings.kafka_bootstrap} ({topic.error.str()}):"
                " run `riskstream create-topics`"
            )
        partitions = [TopicPartition(ALERTS, partition, OFFSET_BEGINNING) for partition in topic.partitions]
        for partition in [] if from_beginning else partitions:
            # Asked now: the client would look up "the end" only with its first fetch, and miss what came between.
            partition.offset = consumer.get_watermark_offsets(partition, timeout=timeout)[1]
    except KafkaException as error:
        raise BrokerUnavailable(
            f"no Kafka broker answers at {settings.kafka_bootstrap} ({error.args[0].str()}):"
            " start it, or set RISKSTREAM_KAFKA_BOOTSTRAP"
        ) from error
    consumer.assign(partitions)


def _events(messages: Iterator[Message]) -> Iterator[tuple[AlertEvent, bytes]]:
    for message in messages:
        value = message.value() or b""
        try:
            yield decode_alert(value), value
        except AlertError as error:
            where = f"partition {message.partition()}, offset {message.offset()}"
            typer.echo(f"warning: skipped a record of topic {ALERTS}, {where}: {printable(str(error))}", err=True)


def _print_json(_event: AlertEvent, value: bytes) -> None:
    sys.stdout.write(value.decode() + "\n")
    sys.stdout.flush()


def _terminal(reveal: bool) -> Show:
    console = PipeConsole(highlight=False)

    def show(event: AlertEvent, _value: bytes) -> None:
        console.print(describe(event, reveal), soft_wrap=True)

    return show


def describe(event: AlertEvent, reveal: bool = False) -> Text:
    """Return an alert as lines for a person; nothing in it can drive the terminal."""
    assessment = event.data.assessment
    account = printable(assessment.account_id) if reveal else mask(assessment.account_id)
    currency = f" {assessment.currency}" if assessment.currency else ""
    place = ", ".join(filter(None, [assessment.location, assessment.country]))
    kind = f"{assessment.score_kind}, provisional" if assessment.provisional else assessment.score_kind
    level = assessment.risk_level
    status = "  escalation" if event.data.status == "escalation" else ""
    payment = f"{assessment.amount:,.2f}{currency} to {assessment.merchant_id}{f' in {place}' if place else ''}"
    return Text.assemble(
        (f"{event.time:%Y-%m-%d %H:%M:%SZ}", "dim"),
        "  ",
        (f"{level.upper():8}", STYLES[level]),
        f"  {assessment.fraud_risk_score:6.2f} ({kind})  {assessment.recommended_action}{status}",
        f"\n    account {account} paid {printable(payment)}; transaction {printable(assessment.transaction_id)}",
        *(f"\n    - {printable(reason.text)}" for reason in assessment.reasons[:SHOWN_REASONS]),
    )
