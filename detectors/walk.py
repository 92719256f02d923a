"""Walks over a partition's events in order: every payment is observed as its account and its merchant stand then.

Labels and time marks take effect where they stand in the log. What the payments mean together, the scores, is
worked out afterwards, for many at once.
"""

from collections.abc import Callable, Iterable, Sequence

from detectors.account import AMOUNT_Z, AccountFold, Begun, open_accounts
from detectors.baseline import Baseline
from detectors.clock import decode_clock
from detectors.events import Event, TimeMark
from detectors.labels import Label
from detectors.memory_keys import account_key, clock_key
from detectors.merchants.activity import LabelChange, Payment, z_milli
from detectors.merchants.features import read_merchants
from detectors.merchants.view import Merchants
from detectors.observation import Observation
from detectors.timing import Timing
from detectors.transaction import EnrichedTransaction
from detectors.velocity import velocities
from detectors.windows import HOUR, whole_seconds

Read = Callable[[bytes], bytes | None]
"""Looks up a memory of the partition by its key."""


class Walk:
    """A partition's working memory: `follow` events in order, then take what has come together."""

    def __init__(
        self, read: Read, baseline: Baseline, timing: Timing, merchants: Merchants, partition: int
    ) -> None:
        self._read = read
        self._baseline = baseline
        self._timing = timing
        self._merchants = merchants
        self.accounts: dict[str, AccountFold] = {}
        """Working copies of the memories that were touched."""
        self.edge = decode_clock(read(clock_key(partition))).edge
        """Hours before this are closed in the partition."""
        self.observed: list[tuple[int, Observation]] = []
        """Payments: where each stands in the log, and what its account's memory makes of it."""
        self.payments: list[Payment] = []
        """What merchants are to learn of; positions as given to `follow`."""
        self.labels: list[LabelChange] = []
        self.labels_new = 0
        self.labels_repeated = 0

    def follow(self, events: Sequence[Event], first: int = 0) -> None:
        """Take events in order; positions count from `first`."""
        self._open([event.account_id for event in events if not isinstance(event, TimeMark)])
        payments = [event for event in events if isinstance(event, EnrichedTransaction)]
        times = [whole_seconds(payment.event_time) for payment in payments]
        edges = self._timing.activity_edges(times)
        accounts = [self.accounts[payment.account_id] for payment in payments]
        begun = [
            account.begin(payment, self._baseline, now)
            for account, payment, now in zip(accounts, payments, times, strict=True)
        ]
        spent = velocities([each.asked for each in begun])
        merchants = read_merchants(self._merchants, [p.merchant_id for p in payments], edges, self._timing)
        waiting = zip(accounts, begun, spent, merchants, edges, strict=True)
        for position, event in enumerate(events, first):
            if isinstance(event, EnrichedTransaction):
                account, its, velocity, merchant, edge = next(waiting)
                seen = account.finish(its, velocity, self._baseline, merchant)
                self.observed.append((position, seen))
                if seen.repeat == "none":
                    self._pay(position, its, seen, edge)
            elif isinstance(event, Label):
                self._label(position, event)
            else:
                self._mark(event)

    def _open(self, account_ids: Iterable[str]) -> None:
        """Make working copies of the memories of accounts that are met for the first time."""
        new = [account_id for account_id in dict.fromkeys(account_ids) if account_id not in self.accounts]
        memories = [self._read(account_key(account_id)) for account_id in new]
        self.accounts.update(zip(new, open_accounts(memories), strict=True))

    def _pay(self, position: int, begun: Begun, seen: Observation, closed: int) -> None:
        """What a payment means to its merchant, and to time: the hours before `closed` are over."""
        now, merchant_id = begun.now, begun.transaction.merchant_id
        hour, edge = now // HOUR, self.edge
        self.payments.append(
            Payment(position, merchant_id, hour if hour > edge else edge, z_milli(seen.row[AMOUNT_Z]))
        )
        if seen.retracted:
            self._change(position, merchant_id, now, seen.retracted)
        if closed > edge:
            self.edge = closed

    def _label(self, position: int, label: Label) -> None:
        change = self.accounts[label.account_id].judge(label)
        if change is None:
            self.labels_repeated += 1
            return
        self.labels_new += 1
        if change:
            known = whole_seconds(label.observed_at) - self._timing.delay_hours * HOUR
            self._change(position, label.merchant_id, max(whole_seconds(label.event_time), known), change)

    def _change(self, position: int, merchant_id: str, seconds: int, change: int) -> None:
        """A change of a merchant's frauds, in an hour that nobody has read yet."""
        hour = max(seconds // HOUR, self.edge - self._timing.delay_hours)
        self.labels.append(LabelChange(position, merchant_id, hour, change))

    def _mark(self, mark: TimeMark) -> None:
        self.edge = max(self.edge, self._timing.activity_edge(whole_seconds(mark.time)))
