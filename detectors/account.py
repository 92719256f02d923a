"""The fold that scores a payment against its account's memory and then learns the payment.

What it folds never leaves its partition.
"""

import math
from collections.abc import Iterable, Sequence

import msgspec

from detectors.account_memory import (
    EMPTY,
    MEMORY_VERSION,
    AccountMemory,
    AlertMemory,
    decode_account,
    encode_account,
    pack_habits,
    unpack_habits,
)
from detectors.baseline import Baseline, Segment, balance_share, log_duration, login_attempts
from detectors.features import FEATURES
from detectors.judged import explain, identity, judge, retract
from detectors.labels import Label
from detectors.merchants.features import UNKNOWN, MerchantReading
from detectors.numerics import score_then_learn
from detectors.observation import Details, Observation, Repeat
from detectors.packing import Packed, pack_lists, unpack_lists
from detectors.peaks import Peaks
from detectors.repeats import mark_of, remembered, repeat_of
from detectors.ring import meet, short_hash
from detectors.transaction import EnrichedTransaction
from detectors.travel import place, speed_kmh
from detectors.velocity import Velocity, velocities
from detectors.windows import DAY, HOUR, Asked, RecentPayments, whole_seconds

DEVICES = 4
MERCHANTS = 16
COUNTRIES = 4
"""How many of the latest devices, merchants and countries an account recognises."""

MERCHANT_BYTES = 2
"""Of a merchant's hash: one new merchant in 4,000 (16 / 2^16) passes for a known one."""

AMOUNT_Z = FEATURES.index("amount_z")

HOUR_WEIGHT = 8.0
"""Payments' worth of trust in the segment's hours of the day, against the account's own."""

_log1p = math.log1p
_nan = math.nan


class Begun(msgspec.Struct, frozen=True, gc=False):
    """A payment whose place among the account's others is settled, and what is known of them by then."""

    transaction: EnrichedTransaction
    now: int
    """Whole seconds since 1970, UTC."""
    amount: float
    """In base currency; NaN where the currency has no rate."""
    payments: int
    days: float
    youngest: int | None
    repeat: Repeat
    asked: Asked


class AccountFold:
    """A working copy of one account's memory: `observe` its payments in order, then `close` it to a new memory.

    For many payments of many accounts: `begin` all of them in order, have `velocities` answer what they ask,
    and `finish` them in the same order.
    `alert` may be read and assigned between payments; it is the last alert of the account. `recent` are its latest
    payments.
    """

    __slots__ = (
        "_countries",
        "_devices",
        "_explained",
        "_first_seen",
        "_habits",
        "_hours",
        "_labelled",
        "_last_place",
        "_mean_amount",
        "_merchants",
        "_payments",
        "_peaks",
        "_repeats",
        "alert",
        "recent",
    )

    def __init__(self, memory: AccountMemory | None = None, recent: tuple[bytes, bytes] | None = None) -> None:
        """`recent` spares unpacking `memory.recent` once more."""
        memory = memory or EMPTY
        times, cents = recent or unpack_lists([memory.recent])[0]
        self._payments = memory.payments
        self._first_seen = memory.first_seen
        self.recent = RecentPayments(times, cents, memory.merged_hours)
        self._peaks = Peaks(memory.peak_times, memory.peak_heights)
        self._mean_amount, self._habits = unpack_habits(memory.statistics)
        self._hours = bytearray(memory.hours)
        self._devices = memory.devices
        self._merchants = memory.merchants
        self._countries = memory.countries
        self._repeats = memory.repeats
        self._last_place = memory.last_place
        self.alert: AlertMemory | None = memory.alert
        self._explained = memory.explained
        self._labelled = memory.labelled

    def close(self, recent: Packed | None = None) -> AccountMemory:
        """The memory after everything observed so far; `recent` spares packing that once more."""
        return AccountMemory(  # by position: names take five times as long
            MEMORY_VERSION,
            self._payments,
            self._first_seen,
            recent or pack_lists([self.recent.times], [self.recent.cents])[0],
            self.recent.hours,
            self._peaks.times,
            self._peaks.heights,
            pack_habits(self._mean_amount, self._habits),
            bytes(self._hours),
            self._devices,
            self._merchants,
            self._countries,
            self._repeats,
            self._last_place,
            self.alert,
            self._explained,
            self._labelled,
        )

    def judge(self, label: Label) -> int | None:
        """Takes in a label: the change of the merchant's frauds that it means, None if it is no news."""
        change, self._labelled = judge(self._explained, self._labelled, label)
        return change

    def observe(
        self, transaction: EnrichedTransaction, baseline: Baseline, merchant: MerchantReading = UNKNOWN
    ) -> Observation:
        """Scores a payment against the memory, then learns it; a repeat does neither."""
        begun = self.begin(transaction, baseline, whole_seconds(transaction.event_time))
        [velocity] = velocities([begun.asked])
        return self.finish(begun, velocity, baseline, merchant)

    def begin(self, transaction: EnrichedTransaction, baseline: Baseline, now: int) -> Begun:
        """Puts a payment in its place among the others, unless it is a repeat."""
        mark = mark_of(transaction)
        payments, recent, amount = self._payments, self.recent, baseline.amount_of(transaction)
        days = (now - self._first_seen) / DAY if payments else 0.0
        repeat = repeat_of(self._repeats, mark)
        begun = Begun(transaction, now, amount, payments, days, recent.youngest, repeat, recent.ask(now))
        if repeat == "none":
            recent.learn(now, round(amount * 100) if amount == amount else 0)
            self._repeats = remembered(self._repeats, mark)
            self._first_seen = min(self._first_seen, now) if payments else now
            self._payments = payments + 1
        return begun

    def finish(
        self, begun: Begun, velocity: Velocity, baseline: Baseline, merchant: MerchantReading
    ) -> Observation:
        """Scores a payment that was begun, and learns the rest of it; `velocity` answers its question."""
        speeds, approximate = velocity
        transaction, now, youngest = begun.transaction, begun.now, begun.youngest
        late = youngest is not None and now < youngest
        details = Details(
            transaction,
            begun.amount,
            begun.payments,
            begun.days,
            self._habits,
            baseline.segment_of(transaction),
            baseline,
            approximate,
            merchant,
        )
        if begun.repeat != "none":
            return Observation([], begun.payments, late, begun.repeat, details)
        gap = _nan if youngest is None or late else _log1p(now - youngest)
        row = self._row(details, now, gap, speeds)
        retracted = self._learn_explained(transaction, row[AMOUNT_Z], baseline)
        return Observation(row, begun.payments, late, "none", details, retracted)

    def _row(self, details: Details, now: int, gap: float, velocity: list[float]) -> list[float]:
        """The feature row; the parts of the memory that it asks learn on the way, each after it has answered."""
        tx, amount = details.transaction, details.amount
        log_amount, attempts, share = _log1p(amount), login_attempts(tx), balance_share(tx)
        ratio = log_amount - _log1p(self._mean_amount) if self._habits[0] else _nan
        values = (log_amount, gap, log_duration(tx), attempts, share)
        amount_z, gap_z, duration_z, attempts_z, share_z = self._learn_habits(values, details)
        max_z_1d, max_z_7d, max_z_30d = self._learn_peak(now, amount_z)
        return [
            log_amount,
            amount_z,
            ratio,
            max_z_1d,
            max_z_7d,
            max_z_30d,
            *velocity,
            gap,
            -gap_z,
            *self._learn_novelty(tx),
            self._learn_travel(tx, now),
            self._learn_hour(now // HOUR % 24, details.segment),
            _log1p(attempts),
            attempts_z,
            share,
            share_z,
            duration_z,
            _ip_country_mismatch(tx),
            _log1p(details.payments),
            *details.merchant.row,
        ]

    def _learn_explained(self, tx: EnrichedTransaction, amount_z: float, baseline: Baseline) -> int:
        """Remember a payment that its own amount gives away; the change of the merchant's frauds, 0 or -1."""
        if not amount_z >= baseline.explained_z:
            return 0
        payment = identity(tx.transaction_id)
        self._explained = explain(self._explained, payment)
        if not self._labelled:
            return 0
        change, self._labelled = retract(self._labelled, payment)
        return change

    def _learn_habits(self, values: tuple[float, ...], details: Details) -> list[float]:
        before, baseline = self._habits[0], details.baseline
        deviations, self._habits = score_then_learn(
            self._habits, values, details.segment.priors, baseline.shrinkage, baseline.guard_z
        )
        after = self._habits[0]
        if after is not None and after is not before:
            self._mean_amount += (details.amount - self._mean_amount) / after.count
        return deviations

    def _learn_peak(self, now: int, amount_z: float) -> tuple[float, float, float]:
        highest = self._peaks.highest(now)
        if amount_z == amount_z:  # not NaN
            self._peaks.learn(now, amount_z)
        return highest

    def _learn_novelty(self, tx: EnrichedTransaction) -> tuple[float, float, float]:
        """Whether device, merchant and country are new; NaN where missing, or where there is none to compare."""
        country = tx.country or tx.ip_country
        new_device = new_country = _nan
        if tx.device_id is not None:
            new_device, self._devices = meet(self._devices, short_hash(tx.device_id), DEVICES)
        merchant = short_hash(tx.merchant_id, MERCHANT_BYTES)
        new_merchant, self._merchants = meet(self._merchants, merchant, MERCHANTS)
        if country:
            new_country, self._countries = meet(self._countries, country.encode(), COUNTRIES)
        return new_device, new_merchant, new_country

    def _learn_travel(self, tx: EnrichedTransaction, now: int) -> float:
        """log1p of the speed since the last payment with coordinates; its own before those of its IP address."""
        latitude, longitude = tx.latitude, tx.longitude
        if latitude is None or longitude is None:
            latitude, longitude = tx.ip_latitude, tx.ip_longitude
        if latitude is None or longitude is None:
            return _nan
        last, here = self._last_place, place(latitude, longitude, now)
        if last is None or last[2] <= now:
            self._last_place = here
        if last is None:
            return _nan
        return 0.0 if last[:2] == here[:2] else _log1p(speed_kmh(last, here))

    def _learn_hour(self, hour: int, segment: Segment) -> float:
        """-ln of the hour's share in the habit, neighbouring hours counted half, smoothed with the segment."""
        counts = self._hours
        count = (counts[hour - 1] + 2 * counts[hour] + counts[hour - 23]) / 4
        rarity = -math.log((count + HOUR_WEIGHT * segment.hours[hour]) / (sum(counts) + HOUR_WEIGHT))
        if counts[hour] == 255:
            counts[:] = bytes(count // 2 for count in counts)
        counts[hour] += 1
        return rarity


def open_accounts(memories: Sequence[bytes | None]) -> list[AccountFold]:
    """Working copies of some encoded memories, of new accounts where there is none."""
    decoded = [EMPTY if data is None else decode_account(data) for data in memories]
    recent = unpack_lists([memory.recent for memory in decoded])
    return [AccountFold(memory, its) for memory, its in zip(decoded, recent, strict=True)]


def close_accounts(folds: Iterable[AccountFold]) -> list[bytes]:
    """The encoded memories after everything that some working copies observed."""
    folds = list(folds)
    packed = pack_lists([fold.recent.times for fold in folds], [fold.recent.cents for fold in folds])
    return [encode_account(fold.close(recent)) for fold, recent in zip(folds, packed, strict=True)]


def _ip_country_mismatch(tx: EnrichedTransaction) -> float:
    if tx.country is None or tx.ip_country is None:
        return _nan
    return float(tx.country != tx.ip_country)
