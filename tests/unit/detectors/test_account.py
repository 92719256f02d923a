import math
import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.account import AccountFold
from detectors.account_memory import AccountMemory, AlertMemory, decode_account, encode_account
from detectors.baseline import Baseline, Segment
from detectors.errors import MemoryFormatError
from detectors.features import FEATURES
from detectors.numerics import NUMERICS, Prior, learn, usual
from detectors.observation import Observation
from detectors.repeats import REPEATS
from detectors.transaction import EnrichedTransaction
from tests.unit.detectors.payments import payment, sequences

HOUR, DAY = 3600, 86_400

BASELINE = Baseline(
    base_currency="USD",
    rates={"USD": 1.0, "EUR": 1.1},
    segments={
        "*": Segment(
            payments=1000,
            priors=(Prior(3.0, 1.0), Prior(9.0, 4.0), Prior(4.0, 1.0), Prior(1.0, 0.25), Prior(0.1, 0.04)),
            hours=(1 / 24,) * 24,
        ),
        "Doctor": Segment(payments=500, priors=(Prior(5.0, 0.5), *[None] * 4), hours=(1 / 24,) * 24),
    },
)


def observe(fold: AccountFold, tx: EnrichedTransaction) -> Observation:
    return fold.observe(tx, BASELINE)


def features(fold: AccountFold, tx: EnrichedTransaction) -> dict[str, float]:
    return dict(zip(FEATURES, observe(fold, tx).row, strict=True))


def folded(transactions: list[EnrichedTransaction]) -> AccountFold:
    fold = AccountFold()
    for tx in transactions:
        observe(fold, tx)
    return fold


def habit(count: int = 30, **fields: Any) -> AccountFold:
    """An account that pays about 20 every day at noon."""
    chance = random.Random(3)
    return folded([payment(n * DAY, amount=chance.uniform(18, 22), **fields) for n in range(count)])


@given(sequences(), st.sets(st.integers(0, 40)))
@settings(max_examples=25, deadline=None)
def test_a_memory_survives_encoding_between_any_two_payments(
    transactions: list[EnrichedTransaction], borders: set[int]
) -> None:
    whole, parted = AccountFold(), AccountFold()
    for index, tx in enumerate(transactions):
        if index in borders:
            parted = AccountFold(decode_account(encode_account(parted.close())))
        one, other = observe(whole, tx), observe(parted, tx)
        assert repr(one.row) == repr(other.row), "to the bit, NaN included"
        assert (one.late, one.repeat, one.payments) == (other.late, other.repeat, other.payments)
    assert encode_account(parted.close()) == encode_account(whole.close())


@given(sequences())
@settings(max_examples=20, deadline=None)
def test_a_row_holds_finite_numbers_or_nan(transactions: list[EnrichedTransaction]) -> None:
    fold = AccountFold()
    for tx in transactions:
        row = observe(fold, tx).row
        assert len(row) in (0, len(FEATURES))
        assert not any(math.isinf(value) for value in row)


@given(sequences(10), sequences(10))
@settings(max_examples=25, deadline=None)
def test_observing_does_not_mutate_the_memory_it_began_with(
    before: list[EnrichedTransaction], after: list[EnrichedTransaction]
) -> None:
    memory = folded(before).close()
    frozen = encode_account(memory)
    fold = AccountFold(memory)
    for tx in after:
        observe(fold, tx)
    assert encode_account(memory) == frozen


def test_the_first_payment_has_nothing_to_be_compared_with() -> None:
    row = features(AccountFold(), payment(device_id="D1", country="DE", latitude=1.0, longitude=1.0))
    missing = {name for name, value in row.items() if math.isnan(value)}
    assert missing >= {"amount_ratio", "gap", "gap_z", "new_device", "new_merchant", "new_country", "travel_speed"}
    assert row["history"] == row["count_30d"] == 0
    assert row["amount_z"] == pytest.approx(math.log1p(20) - 3), "the segment speaks for a new account"


def test_velocity_counts_what_came_before() -> None:
    fold = folded([payment(0), payment(12 * HOUR), payment(12 * HOUR + 1800, amount=30)])
    row = features(fold, payment(13 * HOUR))
    counts = [round(math.expm1(row[name])) for name in ("count_1h", "count_1d", "count_7d", "count_30d")]
    assert counts == [2, 3, 3, 3]
    assert math.expm1(row["amount_1d"]) == pytest.approx(70)
    assert row["velocity_ratio"] == pytest.approx(math.log(4 / (3 / 30 + 1)))
    assert math.expm1(row["gap"]) == pytest.approx(1800)


def test_deviations_are_against_the_habit_shrunk_to_the_segment() -> None:
    fold = habit(9, duration_s=60.0)
    running = None
    for value in [math.log1p(60.0)] * 9:
        running = learn(running, value)
    mean, var = usual(running, Prior(4.0, 1.0), BASELINE.shrinkage)
    row = features(fold, payment(9 * DAY, duration_s=600.0))
    assert row["duration_z"] == pytest.approx((math.log1p(600.0) - mean) / math.sqrt(var))


def test_an_outlier_does_not_move_the_baseline() -> None:
    calm, shaken = habit(), habit()
    z = features(shaken, payment(30 * DAY, amount=5000.0))["amount_z"]
    assert z > BASELINE.guard_z
    before, after = calm.close(), shaken.close()
    assert after.habits[0] == before.habits[0]
    assert after.mean_amount == before.mean_amount
    assert after.payments == before.payments + 1


def test_an_outlier_is_remembered_as_a_peak() -> None:
    fold = habit()
    z = features(fold, payment(30 * DAY, amount=5000.0))["amount_z"]
    row = features(fold, payment(30 * DAY + 2 * HOUR))
    assert row["max_amount_z_1d"] == row["max_amount_z_30d"] == round(z, 3)
    assert math.isnan(features(fold, payment(32 * DAY))["max_amount_z_1d"]), "a day without payments has no peak"


def test_a_habit_learns_amounts_and_their_mean() -> None:
    fold = folded([payment(n * DAY, amount=amount) for n, amount in enumerate((10.0, 20.0, 60.0))])
    assert fold.close().mean_amount == pytest.approx(30)
    row = features(fold, payment(3 * DAY, amount=300.0))
    assert row["amount_ratio"] == pytest.approx(math.log(301 / 31))


def test_a_short_gap_deviates_upwards() -> None:
    assert features(habit(), payment(29 * DAY + 10))["gap_z"] > 3
    assert features(habit(), payment(60 * DAY))["gap_z"] < -1


def test_novelty_is_missing_without_the_field_and_then_known() -> None:
    fold = folded([payment(0, device_id="D1", country="DE")])
    other = features(fold, payment(60, device_id="D2", merchant_id="M2", ip_country="FR"))
    assert (other["new_device"], other["new_merchant"], other["new_country"]) == (1, 1, 1)
    again = features(fold, payment(120, device_id="D1", merchant_id="M1", ip_country="DE"))
    assert (again["new_device"], again["new_merchant"], again["new_country"]) == (0, 0, 0)
    without = features(fold, payment(180))
    assert math.isnan(without["new_device"])
    assert math.isnan(without["new_country"])


def test_travel_speed_needs_two_places_and_some_distance() -> None:
    berlin, paris = (
        {"latitude": 52.52, "longitude": 13.405},
        {"ip_latitude": 48.8566, "ip_longitude": 2.3522},
    )
    fold = folded([payment(0, **berlin), payment(60)])
    assert math.expm1(features(fold, payment(2 * HOUR, **paris))["travel_speed"]) == pytest.approx(439, abs=1)
    assert features(fold, payment(2 * HOUR + 60, latitude=48.9, longitude=2.3))["travel_speed"] == 0
    assert math.expm1(features(fold, payment(2 * HOUR + 60, **berlin))["travel_speed"]) == pytest.approx(20_000)


def test_the_own_place_of_a_payment_goes_before_that_of_its_address() -> None:
    fold = folded([payment(0, latitude=52.52, longitude=13.405)])
    here = payment(HOUR, latitude=52.5, longitude=13.4, ip_latitude=-33.0, ip_longitude=151.0)
    assert features(fold, here)["travel_speed"] == 0


def test_an_unusual_hour_is_rarer_than_the_usual_one() -> None:
    noon = features(habit(), payment(30 * DAY))["hour_rarity"]
    near = features(habit(), payment(30 * DAY + HOUR))["hour_rarity"]
    night = features(habit(), payment(30 * DAY + 12 * HOUR))["hour_rarity"]
    assert noon < near < night


def test_hours_never_overflow_and_keep_their_shape() -> None:
    fold = folded([payment(n * DAY) for n in range(300)])
    hours = fold.close().hours
    assert sum(hours) == hours[12] < 256


def test_countries_of_payment_and_address_are_compared_when_both_are_known() -> None:
    def mismatch(**fields: Any) -> float:
        return features(AccountFold(), payment(**fields))["ip_country_mismatch"]

    assert mismatch(country="DE", ip_country="BR") == 1
    assert mismatch(country="DE", ip_country="DE") == 0
    assert math.isnan(mismatch(ip_country="BR"))


def test_an_unknown_currency_leaves_amounts_out_and_counts_the_payment() -> None:
    fold = habit()
    row = features(fold, payment(30 * DAY, amount=1e6, currency="XYZ", account_balance=2e6))
    assert all(math.isnan(row[name]) for name in ("log_amount", "amount_z", "amount_ratio"))
    assert row["balance_share"] == 0.5, "amount and balance are of one currency"
    assert math.expm1(features(fold, payment(30 * DAY + 60))["count_1h"]) == pytest.approx(1)


def test_amounts_are_converted_before_they_are_compared() -> None:
    dollars = features(habit(), payment(30 * DAY, amount=22.0, currency="USD"))
    euros = features(habit(), payment(30 * DAY, amount=20.0, currency="EUR"))
    assert euros["amount_z"] == pytest.approx(dollars["amount_z"])


def test_a_numeric_without_prior_stays_missing() -> None:
    row = features(AccountFold(), payment(customer_occupation="Doctor", login_attempts=5, duration_s=3.0))
    assert math.isnan(row["login_attempts_z"])
    assert math.isnan(row["duration_z"])
    assert row["login_attempts"] == pytest.approx(math.log(6))


def test_a_late_payment_is_seen_as_of_its_own_time() -> None:
    fold = folded([payment(0), payment(10 * HOUR)])
    late = observe(fold, payment(5 * HOUR))
    row = dict(zip(FEATURES, late.row, strict=True))
    assert late.late
    assert math.expm1(row["count_1d"]) == pytest.approx(1), "the younger one had not happened"
    assert math.isnan(row["gap"])
    after = observe(fold, payment(11 * HOUR))
    assert not after.late
    row = dict(zip(FEATURES, after.row, strict=True))
    assert math.expm1(row["count_1d"]) == pytest.approx(3)
    assert math.expm1(row["gap"]) == pytest.approx(HOUR), "since the youngest, not the latest to arrive"


def test_a_payment_sent_twice_is_recognised_and_not_learned() -> None:
    fold = habit()
    tx = payment(30 * DAY, transaction_id="twice")
    observe(fold, tx)
    once = encode_account(fold.close())
    enriched = msgspec.structs.replace(tx, ip_country="DE", degraded=("geo",), backfill=True)
    again = observe(fold, enriched)
    assert (again.repeat, again.row, again.payments) == ("duplicate", [], 31)
    assert encode_account(fold.close()) == once


def test_an_id_used_for_other_content_is_a_conflict() -> None:
    fold = folded([payment(0, transaction_id="twice")])
    once = encode_account(fold.close())
    assert observe(fold, payment(0, transaction_id="twice", amount=21.0)).repeat == "conflict"
    assert encode_account(fold.close()) == once


def test_the_latest_payments_are_recognised() -> None:
    sent = [payment(60 * n) for n in range(REPEATS + 1)]
    fold = folded(sent)
    assert observe(fold, sent[1]).repeat == "duplicate"
    assert observe(fold, sent[0]).repeat == "none"


def test_an_alert_is_kept_in_the_memory() -> None:
    fold = habit(1)
    fold.alert = AlertMemory(event_time=1_700_000_000, level="high", codes=("NEW_DEVICE",))
    assert AccountFold(decode_account(encode_account(fold.close()))).alert == fold.alert


def test_a_memory_stays_bounded_for_ten_thousand_payments() -> None:
    fold = AccountFold()
    sizes = []
    for n in range(10_000):
        observe(fold, payment(n * 600, amount=20.0, device_id=f"D{n}", merchant_id=f"M{n}", login_attempts=n % 3))
        if n % 1000 == 999:
            sizes.append(len(encode_account(fold.close())))
    assert max(sizes) < 12_000
    assert sizes[-1] == pytest.approx(sizes[-2], rel=0.05)


def test_an_ordinary_account_takes_a_few_hundred_bytes() -> None:
    """Two payments a day for a month, with all optional fields."""
    chance = random.Random(5)
    fold = folded(
        [
            payment(
                chance.uniform(n, n + 1) * DAY / 2,
                amount=chance.lognormvariate(3.5, 0.8),
                merchant_id=f"M{chance.randrange(40)}",
                device_id="D1",
                country="DE",
                latitude=52.5,
                longitude=13.4,
                login_attempts=1,
                duration_s=chance.uniform(20, 90),
                account_balance=chance.uniform(500, 900),
            )
            for n in range(60)
        ]
    )
    assert len(encode_account(fold.close())) < 700


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (msgspec.msgpack.encode(AccountMemory(version=99)), "version 99"),
        (msgspec.msgpack.encode([1, "other", "fields"]), "version 1"),
        (b"\xc1", "damaged"),
        (b"", "damaged"),
    ],
)
def test_bytes_of_another_version_are_refused_with_what_to_do(data: bytes, found: str) -> None:
    with pytest.raises(MemoryFormatError, match=rf"{found}.*reads version 2.*--backfill"):
        decode_account(data)


def test_habits_are_kept_for_every_numeric() -> None:
    assert len(AccountMemory().habits) == len(NUMERICS)
