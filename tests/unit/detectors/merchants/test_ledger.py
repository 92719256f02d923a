"""However the news of payments is cut, sent again or lost with a worker: each entry counts once, in its hour."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.errors import MemoryFormatError
from detectors.memory_keys import ledger_key, merchant_key
from detectors.merchants.activity import Activity, LabelChange, Payment
from detectors.merchants.ledger import Ledger, ledger_edge, newest_edge
from detectors.merchants.profile import MerchantProfile, decode_profile
from detectors.merchants.reading import is_exact, read_many, read_sums
from detectors.timing import Timing
from tests.unit.detectors.merchants.telling import (
    MERCHANTS,
    START,
    TIMING,
    Entry,
    Keeper,
    Told,
    Topic,
    logs,
    plain_sums,
)

NO_MEMORY = dict[bytes, bytes]().get
BEYOND = START + 100_000
"""An edge after everything that is made up here."""

_deliveries = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 8), st.integers(0, 6)), max_size=20)
"""Source, how many of its records come next, and how many of those before them come again."""


def topic_of(sources: Sequence[list[Told]], deliveries: Sequence[tuple[int, int, int]]) -> Topic:
    """Everything that sources tell, cut and interleaved as said, some of it twice; the rest at the end."""
    topic, sent = Topic(), [0] * len(sources)
    rest = [(source, len(log), 0) for source, log in enumerate(sources)]
    for source, count, again in [*deliveries, *rest]:
        if source < len(sources):
            log, first = sources[source], max(0, sent[source] - again)
            sent[source] = min(len(log), sent[source] + count)
            topic.send(source, log[first : sent[source]], log[first - 1].edge if first else START)
    for source in range(len(sources)):
        topic.send(source, [], BEYOND)
    return topic


def assert_exact(keeper: Keeper, entries: Sequence[Entry]) -> None:
    """Readers within two days of the ledger get what the definition says, entries yet to come included.

    Only where a crash left a memory ahead of the ledger's head may they be told that it is not exact.
    """
    edge = keeper.ledger.edge
    readers = (edge, edge - 1, edge - 25, edge - 48)
    for merchant in MERCHANTS:
        profile = keeper.profile(merchant) or MerchantProfile()
        for reader, sums in zip(readers, read_many([profile] * len(readers), readers, TIMING), strict=True):
            assert profile.edge > edge if sums is None else sums == plain_sums(entries, merchant, reader)


@settings(max_examples=15)
@given(
    st.lists(logs(), min_size=1, max_size=3),
    _deliveries,
    st.dictionaries(st.integers(0, 60), st.none() | st.integers(0, 3), max_size=8),
    st.integers(1, 4),
)
def test_sums_equal_their_definition_however_entries_are_cut_resent_lost_and_closed(
    sources: list[list[Told]],
    deliveries: list[tuple[int, int, int]],
    crashes: dict[int, int | None],
    patience: int,
) -> None:
    """Crashes at any step, also while memories are written; the ledger closes after every record or a few."""
    entries = [told.entry for log in sources for told in log if told.entry is not None]
    topic, keeper, step = topic_of(sources, deliveries), Keeper(len(sources)), 0
    while keeper.read < len(topic.records):
        keeper.add(topic.records[keeper.read])
        step += 1
        if crashes.get(step) is not None:
            keeper.close(torn=crashes[step])
        elif step in crashes:
            keeper.crash()
        elif step % patience == 0 or keeper.read == len(topic.records):
            keeper.close()
            assert_exact(keeper, entries)
    for source in range(len(sources)):
        keeper.add(Activity(source, BEYOND + 1))
    keeper.close()
    assert keeper.ledger.edge == BEYOND + 1
    assert keeper.committed == keeper.read, "nothing is held for ever"


@settings(max_examples=10)
@given(logs(), st.integers(1, 5))
def test_whoever_reads_sees_the_same_whether_hours_are_closed_one_by_one_or_together(
    log: list[Told], run: int
) -> None:
    step_by_step, at_once = Keeper(1), Keeper(1)
    topic = topic_of([log], [(0, run, 0)] * 30)
    for record in topic.records:
        step_by_step.add(record)
        step_by_step.close()
        at_once.add(record)
    at_once.close()
    readers = range(max((each.edge for each in log), default=START) + 1, START + 24 * 600, 24 * 7 + 1)
    for merchant in MERCHANTS:
        one, other = (keeper.profile(merchant) or MerchantProfile() for keeper in (step_by_step, at_once))
        assert read_many([one] * len(readers), readers, TIMING) == read_many(
            [other] * len(readers), readers, TIMING
        )


def told(source: int, edge: int, *entries: Entry) -> Activity:
    payments = tuple(entry for entry in entries if isinstance(entry, Payment))
    labels = tuple(entry for entry in entries if isinstance(entry, LabelChange))
    return Activity(source, edge, payments, labels)


class TestClosing:
    def test_an_hour_closes_only_when_every_source_has_closed_it(self) -> None:
        ledger = Ledger(0, 2, TIMING)
        ledger.add(told(0, START + 5))
        assert ledger.closable is None, "source 1 has not spoken"
        ledger.add(told(1, START + 2))
        assert ledger.closable == START + 2
        ledger.close(NO_MEMORY)
        assert (ledger.edge, ledger.closable) == (START + 2, None)

    def test_a_source_that_falls_back_reopens_nothing(self) -> None:
        ledger = Ledger(0, 1, TIMING)
        ledger.add(told(0, START + 5))
        ledger.close(NO_MEMORY)
        ledger.add(told(0, START + 1))
        assert (ledger.edge, ledger.closable, ledger.newest) == (START + 5, None, START + 5)

    def test_a_record_says_how_long_it_must_be_kept(self) -> None:
        ledger = Ledger(0, 1, TIMING)
        record = told(0, START, Payment(1, "M1", START + 3, 0), Payment(2, "M1", START + 1, 0))
        assert ledger.add(record) == START + 4
        assert ledger.add(record) == 0, "sent again it holds nothing new"
        assert ledger.add(told(0, START)) == 0
        assert ledger.add(told(0, START, LabelChange(3, "M1", START - 200, 1))) == ledger.edge + 1

    def test_an_open_hour_stays_out_of_the_memory(self) -> None:
        keeper = Keeper(1)
        keeper.add(told(0, START + 1, Payment(1, "M1", START, 0), Payment(2, "M1", START + 1, 0)))
        keeper.close()
        profile = keeper.profile("M1")
        assert profile is not None
        assert read_sums(profile, START + 10, TIMING).payments == (1, 1, 1)

    def test_only_merchants_with_news_are_written_and_the_head_last(self) -> None:
        ledger = Ledger(7, 1, TIMING)
        ledger.add(told(0, START + 1, Payment(1, "M1", START, 0), Payment(2, "M2", START + 1, 0)))
        assert list(ledger.close(NO_MEMORY)) == [merchant_key("M1"), ledger_key(7)]


class TestOnce:
    def test_positions_in_a_log_that_was_made_anew_are_others(self) -> None:
        ledger = Ledger(0, 1, TIMING)
        ledger.add(Activity(0, START, (Payment(900, "M1", START, 0),), (), "old"))
        again = Activity(0, START, (Payment(0, "M1", START, 0),), (), "new")
        assert ledger.add(again) == START + 1
        assert ledger.add(again) == 0, "sent again it holds nothing new"

    def test_an_entry_of_a_closed_hour_is_never_counted_again(self) -> None:
        """Not by the ledger that folded it, and not by the next one, which knows no positions any more."""
        keeper, record = Keeper(1), told(0, START + 1, Payment(1, "M1", START, 500))
        keeper.add(record)
        keeper.close()
        keeper.crash()
        keeper.add(record)
        keeper.add(told(0, START + 2))
        keeper.close()
        profile = keeper.profile("M1")
        assert profile is not None
        assert read_sums(profile, START + 2, TIMING) == read_sums(profile, START + 1, TIMING)
        assert read_sums(profile, START + 2, TIMING).payments == (1, 1, 1)

    @pytest.mark.parametrize("written", [0, 1, 2, 3])
    def test_a_crash_while_memories_are_written_counts_nothing_twice(self, written: int) -> None:
        """Of two merchants and the head so many were written; the ledger then closes in smaller steps."""
        payments = [Payment(at, merchant, START + at, 100) for at in range(4) for merchant in MERCHANTS]
        labels = [LabelChange(4, merchant, START - TIMING.delay_hours, 1) for merchant in MERCHANTS]
        records = [
            told(0, START + 2, *payments, *labels),
            told(1, START + 3),
            told(0, START + 5),
            told(1, START + 5),
            told(0, START + 6),
            told(1, START + 6),
        ]
        keeper = Keeper(2)
        for record in records[:4]:
            keeper.add(record)
        keeper.close(torn=written)
        while keeper.read < len(records):
            keeper.add(records[keeper.read])
            keeper.close()
            assert_exact(keeper, [*payments, *labels])
        assert keeper.ledger.edge == START + 6

    def test_a_label_of_a_source_that_comes_again_counts_once(self) -> None:
        hour = START - TIMING.delay_hours
        keeper, record = Keeper(2), told(1, START, LabelChange(4, "M1", hour, 1))
        for edge in (START + 1, START + 2, START + 3):
            keeper.add(record)
            keeper.add(record)
            keeper.add(told(0, edge))
            keeper.add(told(1, edge))
            keeper.close()
            keeper.crash()
        keeper.add(told(0, START, LabelChange(4, "M1", hour, 1)))
        keeper.add(told(0, START + 4))
        keeper.add(told(1, START + 4))
        keeper.close()
        profile = keeper.profile("M1")
        assert profile is not None
        assert read_sums(profile, START + 4, TIMING).frauds == (2, 2, 2), "the same position of another source"


class TestHead:
    def test_it_tells_how_far_all_sources_and_how_far_any_source_has_come(self) -> None:
        ledger = Ledger(3, 2, TIMING)
        ledger.add(told(0, START + 9))
        assert newest_edge(ledger.note()[ledger_key(3)]) == START + 9
        assert ledger_edge(ledger.note()[ledger_key(3)]) == 0
        ledger.add(told(1, START + 4))
        head = ledger.close(NO_MEMORY)[ledger_key(3)]
        assert (ledger_edge(head), newest_edge(head)) == (START + 4, START + 9)

    def test_a_ledger_goes_on_where_its_head_stands(self) -> None:
        ledger = Ledger(0, 1, TIMING)
        ledger.add(told(0, START + 4))
        again = Ledger(0, 1, TIMING, ledger.close(NO_MEMORY)[ledger_key(0)])
        assert (again.edge, again.newest, again.closable) == (START + 4, START + 4, None)

    def test_what_is_no_head_is_refused(self) -> None:
        with pytest.raises(MemoryFormatError, match="head"):
            Ledger(0, 1, TIMING, b"\xc1")

    def test_a_head_of_another_release_is_refused(self) -> None:
        with pytest.raises(MemoryFormatError, match="version"):
            Ledger(0, 1, TIMING, msgspec.msgpack.encode([99, START, START]))


def test_a_merchant_with_a_payment_every_hour_for_a_hundred_days_stays_small() -> None:
    keeper, largest = Keeper(1), 0
    for hour in range(START, START + 2400):
        keeper.add(told(0, hour + 1, Payment(hour, "M1", hour, 1000)))
        keeper.close()
        largest = max(largest, len(keeper.memories[merchant_key("M1")]))
    assert largest < 3000
    profile = keeper.profile("M1")
    assert profile is not None
    edge = START + 2400
    starts = [edge - (edge - 24 * days) // 24 * 24 for days in (1, 7, 30)]
    assert list(read_sums(profile, edge, TIMING).payments) == starts


def test_a_delay_of_another_length_moves_the_label_windows_and_nothing_else() -> None:
    two_days = Timing(delay_hours=48)
    entries: list[Entry] = [Payment(1, "M1", START, 10), LabelChange(2, "M1", START - 30, 1)]
    keeper = Keeper(1, two_days)
    keeper.add(told(0, START + 1, *entries))
    keeper.close()
    profile = decode_profile(keeper.memories[merchant_key("M1")])
    for reader in range(START - 40, START + 24 * 40, 7):
        if is_exact(profile, reader, two_days):
            assert read_sums(profile, reader, two_days) == plain_sums(entries, "M1", reader, two_days)
