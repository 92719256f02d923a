from hypothesis import given
from hypothesis import strategies as st

from dashboard.feeds.beginnings import MOST_READ, Log, beginning
from dashboard.feeds.decoding import TOPICS
from dashboard.state.histories import MOST_PAYMENTS

logs = st.tuples(st.integers(0, 10**7), st.integers(0, 10**7), st.none() | st.integers(0, 10**7)).map(
    lambda drawn: Log(min(drawn[:2]), max(drawn[:2]), drawn[2])
)


@given(st.sampled_from(TOPICS), logs, st.integers(1, 64))
def test_reading_begins_inside_the_log(topic, log, partitions):
    held = Log(log.low, log.high, None if log.since is None else min(max(log.since, log.low), log.high))
    assert held.low <= beginning(topic, held, partitions) <= held.high


@given(logs, st.integers(1, 64))
def test_assessments_read_back_are_enough_for_histories_and_bounded(log, partitions):
    start = beginning("assessments", Log(log.low, log.high, None), partitions)
    assert log.high - start <= MOST_READ // partitions
    assert log.high - start == min(log.high - log.low, MOST_PAYMENTS // partitions)


def test_what_people_decided_is_read_from_its_beginning():
    for topic in ("alerts", "labels", "alerts.explained", "suppressions"):
        assert beginning(topic, Log(5, 10**9, 10**9), 8) == 5


def test_dead_letters_are_read_from_the_time_that_is_shown():
    assert beginning("transactions.dead-letter", Log(5, 900, 800), 8) == 800
    assert beginning("transactions.dead-letter", Log(5, 900, None), 8) == 900
