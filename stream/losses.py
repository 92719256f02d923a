"""What is lost when a log is not where the worker left off, and the positions that accept it. Pure: a look at
positions in, losses or new positions out; `stream/positions.py` looks, `riskstream accept-loss` writes.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import msgspec

from stream.errors import RecordsLost
from stream.head import Head
from stream.headers import split_upstream
from stream.topic_ids import REMEMBERED, SOURCES, TopicIds, source_name, split_source
from stream.topics import ENRICHED

ADVICE = (
    "nothing is read from elsewhere until somebody says so: stop all workers, see what is lost with"
    " `riskstream accept-loss`, and go on without it with `riskstream accept-loss --yes`"
)

LossKind = Literal["deleted", "cut", "replaced", "overrun"]


class Partition(NamedTuple):
    """One partition of a topic."""

    topic: str
    partition: int


class LogRange(NamedTuple):
    """The offsets that a partition holds: from `first` to before `end`."""

    first: int
    end: int

    def reaches(self, offset: int) -> bool:
        """Tell whether reading can go on at an offset: the next record lies there, or will."""
        return self.first <= offset <= self.end


@dataclass(frozen=True, slots=True)
class Positions:
    """Where everybody is: what is to be judged."""

    committed: Mapping[Partition, int | None]
    """The offset that the group reads next, for the partitions to judge; None where it has committed none."""
    logs: Mapping[Partition, LogRange]
    """At least of these partitions."""
    heads: Mapping[int, Head]
    """Of all partitions that have memories."""
    topics: TopicIds = field(default_factory=TopicIds)


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that cannot be read any more, or not from where it has to be."""

    kind: LossKind
    topic: str
    partition: int | None
    """None: all of them."""
    message: str

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Positions to write, so that work goes on with what is left."""

    committed: Mapping[Partition, int]
    heads: Mapping[int, Head]


def check(positions: Positions) -> list[Loss]:
    """Judge positions; an empty list means that everything is where it was left.

    >>> at = Partition("transactions", 3)
    >>> print(*check(Positions({at: 10}, {at: LogRange(40, 90)}, {})))
    transactions partition 3: records 10 to 39 were deleted before they were read
    """
    replaced = list(_replaced_topics(positions))
    anew = {loss.topic for loss in replaced}
    found = [*replaced]
    for at in sorted(positions.committed):
        if at.topic not in anew:
            found += _check_partition(positions, at)
    return found


def _replaced_topics(positions: Positions) -> Iterator[Loss]:
    """Find topics that the memories know under another id only.

    One head that knows the present id is enough: the others may still meet records that were made before.
    """
    for topic in REMEMBERED:
        now, known = positions.topics.id_of(topic), _ids_in(positions.heads, topic)
        concerned = sorted(each for each, ids in known.items() if ids - {now})
        accepted = any(now in ids for ids in known.values()) if topic in SOURCES else not concerned
        if now and concerned and not accepted:
            before = ", ".join(sorted(set().union(*known.values()) - {now}))
            yield _replaced(topic, before, now, concerned)


def _ids_in(heads: Mapping[int, Head], topic: str) -> dict[int, set[str]]:
    """Return the ids under which each head knows a topic."""
    known: defaultdict[int, set[str]] = defaultdict(set)
    for partition, head in heads.items():
        ids = {head.log_id} if topic == ENRICHED else {topic_id for topic_id, _, _ in _applied(head, topic)}
        known[partition] |= ids - {""}
    return known


def _applied(head: Head, topic: str) -> Iterator[tuple[str, int, int]]:
    """Yield id, partition and position of what a head says of a source."""
    for name, position in head.upstream.items():
        source, partition = split_upstream(name)
        source_topic, topic_id = split_source(source)
        if source_topic == topic:
            yield topic_id, partition, position


def _check_partition(positions: Positions, at: Partition) -> Iterator[Loss]:
    """Judge where one partition is to be read next."""
    log, committed = positions.logs[at], positions.committed[at]
    head = positions.heads.get(at.partition) if at.topic == ENRICHED else None
    if head is not None and not log.reaches(head.next_offset):
        yield _outside(at, head.next_offset, log)
    elif head is not None and committed is not None and committed < log.first:
        yield Loss("deleted", *at, _behind(at, committed, log, head.next_offset))
    elif head is not None and committed is not None and committed > head.next_offset:
        yield Loss("overrun", *at, _overrun(at, head.next_offset, committed))
    else:
        expected = _applied_up_to(positions, at) if committed is None else committed
        if expected is not None and not log.reaches(expected):
            yield _outside(at, expected, log)


def _applied_up_to(positions: Positions, at: Partition) -> int | None:
    """Return the offset up to which a source is in the memories, for a group that has lost its commits."""
    topic_id = positions.topics.id_of(at.topic)
    applied = [
        position
        for head in positions.heads.values()
        for each_id, partition, position in _applied(head, at.topic)
        if each_id == topic_id and partition == at.partition and at.topic in SOURCES
    ]
    return max(applied) + 1 if applied else None


def _outside(at: Partition, expected: int, log: LogRange) -> Loss:
    where = f"{at.topic} partition {at.partition}"
    if expected < log.first:
        told = f"{where}: records {expected} to {log.first - 1} were deleted before they were read"
        return Loss("deleted", *at, told)
    told = (
        f"{where}: offset {expected} comes next, but the log ends at {log.end}: what it held from there to"
        f" {expected - 1} is gone, because the log was cut off or made anew"
    )
    return Loss("cut", *at, told)


def _behind(at: Partition, committed: int, log: LogRange, known: int) -> str:
    return (
        f"{at.topic} partition {at.partition}: offset {committed} is committed and the log begins at {log.first},"
        f" but the memories have come to {known}: nothing is lost"
    )


def _overrun(at: Partition, known: int, committed: int) -> str:
    return (
        f"{at.topic} partition {at.partition}: the memories have come to offset {known}, but {committed} is"
        f" committed: records {known} to {committed - 1} would be left out"
    )


def _replaced(topic: str, before: str, now: str, partitions: Sequence[int] | None) -> Loss:
    known = "" if partitions is None else f"; partitions of the memories: {', '.join(map(str, partitions))}"
    became = f"made anew (id {before} became {now})" if now else f"is no more (id {before})"
    told = f"{topic} was deleted and {became}: what the old one held unread is lost{known}"
    return Loss("replaced", topic, None, told)


def check_identity(before: TopicIds, now: TopicIds) -> list[Loss]:
    """Judge topics that had ids before: a worker writes those of its start into origins and heads."""
    return [
        _replaced(topic, topic_id, now.id_of(topic), None)
        for topic, topic_id in sorted(before.ids.items())
        if now.id_of(topic) != topic_id
    ]


def check_logs(expected: Mapping[Partition, int], logs: Mapping[Partition, LogRange]) -> list[Loss]:
    """Judge the offsets that come next against what the logs hold, whatever the memories say."""
    return [_outside(at, offset, logs[at]) for at, offset in expected.items() if not logs[at].reaches(offset)]


def refuse(losses: Iterable[Loss]) -> None:
    """Raise if anything is lost.

    Raises:
        RecordsLost: the message says what, and how that is accepted.
    """
    told = [str(loss) for loss in losses]
    if told:
        raise RecordsLost("; ".join([*told, ADVICE]))


def accept(positions: Positions) -> Acceptance:
    """Return the positions with which `check` finds nothing lost; those that it does not mind stay as they are.

    Reading goes on at the start of each log concerned, so that nothing more is lost: what the memories have
    already is skipped by their heads.
    """
    committed: dict[Partition, int] = {}
    heads = dict(positions.heads)
    for loss in check(positions):
        concerned = [
            at for at in positions.committed if at.topic == loss.topic and loss.partition in (None, at.partition)
        ]
        for at in concerned:
            committed[at] = _accept(positions, at, loss.kind, heads)
        if loss.topic in SOURCES:
            heads = {each: _without_source(head, loss, positions) for each, head in heads.items()}
    changed = {each: head for each, head in heads.items() if head != positions.heads[each]}
    return Acceptance(committed, changed)


def _accept(positions: Positions, at: Partition, kind: LossKind, heads: dict[int, Head]) -> int:
    """Return the offset to read next; the head of a partition of payments follows."""
    first = positions.logs[at].first
    head = heads.get(at.partition) if at.topic == ENRICHED else None
    if head is None:
        return first
    current = positions.topics.id_of(ENRICHED)
    anew = kind == "replaced" and head.log_id != current
    if anew or not positions.logs[at].reaches(head.next_offset):
        head = heads[at.partition] = msgspec.structs.replace(
            head, next_offset=first, log_id=current or head.log_id
        )
    return head.next_offset


def _without_source(head: Head, loss: Loss, positions: Positions) -> Head:
    """Forget how far a source was applied that counts anew; of one that was replaced, remember the new one."""
    upstream: dict[str, int] = {}
    topics = positions.topics
    end = 0 if loss.partition is None else positions.logs[Partition(loss.topic, loss.partition)].end
    for name, position in head.upstream.items():
        source, partition = split_upstream(name)
        topic, topic_id = split_source(source)
        if topic != loss.topic or loss.kind == "deleted":
            upstream[name] = position
        elif loss.kind == "replaced" and topic_id:
            # Records of the old one may wait in `transactions.enriched`; this entry says that that is known.
            upstream[f"{source_name(topic, topics.id_of(topic))}/{partition}"] = -1
        elif loss.kind == "cut" and partition != loss.partition:
            upstream[name] = position
        elif loss.kind == "cut" and topic_id:
            # The same topic, cut off: what it holds was applied, what will be written behind that was not.
            upstream[name] = min(position, end - 1)
    return msgspec.structs.replace(head, upstream=upstream)
