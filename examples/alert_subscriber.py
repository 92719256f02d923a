"""Acts once on every alert, although alerts can arrive more than once: `python alert_subscriber.py HOST:PORT`."""

import json
import sqlite3
import sys
from typing import Any

from confluent_kafka import Consumer


def subscribe(consumer: Consumer, seen: sqlite3.Connection) -> None:
    """Read alerts for ever. An id is remembered with the action, the offset committed after both."""
    seen.execute("CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY)")
    while True:
        message = consumer.poll(0.2)
        if message is None or message.error():
            continue
        event = json.loads(message.value() or b"")
        with seen:  # one transaction: if the action fails, the id is forgotten and the alert comes again
            if seen.execute("INSERT OR IGNORE INTO seen VALUES (?)", [event["id"]]).rowcount:
                act_on(event)
        consumer.commit(message=message)


def act_on(event: dict[str, Any]) -> None:
    """Put your own action here; if it can be given a key against repetition, give it the event's id."""
    found = event["data"]["assessment"]
    reasons = "; ".join(reason["text"] for reason in found["reasons"])
    print(event["data"]["status"], found["risk_level"], event["subject"], reasons, sep=" | ")  # noqa: T201 - its output


if __name__ == "__main__":
    settings = {"group.id": "my-alerts", "enable.auto.commit": "false", "auto.offset.reset": "earliest"}
    client = Consumer({"bootstrap.servers": sys.argv[1], **settings})
    client.subscribe(["alerts"])
    subscribe(client, sqlite3.connect("alerts-seen.sqlite"))
