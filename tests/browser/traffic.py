"""The payments of these tests: accounts with a past, strange payments among the rest, and hostile text in some."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

import msgspec

from detectors.transaction import Transaction
from stream.simulation import SimulationConfig, simulate

ACCOUNTS: Final = 96
"""So few that the queue shows all their cases on its first page."""
DAYS: Final = 28
HISTORY: Final = 2_200
FIRST: Final = 500
UNDER_WAY: Final = 640
LATER: Final = 280
STRANGE_EVERY: Final = 12
"""One payment in so many is far beyond what its account ever did, so that alerts are frequent."""

IMAGE: Final = "<img src=x onerror=window.__xss=1>"
SCRIPT: Final = '"><script>window.__xss=2</script>'
ATTRIBUTE: Final = "' onmouseover='window.__xss=3' x='"
TEMPLATE: Final = "{{title}}${window.__xss=4}javascript:window.__xss=5"
REVERSED: Final = "shop-\u202egnp.exe\u202c-\u2066isolated\u2069"
"""Marks that turn the direction of writing around."""
TERMINAL: Final = "shop\x1b[31m-red\x1b]0;owned\x07\r\nline"
"""Escapes that colour a terminal, name its window and begin a line."""
HOSTILE: Final = (IMAGE, SCRIPT, ATTRIBUTE, TEMPLATE, REVERSED, TERMINAL)


@dataclass(frozen=True, slots=True)
class Traffic:
    """Payments in the order in which they are sent."""

    history: tuple[Transaction, ...]
    first: tuple[Transaction, ...]
    """What the pages show from the start; the hostile ones are among them."""
    under_way: tuple[Transaction, ...]
    """What comes while a page is open."""
    later: tuple[Transaction, ...]
    """What comes while the dashboard is down, and after that."""


@cache
def traffic() -> Traffic:
    """The same at every call."""
    config = SimulationConfig(seed=21, accounts=ACCOUNTS, days=DAYS, fraud_rate=0.01)
    payments = [each.transaction for each in simulate(config)]
    history, live = payments[:HISTORY], _with_strange(payments[HISTORY:])
    hostile = _hostile_of(history, live)
    live = [hostile.pop(each.transaction_id, each) for each in live]
    assert not hostile
    end = FIRST + UNDER_WAY
    return Traffic(tuple(history), tuple(live[:FIRST]), tuple(live[FIRST:end]), tuple(live[end : end + LATER]))


def _with_strange(payments: Iterable[Transaction]) -> list[Transaction]:
    return [
        strange(payment) if number % STRANGE_EVERY == 0 else payment for number, payment in enumerate(payments)
    ]


def strange(payment: Transaction) -> Transaction:
    """The same payment as nobody would make it."""
    return msgspec.structs.replace(
        payment, amount=round(payment.amount * 25 + 900, 2), login_attempts=5, country="NZ", location="Wellington"
    )


def _hostile_of(history: Iterable[Transaction], live: list[Transaction]) -> dict[str, Transaction]:
    """A strange payment each of six accounts, with one kind of hostile text wherever text goes; by its own id.

    They are accounts with a long past and no other strange payment, so that each is an alert of its own.
    """
    known = Counter(payment.account_id for payment in history)
    first = live[:FIRST]
    odd = {payment.account_id for payment in first[::STRANGE_EVERY]}
    last = {payment.account_id: payment for payment in first if payment.account_id not in odd}
    chosen = sorted(last.values(), key=lambda payment: -known[payment.account_id])[: len(HOSTILE)]
    return {payment.transaction_id: hostile(payment, text) for payment, text in zip(chosen, HOSTILE, strict=True)}


def hostile(payment: Transaction, text: str) -> Transaction:
    """A strange payment whose texts are all the same; its ids too, except with characters that are refused."""
    odd = strange(payment)
    if text.isprintable():
        named = f"{text}-{payment.transaction_id}"
        odd = msgspec.structs.replace(odd, transaction_id=named, merchant_id=text, device_id=text)
    return msgspec.structs.replace(
        odd,
        location=text,
        channel=text,
        transaction_type=text,
        customer_occupation=text,
    )
