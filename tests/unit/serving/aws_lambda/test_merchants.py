"""Totals of merchants that several shards keep add up to those that one ledger keeps."""

from hypothesis import given
from hypothesis import strategies as st

from detectors.memory_keys import merchant_key
from detectors.merchants.activity import Payment
from detectors.merchants.local import LocalMerchants
from detectors.merchants.profile import decode_profile
from detectors.merchants.reading import is_exact, read_sums
from detectors.timing import Timing
from serving.aws_lambda.merchants import ShardsMerchants, count
from serving.aws_lambda.records import Shard
from serving.aws_lambda.working import WorkingMemory

TIMING = Timing(delay_hours=24)
SHARDS = [Shard("payments", f"shardId-{number:012d}") for number in range(3)]
START = 400_000

hours = st.lists(
    st.lists(st.tuples(st.integers(0, 2), st.integers(-8000, 8000)), max_size=4), min_size=1, max_size=12
)


@given(hours, st.integers(1, 40))
def test_a_reader_finds_what_a_ledger_of_all_shards_would_tell(
    paid: list[list[tuple[int, int]]], stride: int
) -> None:
    """Payments of one merchant hour after hour, `stride` hours apart, each by some shard."""
    memory = WorkingMemory({})
    local = LocalMerchants(len(SHARDS), TIMING)
    position = 0
    for step, its in enumerate(paid):
        hour = START + step * stride
        for number, shard in enumerate(SHARDS):
            payments = [Payment(position + at, "M", hour, z) for at, (by, z) in enumerate(its) if by == number]
            count(memory, shard, payments, hour, TIMING)
            local.tell(number, hour, payments, ())
        position += len(its)
        local.close()
        _compare(memory, local, hour)
    last = START + len(paid) * stride
    for number in range(len(SHARDS)):
        local.tell(number, last, (), ())
    local.close()
    _compare(memory, local, last)


def _compare(memory: WorkingMemory, local: LocalMerchants, edge: int) -> None:
    view = ShardsMerchants(memory, SHARDS, edge)
    mine, theirs = view.profile("M"), local.memories.get(merchant_key("M"))
    if theirs is None:
        assert mine is None
        return
    assert mine is not None
    assert is_exact(mine, edge, TIMING)
    assert read_sums(mine, edge, TIMING) == read_sums(decode_profile(theirs), edge, TIMING)


def test_what_a_shard_counts_changes_no_item_of_another() -> None:
    memory = WorkingMemory({})
    count(memory, SHARDS[0], [Payment(0, "M", START, 500)], START, TIMING)
    assert [change.key for change in memory.take()] == ["merchant/payments/shardId-000000000000/M"]
    count(memory, SHARDS[1], [Payment(0, "M", START, 500)], START, TIMING)
    assert [change.key for change in memory.take()] == ["merchant/payments/shardId-000000000001/M"]
