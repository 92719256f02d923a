"""Turns records of a shard into what follows from them: outputs, and the memories to write. It sends nothing.

What it makes of a batch follows from the records, the bundle and the memories, so that a batch that is delivered
again, because its first delivery ended halfway, leads to the same bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from msgspec.structs import replace

from detectors.assess import Outcome, Stretch, assess_together
from detectors.assessment import Assessment
from detectors.bundle import Bundle
from detectors.clock import Clock, encode_clock
from detectors.decoding import Rejection, decode_transactions
from detectors.errors import MemoryFormatError
from detectors.frozen import freeze
from detectors.judging import Judging, judge
from detectors.memory_keys import account_key, clock_key
from detectors.merchants.view import NO_MERCHANTS, Merchants
from detectors.transaction import EnrichedTransaction, Transaction
from detectors.windows import whole_seconds
from serving.aws_lambda.clocks import Clocks
from serving.aws_lambda.cutting import cut, runs_of
from serving.aws_lambda.head import Head, encode_head, head_name
from serving.aws_lambda.merchants import ShardsMerchants, count, totals_name
from serving.aws_lambda.records import Shard, ShardRecord
from serving.aws_lambda.table import WRITE_ITEMS, Change
from serving.aws_lambda.working import WorkingMemory
from serving.errors import ServingError
from sinks.alerts import alert_event
from sinks.dead_letters import internal_error
from stream.enrichment import GeoResolver, distinct_addresses, enrich
from stream.kinesis.aggregation import name_aggregated
from stream.stages.isolation import Part, assess_isolating

PARTITION: Final = 0
"""There is none: centres do not move, and time is kept in the head."""
_ACCOUNTS: Final = account_key("").decode()


@dataclass(slots=True)
class Outputs:
    """What is to be sent, in the order of the records."""

    assessments: list[tuple[int, Assessment]] = field(default_factory=list)
    """With the position of each among the records of its shard."""
    alerts: list[bytes] = field(default_factory=list)
    """CloudEvents of those that somebody is to be told of."""
    letters: list[tuple[ShardRecord, Rejection]] = field(default_factory=list)
    duplicates: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """Memories that are written together."""

    done: int
    """How many of the batch's records are applied then."""
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of a shard that are new, decoded."""

    shard: Shard
    records: Sequence[ShardRecord]
    items: Sequence[EnrichedTransaction | Rejection]

    def touched(self, merchants: bool) -> list[set[str]]:
        """Return for each record the keys of the memories that it changes."""
        return [set() if isinstance(item, Rejection) else self._changed_by(item, merchants) for item in self.items]

    def read(self, clocks: Clocks | None) -> set[str]:
        """Return the keys of all memories that the records meet; with `clocks` those of all shards' merchants."""
        keys = set().union(*self.touched(merchants=False))
        shards = [Shard(self.shard.stream, shard_id) for shard_id in clocks.shards] if clocks else []
        ids = {item.merchant_id for item in self.items if not isinstance(item, Rejection)}
        return keys | {totals_name(shard, merchant_id) for shard in shards for merchant_id in ids}

    def _changed_by(self, item: EnrichedTransaction, merchants: bool) -> set[str]:
        account = account_key(item.account_id).decode()
        return {account, totals_name(self.shard, item.merchant_id)} if merchants else {account}


class Stage:
    """Assesses with one bundle, whose centres stay where they are."""

    def __init__(
        self,
        bundle: Bundle,
        resolver: GeoResolver,
        judging: Judging = judge,
        let_through: tuple[type[Exception], ...] = (MemoryFormatError, ServingError),
    ) -> None:
        self._bundle = freeze(bundle)
        self._timing = bundle.manifest.timing
        self._resolver = resolver
        self._judging = judging
        self._let_through = let_through

    @property
    def bundle_version(self) -> str:
        """Of the bundle."""
        return self._bundle.version

    def decode(self, shard: Shard, records: Sequence[ShardRecord]) -> Batch:
        """Decode and check records, and locate their addresses without asking the network."""
        data = [each.data for each in records]
        read = name_aggregated(decode_transactions(data, [each.arrived_ms for each in records]), data)
        good = [item for item in read if isinstance(item, Transaction)]
        located = iter(enrich(good, self._resolver.locate_local(distinct_addresses(good))))
        items = [item if isinstance(item, Rejection) else next(located) for item in read]
        return Batch(shard, records, items)

    def compute(
        self, batch: Batch, head: Head, memory: WorkingMemory, clocks: Clocks | None
    ) -> tuple[Outputs, list[Step]]:
        """Assess a batch, step after step: each meets the memories that the one before it leaves.

        A step is what one transaction can write. With `clocks` merchants are known.
        """
        edges = self._edges(batch, head.edge)
        outputs, steps = Outputs(), []
        for step in cut(batch.touched(clocks is not None), WRITE_ITEMS - 1):
            for run in runs_of(step, edges) if clocks is not None else [step]:
                merchants: Merchants = NO_MERCHANTS
                if clocks is not None:
                    head = replace(head, edge=edges[run.start])
                    merchants = self._merchants(batch.shard, memory, clocks, head.edge)
                head = self._follow(batch, run, head, memory, merchants, outputs)
            memory.put(head_name(batch.shard), encode_head(head))
            steps.append(Step(step.stop, memory.take()))
        return outputs, steps

    def _follow(
        self,
        batch: Batch,
        run: range,
        head: Head,
        memory: WorkingMemory,
        merchants: Merchants,
        outputs: Outputs,
    ) -> Head:
        """Assess a run; the memories move on, and its outputs are added. Returns the head after it."""
        places = [place for place in run if isinstance(batch.items[place], Transaction)]
        events = [item for item in batch.items[run.start : run.stop] if isinstance(item, EnrichedTransaction)]
        outputs.letters += [
            (batch.records[place], item)
            for place, item in enumerate(batch.items[run.start : run.stop], run.start)
            if isinstance(item, Rejection)
        ]
        edge = head.edge
        for part in self._assessed(events, head, memory, merchants):
            if part.outcome is None:
                rejection = internal_error("assess", part.failure or "")
                outputs.letters.append((batch.records[places[part.start]], rejection))
                continue
            its = places[part.start : part.end]
            self._emit(batch, its, head.records - run.start, part.outcome, outputs)
            edge = max(edge, part.outcome.edge)
            _keep(part.outcome.memories, memory)
            if merchants is not NO_MERCHANTS:
                count(memory, batch.shard, part.outcome.payments, edge, self._timing)
        last = batch.records[run.stop - 1].sequence_number
        return Head(str(last), head.records + len(run), edge, self._bundle.version)

    def _assessed(
        self, events: Sequence[EnrichedTransaction], head: Head, memory: WorkingMemory, merchants: Merchants
    ) -> Sequence[Part]:
        if not events:
            return []
        clock = encode_clock(Clock(edge=head.edge))

        def read(key: bytes) -> bytes | None:
            return clock if key == clock_key(PARTITION) else memory.get(key.decode())

        work = partial(
            assess_together, bundle=self._bundle, merchants=merchants, judging=self._judging, watch=False
        )
        return assess_isolating([Stretch(events, read, PARTITION)], work, self._let_through)[0]

    def _emit(self, batch: Batch, places: Sequence[int], applied: int, outcome: Outcome, outputs: Outputs) -> None:
        """Add what came of the records at `places`; `applied` records of the shard came before the batch."""
        for index, assessment in outcome.assessments:
            outputs.assessments.append((applied + places[index], assessment))
            item = batch.items[places[index]]
            if assessment.alert in ("new", "escalation") and isinstance(item, EnrichedTransaction):
                outputs.alerts.append(alert_event(assessment, item))
        outputs.letters += [(batch.records[places[index]], rejection) for index, rejection in outcome.rejections]
        outputs.duplicates += outcome.duplicates

    def _merchants(self, shard: Shard, memory: WorkingMemory, clocks: Clocks, edge: int) -> ShardsMerchants:
        """What is known of merchants when this shard has come to an edge."""
        shards = [Shard(shard.stream, shard_id) for shard_id in clocks.shards]
        return ShardsMerchants(memory, shards, clocks.moved(shard.shard_id, edge).edge)

    def _edges(self, batch: Batch, edge: int) -> list[int]:
        """The hour before which the shard is closed when each record comes."""
        edges = []
        for item in batch.items:
            if isinstance(item, EnrichedTransaction):
                edge = max(edge, self._timing.activity_edge(whole_seconds(item.event_time)))
            edges.append(edge)
        return edges


def _keep(memories: Mapping[bytes, bytes], memory: WorkingMemory) -> None:
    """Keep what accounts remember; centres stand still, and the clock is in the head."""
    for key, value in memories.items():
        name = key.decode()
        if name.startswith(_ACCOUNTS):
            memory.put(name, value)
