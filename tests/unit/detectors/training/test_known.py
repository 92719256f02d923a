"""What training may know of a payment: the newest word by its end, and silence once that means something."""

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.labels import DISPOSITIONS, Disposition, Label
from detectors.timing import Timing
from detectors.training.known import Known, newest_labels, what_is_known
from detectors.transaction import EnrichedTransaction
from tests.unit.detectors.payments import START, payment

DAY = 86_400
PAID = payment(0, transaction_id="T-known")
UNTIL = START + timedelta(days=10)


def label(observed_d: float, disposition: Disposition = "confirmed_fraud") -> Label:
    """A label of PAID observed so many days after START."""
    return Label(
        transaction_id=PAID.transaction_id,
        account_id=PAID.account_id,
        merchant_id=PAID.merchant_id,
        event_time=PAID.event_time,
        disposition=disposition,
        source="analyst",
        observed_at=START + timedelta(days=observed_d),
    )


def known(*labels: Label, of: EnrichedTransaction = PAID) -> Known:
    return what_is_known([of], labels, UNTIL, Timing())


def said(found: Known) -> str:
    [fraud], [genuine] = found.frauds.tolist(), found.genuine.tolist()
    assert found.labelled.tolist() == [fraud or genuine]
    assert fraud + genuine + found.inconclusive + found.young == 1, "of each payment one of the four holds"
    return "fraud" if fraud else "genuine" if genuine else "inconclusive" if found.inconclusive else "young"


@pytest.mark.parametrize(
    ("disposition", "kind"),
    [("confirmed_fraud", "fraud"), ("false_positive", "genuine"), ("inconclusive", "inconclusive")],
)
def test_a_label_known_by_the_end_of_training_holds(disposition: Disposition, kind: str) -> None:
    assert said(known(label(10, disposition))) == kind


def test_a_label_observed_afterwards_is_not_looked_at() -> None:
    assert said(known(label(10.001))) == "genuine"
    assert said(known(label(3, "false_positive"), label(10.001))) == "genuine"
    assert said(known(label(3), label(10.001, "false_positive"))) == "fraud"


@pytest.mark.parametrize(("days", "kind"), [(0, "genuine"), (3, "genuine"), (3.001, "young"), (9.9, "young")])
def test_silence_means_genuine_once_the_label_delay_has_passed(days: float, kind: str) -> None:
    assert said(known(of=payment(days * DAY))) == kind


@pytest.mark.parametrize("disposition", DISPOSITIONS)
def test_a_young_payment_is_left_out_whatever_is_known_of_it(disposition: Disposition) -> None:
    """Of the latest days frauds alone would be known: whatever tells these days apart would pass for fraud."""
    young = payment(9 * DAY, transaction_id=PAID.transaction_id)
    assert said(known(label(9.5, disposition), of=young)) == "young"


def test_an_old_payment_without_a_result_is_not_taken_for_genuine() -> None:
    assert said(known(label(9, "inconclusive"))) == "inconclusive"


@given(
    st.dictionaries(st.integers(0, 14), st.sampled_from(DISPOSITIONS), max_size=8),
    st.randoms(use_true_random=False),
)
def test_the_newest_label_holds_in_whatever_order_they_are_given(
    days: dict[int, Disposition], chance: Random
) -> None:
    labels = [label(day, disposition) for day, disposition in days.items()]
    chance.shuffle(labels)
    by_then = [day for day in days if day <= 10]
    held = newest_labels(labels, UNTIL)
    assert {name: each.disposition for name, each in held.items()} == (
        {PAID.transaction_id: days[max(by_then)]} if by_then else {}
    )


def test_payments_keep_their_places() -> None:
    payments = [payment(9 * DAY), PAID, payment(0)]
    found = what_is_known(payments, [label(8)], UNTIL, Timing())
    assert found.frauds.tolist() == [False, True, False]
    assert found.genuine.tolist() == [False, False, True]
    assert (found.young, found.inconclusive) == (1, 0)
