"""What is lost follows from positions alone, and accepting it leaves nothing to accept."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.errors import RecordsLost
from stream.head import Head
from stream.losses import (
    Acceptance,
    LogRange,
    Partition,
    Positions,
    accept,
    check,
    check_identity,
    check_logs,
    refuse,
)
from stream.topic_ids import NO_IDS, TopicIds
from stream.topics import ASSESSMENTS, ENRICHED, LABELS, TRANSACTIONS

SOURCE, LOG, OUTPUT = (Partition(topic, 3) for topic in (TRANSACTIONS, ENRICHED, ASSESSMENTS))
NOW = TopicIds({TRANSACTIONS: "new", LABELS: "labels-id", ENRICHED: "log-id"})
TEN_TO_FIFTY = LogRange(10, 50)


def told(positions: Positions) -> list[str]:
    return [str(loss) for loss in check(positions)]


def alone(at: Partition, committed: int | None, head: Head | None = None, topics: TopicIds = NOW) -> Positions:
    """One partition whose log holds the offsets from 10 to 49."""
    return Positions({at: committed}, {at: TEN_TO_FIFTY}, {} if head is None else {3: head}, topics)


@pytest.mark.parametrize("at", [SOURCE, LOG, OUTPUT])
@pytest.mark.parametrize("committed", [10, 30, 50, None])
def test_an_offset_inside_the_log_or_none_at_all_is_no_loss(at: Partition, committed: int | None) -> None:
    assert told(alone(at, committed)) == []


@pytest.mark.parametrize("at", [SOURCE, LOG, OUTPUT])
def test_records_deleted_before_they_were_read_are_named(at: Partition) -> None:
    assert told(alone(at, 4)) == [f"{at.topic} partition 3: records 4 to 9 were deleted before they were read"]


@pytest.mark.parametrize("at", [SOURCE, LOG, OUTPUT])
def test_a_log_that_ends_before_the_next_offset_is_named(at: Partition) -> None:
    assert told(alone(at, 70)) == [
        f"{at.topic} partition 3: offset 70 comes next, but the log ends at 50: what it held from there to 69 is"
        " gone, because the log was cut off or made anew"
    ]


class TestMemories:
    """Heads of partitions know more than the group's offsets."""

    @pytest.mark.parametrize(("offset", "what"), [(4, "records 4 to 9 were deleted"), (70, "the log ends at 50")])
    def test_they_must_have_come_to_a_place_inside_their_log(self, offset: int, what: str) -> None:
        for committed in (None, 30):
            (loss,) = check(alone(LOG, committed, Head(offset, log_id="log-id")))
            assert what in str(loss)

    def test_a_commit_that_has_overtaken_them_would_leave_records_out(self) -> None:
        positions = alone(LOG, 40, Head(30))
        assert told(positions) == [
            f"{ENRICHED} partition 3: the memories have come to offset 30, but 40 is committed: records 30 to 39"
            " would be left out"
        ]
        assert accept(positions) == Acceptance({LOG: 30}, {}), "nothing is lost"

    def test_a_commit_that_stayed_behind_the_log_costs_nothing(self) -> None:
        positions = alone(LOG, 4, Head(30))
        (loss,) = check(positions)
        assert str(loss).endswith("the memories have come to 30: nothing is lost")
        assert accept(positions) == Acceptance({LOG: 30}, {})

    def test_another_log_of_their_name_is_found_though_all_offsets_fit(self) -> None:
        positions = alone(LOG, None, Head(30, {"transactions@new/3": 7}, "b", "old"))
        assert told(positions) == [
            f"{ENRICHED} was deleted and made anew (id old became log-id): what the old one held unread is lost;"
            " partitions of the memories: 3"
        ]
        head = Head(10, {"transactions@new/3": 7}, "b", "log-id")
        assert accept(positions) == Acceptance({LOG: 10}, {3: head})

    def test_one_whose_log_had_no_id_yet_is_accepted(self) -> None:
        assert told(alone(LOG, 30, Head(30))) == []

    def test_a_broker_without_ids_is_not_asked_for_one(self) -> None:
        assert told(alone(LOG, 30, Head(30, {"transactions@old/3": 7}, "b", "old"), NO_IDS)) == []


class TestSources:
    def test_a_topic_that_the_memories_know_under_another_id_was_replaced(self) -> None:
        head = Head(30, {"transactions@old/3": 20, "labels@labels-id/3": 9}, "b", "log-id")
        positions = alone(SOURCE, None, head)
        assert told(positions) == [
            f"{TRANSACTIONS} was deleted and made anew (id old became new): what the old one held unread is lost;"
            " partitions of the memories: 3"
        ]
        kept = Head(30, {"transactions@new/3": -1, "labels@labels-id/3": 9}, "b", "log-id")
        assert accept(positions) == Acceptance({SOURCE: 10}, {3: kept})

    def test_records_of_the_old_one_that_come_later_do_not_raise_it_again(self) -> None:
        """They may wait in `transactions.enriched`, for this partition or another."""
        heads = {3: Head(upstream={"transactions@new/3": -1, "transactions@old/3": 21})}
        others = {4: Head(upstream={"transactions@old/3": 22})}
        assert told(Positions({SOURCE: 10}, {SOURCE: TEN_TO_FIFTY}, {**heads, **others}, NOW)) == []

    def test_one_known_by_name_alone_is_accepted(self) -> None:
        assert told(alone(SOURCE, 30, Head(upstream={"transactions/3": 20}))) == []

    def test_without_a_commit_the_memories_say_where_reading_must_go_on(self) -> None:
        """A group that was away for long loses its commits; so may its topics their records."""
        head = Head(upstream={"transactions@new/3": 3, "transactions@new/2": 49})
        assert told(alone(SOURCE, None, head)) == [
            f"{TRANSACTIONS} partition 3: records 4 to 9 were deleted before they were read"
        ]
        assert told(alone(SOURCE, None, Head(upstream={"transactions@new/3": 9}))) == []

    def test_behind_the_cut_of_a_log_records_are_new(self) -> None:
        head = Head(30, {"transactions@new/3": 69, "transactions@new/2": 80}, "b")
        accepted = accept(alone(SOURCE, 70, head))
        assert accepted.committed == {SOURCE: 10}
        assert accepted.heads[3].upstream == {"transactions@new/3": 49, "transactions@new/2": 80}

    def test_without_ids_a_cut_log_may_be_another_one(self) -> None:
        head = Head(30, {"transactions/3": 69, "transactions/2": 80}, "b")
        accepted = accept(alone(SOURCE, 70, head, NO_IDS))
        assert accepted.heads[3].upstream == {"transactions/2": 80}


def test_a_topic_replaced_or_deleted_while_a_worker_runs_is_found_by_its_id() -> None:
    assert check_identity(NOW, NOW) == []
    assert check_identity(NO_IDS, NOW) == []
    later = TopicIds({TRANSACTIONS: "newer", ENRICHED: "log-id"})
    assert [str(loss).split(":")[0] for loss in check_identity(NOW, later)] == [
        "labels was deleted and is no more (id labels-id)",
        "transactions was deleted and made anew (id new became newer)",
    ]


def test_a_log_that_ends_before_what_was_read_is_another_one_or_cut() -> None:
    assert check_logs({SOURCE: 50}, {SOURCE: TEN_TO_FIFTY}) == []
    (loss,) = check_logs({SOURCE: 51}, {SOURCE: TEN_TO_FIFTY})
    assert "the log ends at 50" in str(loss)


def test_the_refusal_names_every_loss_and_the_command_that_accepts_them() -> None:
    refuse([])
    with pytest.raises(RecordsLost, match=r"records 4 to 9.*; nothing is read from elsewhere.*accept-loss --yes"):
        refuse(check(alone(OUTPUT, 4)))


_offsets = st.integers(0, 9)
_ids = st.sampled_from(["", "a", "b"])
_names = st.sampled_from(["transactions", "transactions@a", "transactions@b", "labels", "labels@a"])
_upstreams = st.dictionaries(st.builds("{}/{}".format, _names, st.integers(0, 1)), st.integers(-1, 9), max_size=4)
_heads = st.dictionaries(st.integers(0, 1), st.builds(Head, _offsets, _upstreams, st.just("b"), _ids), max_size=2)
_topics = st.builds(
    lambda *ids: TopicIds({topic: each for topic, each in zip((*_READ[:3],), ids, strict=True) if each}),
    _ids,
    _ids,
    _ids,
)
_READ = (TRANSACTIONS, LABELS, ENRICHED, ASSESSMENTS)
_PARTITIONS = [Partition(topic, each) for topic in _READ for each in (0, 1)]
_logs = st.builds(lambda first, length: LogRange(first, first + length), _offsets, _offsets)
_committed = st.fixed_dictionaries({at: st.none() | _offsets for at in _PARTITIONS})
_positions = st.builds(
    Positions, _committed, st.fixed_dictionaries(dict.fromkeys(_PARTITIONS, _logs)), _heads, _topics
)


def after(positions: Positions, acceptance: Acceptance) -> Positions:
    committed: Mapping[Partition, int | None] = {**positions.committed, **acceptance.committed}
    return Positions(committed, positions.logs, {**positions.heads, **acceptance.heads}, positions.topics)


@given(_positions)
def test_accepting_leaves_nothing_to_accept(positions: Positions) -> None:
    acceptance = accept(positions)
    assert check(after(positions, acceptance)) == []
    assert accept(after(positions, acceptance)) == Acceptance({}, {})


@given(_positions)
def test_accepting_changes_nothing_where_nothing_is_lost_and_skips_no_record_of_any_log(
    positions: Positions,
) -> None:
    acceptance = accept(positions)
    assert bool(acceptance.committed) == bool(check(positions))
    for at, offset in acceptance.committed.items():
        assert positions.logs[at].reaches(offset)
        if at.topic != ENRICHED:
            assert offset == positions.logs[at].first
    for partition, head in acceptance.heads.items():
        before = positions.heads[partition]
        at = Partition(ENRICHED, partition)
        assert head.next_offset == before.next_offset or head.next_offset == positions.logs[at].first
        assert head.bundle_version == before.bundle_version
