import pytest

from benchmarks.speed.traffic import draw_payments, later
from stream.errors import StreamError


def test_payments_are_in_order_of_time_and_of_the_number_asked_for():
    payments = draw_payments(500)

    assert len(payments) == 500
    assert [each.event_time for each in payments] == sorted(each.event_time for each in payments)


def test_later_payments_follow_with_ids_of_their_own_by_the_same_accounts():
    payments = draw_payments(500)

    more = later(payments, 700)

    assert len({each.transaction_id for each in [*payments, *more]}) == 1200
    assert min(each.event_time for each in more) > payments[-1].event_time
    assert {each.account_id for each in more} == {each.account_id for each in payments}


def test_no_payment_is_drawn_from_the_future():
    payments = draw_payments(10)

    with pytest.raises(StreamError, match="draw more"):
        later(payments, 1_000_000)
