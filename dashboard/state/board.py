"""Everything that the page knows, and the one place where news is folded into it. Pure: the clock is passed in."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import msgspec

from dashboard.ports import Payment
from dashboard.state.alarms import AlertTimeline, DeadLetterCount, Drifted, DriftLog
from dashboard.state.cards import Card, card_of_check
from dashboard.state.cases import CaseBook
from dashboard.state.histories import Histories
from dashboard.state.labels import LabelBook
from dashboard.state.live import LiveWindow
from dashboard.state.packed import Packed, Packing
from dashboard.state.passing import Passed
from dashboard.state.reviews import is_sampled
from dashboard.state.suppressions import Suppression, SuppressionBook
from detectors.labels import Label

MOST_EXPLANATIONS: Final = 20_000


@dataclass(slots=True)
class News:
    """What a read of the topics brought, by kind, each in the order in which it was published."""

    passed: list[Passed] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    explained: list[tuple[str, Packed]] = field(default_factory=list)
    """Assessment id, and the explanation as it was published."""
    suppressions: list[Suppression] = field(default_factory=list)
    drifts: list[Drifted] = field(default_factory=list)
    dead_letters: list[float] = field(default_factory=list)
    """Timestamps of their records, in seconds since 1970."""
    unreadable: int = 0
    """Records that are not what their topic should hold."""


@dataclass(slots=True)
class Changes:
    """What is different since the last look."""

    accounts: set[str] = field(default_factory=set)
    """Whose cases changed."""
    explained: list[str] = field(default_factory=list)
    """Assessments that have an explanation now."""
    suppressions: bool = False


class Board:
    """The state of one dashboard."""

    def __init__(self, review_share: float) -> None:
        self._review_share = review_share
        self.live = LiveWindow()
        self.timeline = AlertTimeline()
        self.drifts = DriftLog()
        self.dead_letters = DeadLetterCount()
        self.histories = Histories()
        self.labels = LabelBook()
        self.suppressions = SuppressionBook()
        self.cases = CaseBook(self.labels, self.suppressions)
        self.unreadable = 0
        self._explanations: OrderedDict[str, Packed] = OrderedDict()
        self._packing = Packing()
        self._changes = Changes()

    def fold(self, news: News, now: float) -> None:
        """Take in what was published; what is known already changes nothing."""
        self.unreadable += news.unreadable
        self._fold_labels(news.labels)
        self._fold_suppressions(news.suppressions, now)
        self._fold_passed(news.passed, now)
        for card in news.cards:
            if self._add(card):
                self.timeline.add(card, now)
        for id_, value in news.explained:
            self._explanations[id_] = value
            self._changes.explained.append(id_)
        while len(self._explanations) > MOST_EXPLANATIONS:
            self._explanations.popitem(last=False)
        self.drifts.fold(news.drifts)
        self.dead_letters.fold(news.dead_letters, now)

    def tick(self, now: float) -> None:
        """Let suppressions end that have expired."""
        self._look_again(self.suppressions.tick(datetime.fromtimestamp(now, UTC)))

    @property
    def changed(self) -> int:
        """How many cases and explanations are different since `take_changes` was last called."""
        return len(self._changes.accounts) + len(self._changes.explained)

    def take_changes(self) -> Changes:
        """Return what changed since this was last called."""
        changes, self._changes = self._changes, Changes()
        return changes

    def explanation(self, id_: str) -> bytes | None:
        """Return the explanation of an assessment, as it was published."""
        packed = self._explanations.get(id_)
        return None if packed is None else packed.unpack()

    def _fold_passed(self, passed: Sequence[Passed], now: float) -> None:
        fresh = [each for each in passed if each.payment.assessment_id not in self.histories]
        self.live.fold(fresh, now)
        for each in fresh:
            payment = each.payment
            self.histories.add(
                Payment(
                    payment.assessment_id,
                    payment.transaction_id,
                    payment.account_id,
                    payment.merchant_id,
                    payment.event_time,
                    payment.amount,
                    payment.currency,
                    payment.fraud_risk_score,
                    payment.risk_level,
                )
            )
            if is_sampled(payment, self._review_share):
                self._add_check(each)

    def _add_check(self, passed: Passed) -> None:
        try:
            self._add(card_of_check(passed.value, passed.at, self._packing))
        except msgspec.MsgspecError:  # what the page reads of every assessment is there, the rest is not
            self.unreadable += 1

    def _add(self, card: Card) -> bool:
        account_id = self.cases.add(card)
        if account_id is None:
            return False
        self._changes.accounts.add(account_id)
        return True

    def _fold_labels(self, labels: Sequence[Label]) -> None:
        self._rejudge(self.cases.accounts_of(self.labels.fold(labels)))

    def _fold_suppressions(self, suppressions: Sequence[Suppression], now: float) -> None:
        if suppressions:
            self._changes.suppressions = True
            self._look_again(self.suppressions.fold(suppressions, datetime.fromtimestamp(now, UTC)))

    def _look_again(self, changed: Iterable[Suppression]) -> None:
        """Judge the cases anew that these hide or hid."""
        for each in changed:
            self._changes.suppressions = True
            if each.account_id is not None:
                self._rejudge([each.account_id])
            elif each.code is not None:
                self._rejudge(self.cases.accounts_with(each.code))

    def _rejudge(self, accounts: Collection[str]) -> None:
        self.cases.rejudge(accounts)
        self._changes.accounts.update(accounts)
