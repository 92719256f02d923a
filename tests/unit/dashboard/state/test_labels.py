from itertools import permutations

import pytest

from dashboard.state.labels import LabelBook
from tests.unit.dashboard.world import label


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_label_observed_last_holds_in_whatever_order_they_come(order):
    labels = [label(1, "false_positive", 1), label(1, "confirmed_fraud", 2), label(1, "inconclusive", 3)]
    book = LabelBook()
    book.fold([labels[place] for place in order])
    assert book.disposition("TX000001") == "inconclusive"
    assert book.newest() == [labels[2]]


def test_saying_it_again_changes_nothing():
    book = LabelBook()
    assert book.fold([label(1)]) == {"TX000001"}
    assert book.fold([label(1)]) == set()
    assert book.fold([label(1, days=2)]) == set()


def test_frauds_of_a_merchant_follow_what_holds():
    book = LabelBook()
    book.fold([label(1), label(2)])
    assert book.confirmed_frauds("M042") == 2
    book.fold([label(1, "false_positive", 2)])
    assert book.confirmed_frauds("M042") == 1


def test_beyond_its_bound_the_book_forgets_the_longest_unchanged():
    book = LabelBook(most=2)
    book.fold([label(1), label(2), label(1, "false_positive", 2), label(3)])
    assert sorted(each.transaction_id for each in book.newest()) == ["TX000001", "TX000003"]
    assert book.confirmed_frauds("M042") == 1
