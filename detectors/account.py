"""What is remembered of one account, and the fold that scores a payment against it and then learns the payment.

A memory is a frozen value of a few hundred bytes; it holds hashes instead of ids and never leaves its partition.
"""

import math

import msgspec

from detectors.assessment import RiskLevel
from detectors.baseline import Baseline, Segment, balance_share, log_duration, login_attempts
from detectors.errors import MemoryFormatError
from detectors.numerics import NUMERICS, Running, score_then_learn
from detectors.observation import Details, Observation
from detectors.peaks import Peaks
from detectors.repeats import mark_of, remembered, repeat_of
from detectors.ring import meet, short_hash
from detectors.transaction import EnrichedTransaction
from detectors.travel import Place, place, speed_kmh
from detectors.windows import DAY, HOUR, RecentPayments, Totals, whole_seconds

MEMORY_VERSION = 1

DEVICES = 4
MERCHANTS = 16
COUNTRIES = 4
"""How many of the latest devices, merchants and countries an account recognises."""

MERCHANT_BYTES = 2
"""Of a merchant's hash: one new merchant in 4,000 (16 / 2^16) passes for a known one."""

HOUR_WEIGHT = 8.0
"""Payments' worth of trust in the segment's hours of the day, against the account's own."""

_log1p = math.log1p
_nan = math.nan


class AlertMemory(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The last alert of an account, so that a burst gives one alert and then escalations."""

    event_time: int
    """Whole seconds since 1970, UTC."""
    level: RiskLevel
    codes: tuple[str, ...]


class AccountMemory(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Everything that an account's payments so far say about the next one."""

    version: int = MEMORY_VERSION
    payments: int = 0
    first_seen: int = 0
    """Whole seconds since 1970, UTC, as all times here."""
    origin: int = 0
    times: bytes = b""
    cents: bytes = b""
    merged_hours: tuple[int, ...] = ()
    """The four together are what `windows.RecentPayments` packs."""
    peak_times: tuple[int, ...] = ()
    peak_heights: tuple[int, ...] = ()
    habits: tuple[Running | None, ...] = (None,) * len(NUMERICS)
    mean_amount: float = 0.0
    """Mean of the amounts that the habit of log_amount was learned from, in base currency."""
    hours: bytes = bytes(24)
    """Payments per hour of the day (UTC); all are halved when one would pass 255."""
    devices: bytes = b""
    merchants: bytes = b""
    countries: bytes = b""
    repeats: bytes = b""
    """The marks of the latest payments, see `repeats`."""
    last_place: Place | None = None
    alert: AlertMemory | None = None


_EMPTY = AccountMemory()
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(AccountMemory)


def encode_account(memory: AccountMemory) -> bytes:
    """The memory as a changelog keeps it; equal memories give equal bytes."""
    return _encoder.encode(memory)


def decode_account(data: bytes) -> AccountMemory:
    """The inverse of `encode_account`. Raises MemoryFormatError for bytes of another version."""
    try:
        memory = _decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise MemoryFormatError(_format_message(data)) from error
    if memory.version != MEMORY_VERSION:
        raise MemoryFormatError(_format_message(data))
    return memory


def _format_message(data: bytes) -> str:
    try:
        found = f"of version {msgspec.msgpack.decode(data, type=list)[0]!r:.20}"
    except (msgspec.MsgspecError, IndexError):
        found = "damaged"
    return (
        f"An account memory ({len(data)} bytes) is {found}; this release reads version {MEMORY_VERSION}. "
        "Run the release that wrote it, or rebuild the memories with `riskstream replay --backfill`."
    )


class AccountFold:
    """A working copy of one account's memory: `observe` its payments in order, then `close` it to a new memory.

    `alert` may be read and assigned between payments; it is the last alert of the account.
    """

    __slots__ = (
        "_countries",
        "_devices",
        "_first_seen",
        "_habits",
        "_hours",
        "_last_place",
        "_mean_amount",
        "_merchants",
        "_payments",
        "_peaks",
        "_recent",
        "_repeats",
        "alert",
    )

    def __init__(self, memory: AccountMemory | None = None) -> None:
        memory = memory or _EMPTY
        self._payments = memory.payments
        self._first_seen = memory.first_seen
        self._recent = RecentPayments(memory.origin, memory.times, memory.cents, memory.merged_hours)
        self._peaks = Peaks(memory.peak_times, memory.peak_heights)
        self._habits = memory.habits
        self._mean_amount = memory.mean_amount
        self._hours = bytearray(memory.hours)
        self._devices = memory.devices
        self._merchants = memory.merchants
        self._countries = memory.countries
        self._repeats = memory.repeats
        self._last_place = memory.last_place
        self.alert: AlertMemory | None = memory.alert

    def close(self) -> AccountMemory:
        """The memory after everything observed so far."""
        origin, times, cents, merged_hours = self._recent.packed()
        return AccountMemory(
            version=MEMORY_VERSION,
            payments=self._payments,
            first_seen=self._first_seen,
            origin=origin,
            times=times,
            cents=cents,
            merged_hours=merged_hours,
            peak_times=self._peaks.times,
            peak_heights=self._peaks.heights,
            habits=self._habits,
            mean_amount=self._mean_amount,
            hours=bytes(self._hours),
            devices=self._devices,
            merchants=self._merchants,
            countries=self._countries,
            repeats=self._repeats,
            last_place=self._last_place,
            alert=self.alert,
        )

    def observe(self, transaction: EnrichedTransaction, baseline: Baseline) -> Observation:
        """Scores a payment against the memory, then learns it; a repeat does neither."""
        now = whole_seconds(transaction.event_time)
        mark = mark_of(transaction)
        payments, repeat = self._payments, repeat_of(self._repeats, mark)
        youngest = self._recent.youngest
        late = youngest is not None and now < youngest
        totals = self._recent.totals(now)
        amount, segment = baseline.amount_of(transaction), baseline.segment_of(transaction)
        details = Details(
            transaction,
            amount,
            payments,
            (now - self._first_seen) / DAY if payments else 0.0,
            self._habits,
            segment,
            baseline,
            totals.approximate,
        )
        if repeat != "none":
            return Observation([], payments, late, repeat, details)
        gap = _nan if youngest is None or late else _log1p(now - youngest)
        row = self._row(details, now, gap, totals)
        self._recent.learn(now, round(amount * 100) if amount == amount else 0)
        self._repeats = remembered(self._repeats, mark)
        self._first_seen = min(self._first_seen, now) if payments else now
        self._payments = payments + 1
        return Observation(row, payments, late, "none", details)

    def _row(self, details: Details, now: int, gap: float, totals: Totals) -> list[float]:
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
            *_velocity(totals),
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
        ]

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
        device = None if tx.device_id is None else short_hash(tx.device_id)
        merchant = short_hash(tx.merchant_id, MERCHANT_BYTES)
        new_device, self._devices = meet(self._devices, device, DEVICES)
        new_merchant, self._merchants = meet(self._merchants, merchant, MERCHANTS)
        new_country, self._countries = meet(self._countries, country.encode() if country else None, COUNTRIES)
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


def _velocity(totals: Totals) -> tuple[float, ...]:
    return (
        _log1p(totals.count_1h),
        _log1p(totals.count_1d),
        _log1p(totals.count_7d),
        _log1p(totals.count_30d),
        _log1p(totals.cents_1d / 100),
        _log1p(totals.cents_7d / 100),
        _log1p(totals.cents_30d / 100),
        math.log((totals.count_1d + 1) / (totals.count_30d / 30 + 1)),
    )


def _ip_country_mismatch(tx: EnrichedTransaction) -> float:
    if tx.country is None or tx.ip_country is None:
        return _nan
    return float(tx.country != tx.ip_country)
