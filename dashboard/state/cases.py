"""The analysts' queue: alerts and random checks grouped by account, each group with its standing. Pure.

An alert that comes in changes one case. A group hides nothing: an escalation that nobody has decided leads it.
"""

from bisect import insort
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush, merge
from typing import Final

from dashboard.state.cards import RANKS, Card, Kind, matches
from dashboard.state.labels import LabelBook
from dashboard.state.ordering import SORTS, STATUSES, CaseStatus, Key, Shelf, Sort
from dashboard.state.similar import Likeness
from dashboard.state.suppressions import Suppression, SuppressionBook
from detectors.assessment import RiskLevel

MOST_ALERTS: Final = 50_000
MOST_CHECKS: Final = 5_000
"""Cards that are held; beyond, the oldest of their kind are dropped, decided or not: checks displace no alert."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a case stands: what is shown of it, and where in the queue."""

    status: CaseStatus
    kind: Kind
    level: RiskLevel
    score: float
    action: str
    """What is recommended for the gravest card."""
    arrived: float
    """Of the newest card that counts."""
    lead: Card
    """To open first."""
    open: int
    """Cards that nobody has decided."""
    escalated: bool
    hidden: Counter[str]
    """Cards hidden, by suppression."""

    def key(self, sort: Sort, case_id: str) -> Key:
        """Return what the case is sorted by."""
        if sort == "newest":
            return (-self.arrived, case_id)
        return (-float(RANKS[self.level]), -self.score, -self.arrived, case_id)


@dataclass(slots=True)
class Case:
    """Everything of one account."""

    id: str
    """The assessment of its first card, since an account's id may not be shown."""
    account_id: str
    cards: list[Card] = field(default_factory=list)
    """In order of arrival."""
    standing: Standing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a listing is to show."""

    status: CaseStatus | None = "open"
    """None for all."""
    level: RiskLevel | None = None
    kind: Kind | None = None
    reason: str | None = None
    """A code that one of the cards has."""
    query: str = ""
    sort: Sort = "risk"


class CaseBook:
    """All cases that are held."""

    def __init__(self, labels: LabelBook, suppressions: SuppressionBook, most: int = MOST_ALERTS) -> None:
        self._labels = labels
        self._suppressions = suppressions
        self._most: dict[Kind, int] = {"alert": most, "random_check": MOST_CHECKS}
        self._ages: dict[Kind, list[tuple[float, str]]] = {"alert": [], "random_check": []}
        """Heaps: partitions are read one after the other at start, so that the oldest need not come first."""
        self._cards: dict[str, Card] = {}
        self._cases: dict[str, Case] = {}
        """By account."""
        self._by_id: dict[str, Case] = {}
        self._by_transaction: dict[str, list[str]] = {}
        self._shelves = {(status, sort): Shelf() for status in STATUSES for sort in SORTS}
        self._open: Counter[str] = Counter()
        self._hidden: Counter[str] = Counter()
        self._merchants: Counter[str] = Counter()
        self.likeness = Likeness()
        self.dropped = 0
        """Cards that are held no more, for want of room."""

    def __len__(self) -> int:
        return len(self._cards)

    def __contains__(self, id_: object) -> bool:
        return id_ in self._cards

    def add(self, card: Card) -> str | None:
        """Take a card in and return its account; None if it is here already."""
        if card.id in self._cards:
            return None
        self._cards[card.id] = card
        self._by_transaction.setdefault(card.transaction_id, []).append(card.id)
        self._merchants[card.merchant_id] += card.kind == "alert"
        self.likeness.add(card)
        case = self._cases.get(card.account_id)
        if case is None:
            case = self._cases[card.account_id] = self._by_id[card.id] = Case(card.id, card.account_id)
        insort(case.cards, card, key=_arrival)
        self._place(case)
        ages = self._ages[card.kind]
        heappush(ages, (card.arrived, card.id))
        if len(ages) > self._most[card.kind]:
            self._drop(self._cards[heappop(ages)[1]])
        return card.account_id

    def rejudge(self, accounts: Iterable[str]) -> None:
        """Look again at cases whose labels or suppressions have changed."""
        for account_id in accounts:
            case = self._cases.get(account_id)
            if case is not None:
                self._place(case)

    def accounts_of(self, transaction_ids: Iterable[str]) -> set[str]:
        """Return the accounts that have cards of these transactions."""
        return {
            self._cards[id_].account_id for each in transaction_ids for id_ in self._by_transaction.get(each, ())
        }

    def accounts_with(self, code: str) -> list[str]:
        """Return the accounts that have a card whose leading reason has a code."""
        return [each.account_id for each in self._cases.values() if any(c.leading == code for c in each.cards)]

    def card(self, id_: str) -> Card | None:
        """Return a card by its assessment's id."""
        return self._cards.get(id_)

    def case(self, account_id: str) -> Case | None:
        """Return the case of an account."""
        return self._cases.get(account_id)

    def hidden_by(self, suppression_id: str) -> int:
        """Count the cards that a suppression hides now."""
        return self._hidden[suppression_id]

    def alerts_at(self, merchant_id: str) -> int:
        """Count the alerts held of payments to a merchant."""
        return self._merchants[merchant_id]

    def since(self) -> float | None:
        """Return when the oldest card that is held arrived."""
        return min((ages[0][0] for ages in self._ages.values() if ages), default=None)

    def hiding(self, case: Case) -> Suppression | None:
        """Return a suppression that hides a case's cards, if one does."""
        return next((found for card in case.cards if (found := self._hiding(card)) is not None), None)

    def counts(self) -> dict[str, int]:
        """Count cases: open ones of every level and kind, hidden ones, and those that are done."""
        sizes = {status: len(self._shelves[status, "risk"]) for status in STATUSES}
        return {
            "open": sizes["open"],
            "high": self._open["high"],
            "critical": self._open["critical"],
            "random_check": self._open["random_check"],
            "suppressed": sizes["suppressed"],
            "done": sizes["done"],
        }

    def listing(self, wanted: Wanted, after: Key | None = None) -> Iterator[tuple[Key, Case]]:
        """Yield the cases that are wanted, in order, behind a key; each with its own key."""
        statuses = STATUSES if wanted.status is None else (wanted.status,)
        keys = merge(*(self._shelves[status, wanted.sort].after(after) for status in statuses))
        fits = _filter(wanted)
        for key in keys:
            case = self._by_id[str(key[-1])]
            if fits(case):
                yield key, case

    def _hiding(self, card: Card) -> Suppression | None:
        if card.kind == "random_check":
            return None
        return self._suppressions.hiding(card.account_id, card.level, card.leading)

    def _place(self, case: Case) -> None:
        self._take_out(case)
        standing = case.standing = self._judge(case.cards)
        for sort in SORTS:
            self._shelves[standing.status, sort].add(standing.key(sort, case.id))
        self._hidden.update(standing.hidden)
        if standing.status == "open":
            self._open[_counted_as(standing)] += 1

    def _take_out(self, case: Case) -> None:
        standing = case.standing
        if standing is None:
            return
        for sort in SORTS:
            self._shelves[standing.status, sort].remove(standing.key(sort, case.id))
        self._hidden.subtract(standing.hidden)
        if standing.status == "open":
            self._open[_counted_as(standing)] -= 1

    def _judge(self, cards: Sequence[Card]) -> Standing:
        undecided = [card for card in cards if self._labels.disposition(card.transaction_id) is None]
        hiding = {card.id: found for card in undecided if (found := self._hiding(card)) is not None}
        seen = [card for card in undecided if card.id not in hiding]
        status: CaseStatus = "open" if seen else "suppressed" if undecided else "done"
        count = seen or undecided or cards
        alerts = [card for card in count if card.kind == "alert"]
        gravest = max(alerts or count, key=_gravity)
        escalations = [card for card in count if card.status == "escalation"]
        return Standing(
            status=status,
            kind="alert" if alerts else "random_check",
            level=gravest.level,
            score=gravest.score,
            action=gravest.action,
            arrived=max(card.arrived for card in count),
            lead=escalations[-1] if escalations and status != "done" else gravest,
            open=len(undecided),
            escalated=bool(escalations),
            hidden=Counter(found.id for found in hiding.values()),
        )

    def _drop(self, card: Card) -> None:
        self.dropped += 1
        del self._cards[card.id]
        self.likeness.remove(card)
        self._merchants[card.merchant_id] -= card.kind == "alert"
        if not self._merchants[card.merchant_id]:
            del self._merchants[card.merchant_id]
        ids = self._by_transaction[card.transaction_id]
        ids.remove(card.id)
        if not ids:
            del self._by_transaction[card.transaction_id]
        case = self._cases[card.account_id]
        case.cards.remove(card)
        if case.cards:
            self._place(case)
        else:
            self._take_out(case)
            del self._cases[card.account_id], self._by_id[case.id]


def _gravity(card: Card) -> tuple[int, float, float]:
    return RANKS[card.level], card.score, card.arrived


def _arrival(card: Card) -> float:
    return card.arrived


def _counted_as(standing: Standing) -> str:
    return standing.level if standing.kind == "alert" else "random_check"


def _filter(wanted: Wanted) -> Callable[[Case], bool]:
    query = wanted.query.strip().lower()

    def fits(case: Case) -> bool:
        standing = case.standing
        if standing is None:
            return False
        if wanted.level is not None and standing.level != wanted.level:
            return False
        if wanted.kind is not None and standing.kind != wanted.kind:
            return False
        if wanted.reason is not None and not any(wanted.reason in card.codes for card in case.cards):
            return False
        return not query or any(matches(card, query) for card in case.cards)

    return fits
