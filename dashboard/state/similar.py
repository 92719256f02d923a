"""Past alerts that resemble one: found by the reasons that they share. Pure."""

import math
from collections import OrderedDict
from typing import Final

from dashboard.state.cards import Card

LOOKED_AT: Final = 300
"""Newest alerts with the same reason that are compared."""
CODES_OF: Final = 3
"""Reasons by which alerts are looked up: those beyond say little."""
SAME_MERCHANT: Final = 0.25
SAME_AMOUNT: Final = 0.25


class Likeness:
    """Alerts by the codes of their first reasons."""

    def __init__(self) -> None:
        self._by_code: dict[str, OrderedDict[str, Card]] = {}

    def add(self, card: Card) -> None:
        """Take an alert in; random checks resemble nothing."""
        if card.kind == "alert":
            for code in card.codes[:CODES_OF]:
                self._by_code.setdefault(code, OrderedDict())[card.id] = card

    def remove(self, card: Card) -> None:
        """Forget an alert."""
        for code in card.codes[:CODES_OF]:
            held = self._by_code.get(code)
            if held is not None:
                held.pop(card.id, None)
                if not held:
                    del self._by_code[code]

    def like(self, card: Card, most: int) -> list[Card]:
        """Return alerts of other accounts that arrived no later, the most similar first."""
        found: dict[str, Card] = {}
        for code in card.codes[:CODES_OF]:
            held = self._by_code.get(code, OrderedDict())
            for other in _newest(held, card):
                found[other.id] = other
        return sorted(found.values(), key=lambda other: (-_similarity(card, other), -other.arrived))[:most]


def _newest(held: OrderedDict[str, Card], card: Card) -> list[Card]:
    """The newest of other accounts, not after `card`."""
    found: list[Card] = []
    for other in reversed(held.values()):
        if other.arrived <= card.arrived and other.account_id != card.account_id:
            found.append(other)
            if len(found) == LOOKED_AT:
                break
    return found


def _similarity(one: Card, other: Card) -> float:
    """Shared share of the reasons (Jaccard), and a little for the same merchant and an amount of the same size."""
    mine, its = set(one.codes), set(other.codes)
    shared = len(mine & its) / len(mine | its)
    apart = abs(math.log1p(one.amount) - math.log1p(other.amount))
    return shared + SAME_MERCHANT * (one.merchant_id == other.merchant_id) + SAME_AMOUNT / (1 + apart)
