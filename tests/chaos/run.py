"""Carries a plan out on a running cluster: replay, workers, faults, until everything is assessed and archived."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stream.errors import BrokerUnavailable
from stream.pacing import LagGate
from stream.topics import TRANSACTIONS
from tests.chaos.crew import Crew
from tests.chaos.feed import Feed
from tests.chaos.orders import Order
from tests.chaos.outages import LabelsOutage
from tests.chaos.plan import KILLS, WORKERS, Fault, Kind
from tests.chaos.traffic import Traffic, malformed
from tests.chaos.watch import Watch
from tests.kafka_broker import ApacheKafka
from tests.pipeline.cluster import STAGES, Cluster
from tests.pipeline.faulty import POISON
from tests.pipeline.outage import Relay
from tests.pipeline.topics import produce
from tests.pipeline.waiting import wait_until

PATIENCE_SECONDS = 300.0
"""Without progress for so long the run has failed; nothing in it should take a tenth of that."""

LABELS_AWAY_SECONDS = 45.0
"""At most; producers keep labels for 120 s."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Account:
    """What was done, and what it cost."""

    done: Counter[Kind]
    missed: int
    """Faults at named points that came from outside, since their worker had no more batch."""
    stalls: dict[str, float]
    unasked: Sequence[str]
    fenced: int
    borders: str
    seconds: float

    @property
    def kills(self) -> int:
        """How many workers were ended with SIGKILL."""
        return sum(self.done[kind] for kind in KILLS)


class Run:
    """One plan under way."""

    def __init__(
        self,
        cluster: Cluster,
        broker: ApacheKafka,
        s3: Relay,
        plan: Sequence[Fault],
        traffic: Traffic,
        say: Say,
        labels: LabelsOutage | None = None,
    ) -> None:
        self._cluster = cluster
        self._broker = broker
        self._s3 = s3
        self._plan = plan
        self._traffic = traffic
        self._say = say
        self._labels = labels
        self._done: Counter[Kind] = Counter()
        self._missed = 0
        self._index = 0
        self._crew: Crew
        self._feed: Feed
        self._watch: Watch

    def carry_out(self) -> Account:
        """Return when every fault has come about and everything that was sent is assessed and archived."""
        started = time.monotonic()
        cluster, client = self._cluster, self._cluster.settings.kafka_client()
        shares = [fault.at for fault in self._plan]
        timing = cluster.bundle.manifest.timing
        poison = (POISON,) if self._traffic.poison else ()
        with (
            Crew(cluster, *poison) as self._crew,
            Watch(client, cluster.name, cluster.partitions) as self._watch,
        ):
            for slot in range(WORKERS):
                self._crew.wait_ready(slot)
            with Feed(client, timing, self._traffic, shares) as self._feed:
                for index, fault in enumerate(self._plan):
                    self._bring_about(index, fault)
                self._wait(lambda: self._feed.done, "the replay is through")
            self._wait_until_drained()
            self._crew.stop()
            return Account(
                self._done,
                self._missed,
                self._watch.stalls,
                self._crew.unasked,
                self._crew.fenced,
                self._feed.borders,
                time.monotonic() - started,
            )

    def _bring_about(self, index: int, fault: Fault) -> None:
        self._index = index
        self._wait(lambda: self._feed.is_due(index), f"the traffic comes to {fault}")
        self._wait(lambda: self._crew.is_ready(fault.slot), f"worker {fault.slot} is ready for {fault}")
        # Part of the plan, and no way to wait for anything: kills from outside come at any moment of a batch.
        time.sleep(fault.delay_ms / 1000)
        self._watch.cause = str(fault.point or fault.kind)
        begun = time.monotonic()
        self._act(fault)
        self._begin()
        self._done[fault.kind] += 1
        self._wait_for_commits()
        self._say(f"{index + 1}/{len(self._plan)} {fault}: made up for after {time.monotonic() - begun:.1f} s")

    def _act(self, fault: Fault) -> None:
        acts: dict[Kind, Callable[[Fault], object]] = {
            Kind.KILL: lambda fault: self._crew.kill(fault.slot),
            Kind.DIE: self._die,
            Kind.PAUSE: self._pause,
            Kind.FREEZE: self._freeze,
            Kind.ROLL: self._roll,
            Kind.RESTART_BROKER: lambda _: self._broker.restart(),
            Kind.CUT_S3: lambda _: self._s3.cut(),
            Kind.RESTORE_S3: lambda _: self._s3.restore(),
            Kind.LABELS_DOWN: self._lose_labels,
            Kind.MALFORMED: lambda _: produce(self._cluster.bootstrap, TRANSACTIONS, malformed()),
        }
        acts[fault.kind](fault)

    def _begin(self) -> None:
        """Let the replay go on to the next fault."""
        self._feed.begun = self._index + 1

    def _die(self, fault: Fault) -> None:
        self._crew.doom(fault.slot)
        if not self._order(fault):
            self._crew.worker(fault.slot).kill()
        self._wait(lambda: self._crew.has_died(fault.slot), f"worker {fault.slot} is dead")
        self._crew.replace(fault.slot)

    def _roll(self, _: Fault) -> None:
        for slot in range(WORKERS):
            self._crew.roll(slot)

    def _pause(self, fault: Fault) -> None:
        self._crew.worker(fault.slot).pause()
        self._outlast(fault)

    def _freeze(self, fault: Fault) -> None:
        if not self._order(fault):
            self._crew.worker(fault.slot).pause()
        self._outlast(fault)

    def _order(self, fault: Fault) -> bool:
        """Leave an order and return True when it is carried out, False if no batch comes any more."""
        assert fault.point is not None
        box = self._crew.box(fault.slot)
        box.give(Order(fault.kind, fault.point, fault.delay_ms // 100))
        # From now on it may happen with every payment, so payments have to come.
        self._begin()
        self._wait(lambda: box.empty or (self._feed.done and self._watch.idle), f"a batch comes to {fault.point}")
        if not box.take():
            return True
        self._missed += 1
        return False

    def _outlast(self, fault: Fault) -> None:
        """Wait until others do the work of a worker that stands still, then let it go on."""
        self._begin()
        self._wait_for_commits()
        self._crew.worker(fault.slot).resume()

    def _lose_labels(self, fault: Fault) -> None:
        """Kill a worker while the labels topic is away, and bring the topic back when its work is taken over."""
        assert self._labels is not None, "labels are no broker's of their own"
        self._labels.begin()
        self._begin()
        self._crew.kill(fault.slot)
        deadline = time.monotonic() + LABELS_AWAY_SECONDS

        def taken_over() -> bool:
            ready = all(self._crew.is_ready(slot) for slot in range(WORKERS))
            return (ready and self._watch.idle) or time.monotonic() > deadline

        self._wait(taken_over, "the others do without labels")
        if time.monotonic() > deadline:
            self._say(f"after {LABELS_AWAY_SECONDS:g} s without labels not all partitions are taken over")
        self._labels.end()

    # -- waiting

    def _wait_for_commits(self) -> None:
        """Wait until every partition has committed more than it has now, as far as there is anything to commit."""
        first = self._watch.looked + 2
        self._wait(lambda: self._watch.looked >= first, "offsets are read")
        before = self._watch.committed

        def committed() -> bool:
            self._feed.starved = self._watch.idle
            moved = all(now > then for now, then in zip(self._watch.committed, before, strict=True))
            return moved or (self._feed.done and self._watch.idle)

        self._wait(committed, "every partition commits")
        self._feed.starved = False

    def _wait_until_drained(self) -> None:
        with LagGate(self._cluster.settings.kafka_client(), self._cluster.name, STAGES) as gate:
            self._wait(lambda: _lag(gate) == 0, "everything is assessed and archived")

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        """Wait, and put a fresh worker wherever one ends."""

        def holds() -> bool:
            self._crew.tend()
            return condition()

        wait_until(holds, PATIENCE_SECONDS, what)


def _lag(gate: LagGate) -> int:
    try:
        return gate.lag()
    except BrokerUnavailable:
        return -1
