"""Labels of an account's payments, as its merchants are held to them: once, the newest, no explained fraud."""

from datetime import timedelta
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.judged import EXPLAINED, LABELLED, explain, identity, judge, retract
from detectors.labels import DISPOSITIONS, Disposition, Label
from tests.unit.detectors.payments import START


def label(payment: int = 1, disposition: Disposition = "confirmed_fraud", after_h: float = 168) -> Label:
    """A label of the payment of this number, observed `after_h` hours after it."""
    return Label(
        transaction_id=f"T{payment}",
        account_id="A1",
        merchant_id="M1",
        event_time=START,
        disposition=disposition,
        source="chargeback",
        observed_at=START + timedelta(hours=after_h),
    )


class Explained(NamedTuple):
    """A payment whose own amount gives it away."""

    payment: int


class Verdicts:
    """The two rings of an account, and what its merchant's frauds add up to."""

    def __init__(self, *events: Label | Explained) -> None:
        self.explained, self.labelled = b"", b""
        self.changes: list[int | None] = []
        for event in events:
            self.changes.append(self.take(event))

    def take(self, event: Label | Explained) -> int | None:
        if isinstance(event, Label):
            change, self.labelled = judge(self.explained, self.labelled, event)
            return change
        payment = identity(f"T{event.payment}")
        self.explained = explain(self.explained, payment)
        taken_back, self.labelled = retract(self.labelled, payment)
        return taken_back

    @property
    def frauds(self) -> int:
        return sum(change or 0 for change in self.changes)


_when = st.tuples(st.integers(1, 4), st.integers(1, 5))
_labels = st.builds(label, st.integers(1, 6), st.sampled_from(DISPOSITIONS), st.integers(1, 5))
_explained = st.builds(Explained, st.integers(1, 6))


class TestLabels:
    def test_a_fraud_counts_once_however_often_its_label_comes(self) -> None:
        verdicts = Verdicts(*[label()] * 5)
        assert verdicts.changes == [1, None, None, None, None]

    @pytest.mark.parametrize("disposition", ["false_positive", "inconclusive"])
    def test_only_a_confirmed_fraud_blames_a_merchant(self, disposition: Disposition) -> None:
        assert Verdicts(label(disposition=disposition)).changes == [0]

    @pytest.mark.parametrize("disposition", ["false_positive", "inconclusive"])
    def test_a_later_contradiction_takes_the_fraud_back(self, disposition: Disposition) -> None:
        verdicts = Verdicts(label(), label(disposition=disposition, after_h=200))
        assert verdicts.changes == [1, -1]

    def test_a_label_observed_earlier_is_no_news_though_it_comes_later(self) -> None:
        verdicts = Verdicts(label(disposition="false_positive", after_h=200), label(after_h=168))
        assert verdicts.changes == [0, None]

    def test_a_fraud_confirmed_again_later_changes_nothing_but_what_holds(self) -> None:
        verdicts = Verdicts(
            label(after_h=168), label(after_h=300), label(disposition="false_positive", after_h=200)
        )
        assert verdicts.changes == [1, 0, None]

    @given(st.dictionaries(_when, st.sampled_from(DISPOSITIONS), max_size=12), st.randoms(use_true_random=False))
    def test_the_newest_holds_in_whichever_order_they_come(
        self, said: dict[tuple[int, int], Disposition], chance: Random
    ) -> None:
        """No two labels of one payment are observed in the same second here: of those the first holds."""
        labels = [label(payment, disposition, hours) for (payment, hours), disposition in sorted(said.items())]
        newest = {each.transaction_id: each for each in labels}
        chance.shuffle(labels)
        verdicts = Verdicts(*labels)
        assert verdicts.frauds == sum(each.disposition == "confirmed_fraud" for each in newest.values())

    def test_a_label_is_remembered_while_fifteen_others_come(self) -> None:
        others = [label(payment) for payment in range(2, LABELLED + 1)]
        assert Verdicts(label(1), *others, label(1)).changes[-1] is None
        assert Verdicts(label(1), *others, label(99), label(1)).changes[-1] == 1, "the documented bound"


class TestExplained:
    def test_a_fraud_that_its_own_account_gives_away_blames_nobody(self) -> None:
        assert Verdicts(Explained(1), label(1)).changes == [0, 0]

    def test_a_label_that_came_before_its_payment_is_taken_back(self) -> None:
        assert Verdicts(label(1), Explained(1)).changes == [1, -1]

    def test_what_is_taken_back_once_is_not_taken_back_again(self) -> None:
        verdicts = Verdicts(label(1), Explained(1), label(1, "false_positive", 200), label(1, after_h=300))
        assert verdicts.changes == [1, -1, 0, 0]

    def test_other_payments_are_still_held_against_the_merchant(self) -> None:
        assert Verdicts(Explained(1), label(2), Explained(3)).changes == [0, 1, 0]

    def test_an_explanation_is_remembered_while_fifteen_others_come(self) -> None:
        others = [Explained(payment) for payment in range(2, EXPLAINED + 1)]
        assert Verdicts(Explained(1), *others, label(1)).frauds == 0
        assert Verdicts(Explained(1), *others, Explained(99), label(1)).frauds == 1, "the documented bound"

    @given(st.lists(_labels, max_size=10), st.lists(_explained, max_size=10), st.randoms(use_true_random=False))
    def test_labels_and_payments_commute(
        self, labels: list[Label], explained: list[Explained], chance: Random
    ) -> None:
        """Any interleaving of the two leaves the same memory and the same sum, each in its own order."""
        one_after_other = Verdicts(*labels, *explained)
        turns = [True] * len(labels) + [False] * len(explained)
        chance.shuffle(turns)
        one, other = iter(labels), iter(explained)
        mixed = [next(one) if turn else next(other) for turn in turns]
        interleaved = Verdicts(*mixed)
        assert interleaved.frauds == one_after_other.frauds
        assert (interleaved.explained, interleaved.labelled) == (
            one_after_other.explained,
            one_after_other.labelled,
        )


@given(st.lists(_labels | _explained, max_size=30))
def test_a_payment_never_blames_its_merchant_twice_nor_less_than_not_at_all(
    events: list[Label | Explained],
) -> None:
    total: dict[str, int] = {}
    verdicts = Verdicts()
    for event in events:
        name = event.transaction_id if isinstance(event, Label) else f"T{event.payment}"
        total[name] = total.get(name, 0) + (verdicts.take(event) or 0)
        assert total[name] in (0, 1)
    assert len(verdicts.explained) <= EXPLAINED * len(identity("T1"))
    assert len(verdicts.labelled) <= LABELLED * 10
