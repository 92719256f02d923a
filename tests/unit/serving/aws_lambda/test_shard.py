"""The order of effects, on a table in memory and a sender that only notes what it is given."""

from collections.abc import Collection, Sequence

import msgspec
import pytest

from serving.aws_lambda.clocks import ListedShard
from serving.aws_lambda.head import decode_head, head_name
from serving.aws_lambda.records import Shard, ShardRecord
from serving.aws_lambda.shard import ShardApplier
from serving.aws_lambda.stage import Outputs, Stage
from serving.aws_lambda.table import Change, Item
from serving.errors import MemoriesChanged, MemoriesUnavailable
from stream.enrichment import GeoResolver
from tests.unit.detectors.histories import history, rarity_bundle

SHARD = Shard("payments", "shardId-000000000000")
_encode = msgspec.json.Encoder().encode


class Table:
    """Keeps versions as DynamoDB does; `before_write` may do something first."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.writes = 0
        self.busy = False

    def read(self, keys: Collection[str]) -> dict[str, Item]:
        return {key: self.items[key] for key in keys if key in self.items}

    def before_write(self, number: int) -> None:
        """Nothing, unless a test has it otherwise."""

    def write(self, changes: Sequence[Change]) -> None:
        self.writes += 1
        if self.busy:
            raise MemoriesUnavailable("busy")
        self.before_write(self.writes)
        for change in changes:
            found = self.items.get(change.key)
            if (found.version if found else 0) != change.version:
                raise MemoriesChanged(change.key)
        self.items.update({each.key: Item(each.value, each.version + 1) for each in changes})


class Sent:
    """Notes the outputs of each batch."""

    def __init__(self) -> None:
        self.batches: list[Outputs] = []

    def send(self, shard: Shard, records: Sequence[ShardRecord], outputs: Outputs) -> None:
        self.batches.append(outputs)


def records(count: int = 200) -> list[ShardRecord]:
    return [
        ShardRecord(SHARD, 1_000 + place, _encode(payment), 4_000_000_000_000, payment.account_id)
        for place, payment in enumerate(history()[:count])
    ]


def applier(table: Table, sent: Sent | None = None, merchants: bool = False) -> ShardApplier:
    listed = [ListedShard(SHARD.shard_id, (), True)]
    list_shards = (lambda stream: listed) if merchants else None
    return ShardApplier(Stage(rarity_bundle(), GeoResolver()), table, sent or Sent(), list_shards)


def head(table: Table) -> int:
    return int(decode_head(table.items[head_name(SHARD)].value).sequence_number)


@pytest.mark.parametrize("merchants", [False, True])
def test_a_batch_delivered_again_changes_nothing_and_sends_nothing(merchants: bool) -> None:
    table, sent = Table(), Sent()
    assert applier(table, sent, merchants).apply(records()) == (200, None)
    after = dict(table.items)
    assert applier(table, sent, merchants).apply(records()) == (200, None)
    assert table.items == after
    assert len(sent.batches) == 1


def test_a_batch_that_overlaps_counts_only_what_is_new() -> None:
    table, sent = Table(), Sent()
    applier(table, sent).apply(records()[:120])
    assert applier(table, sent).apply(records()[80:]) == (120, None)
    assert [len(each.assessments) for each in sent.batches] == [120, 80]
    whole = Table()
    applier(whole).apply(records())
    values = [{key: item.value for key, item in each.items.items()} for each in (table, whole)]
    assert values[0] == values[1]


def test_memories_that_cannot_be_written_leave_the_head_where_it_was() -> None:
    table, sent = Table(), Sent()
    applier(table, sent).apply(records()[:50])
    table.busy = True
    done, error = applier(table, sent).apply(records())
    assert done == 50
    assert isinstance(error, MemoriesUnavailable)
    assert head(table) == 1_049
    assert sent.batches[1].assessments, "outputs are out: the next delivery gives the same"
    before = sent.batches[1]
    table.busy = False
    assert applier(table, sent).apply(records()) == (200, None)
    assert sent.batches[2] == before


def test_of_two_deliveries_at_once_only_one_is_applied() -> None:
    """As when one was taken for dead: the other's memories are in place before it comes to write its own."""
    table = Table()

    class Slow(Table):
        def __init__(self) -> None:
            super().__init__()
            self.items = table.items

        def before_write(self, number: int) -> None:
            if number == 1:
                applier(table).apply(records()[:60])

    slow = Slow()
    done, error = applier(slow).apply(records())
    assert (done, isinstance(error, MemoriesChanged)) == (0, True)
    assert head(table) == 1_059


def test_a_batch_of_bad_records_moves_the_head() -> None:
    table, sent = Table(), Sent()
    bad = [record._replace(data=b"{") for record in records(3)]
    assert applier(table, sent, merchants=True).apply(bad) == (3, None)
    assert [record for record, _ in sent.batches[0].letters] == bad
    assert head(table) == 1_002
