"""What simulated traffic is like: no column gives the frauds away, and lives are plausible."""

from typing import cast

import iptocc
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from stream.simulation.geography import EARTH_RADIUS_KM, addresses, distance_km, far_city
from stream.simulation.payments import NONE, ONLINE, PATTERNS, Flags, Floats, Ints, Payments, Story
from stream.simulation.places import CITIES, COUNTRIES, NETWORKS
from stream.simulation.traffic import Simulated, dotted

NUMBERS = (
    "amount",
    "account_balance",
    "login_attempts",
    "duration_s",
    "latitude",
    "longitude",
    "customer_age",
    "hour",
    "balance_share",
)
WORDS = ("transaction_type", "channel", "location", "country", "customer_occupation", "merchant_id", "account_id")


def frauds(run: Simulated) -> Flags:
    return np.isin(run.payments.story, PATTERNS)


def numbers(run: Simulated, name: str) -> Floats:
    payments = run.payments
    columns = {
        "amount": payments.amount,
        "account_balance": payments.balance,
        "login_attempts": np.where(payments.logins == NONE, np.nan, payments.logins),
        "duration_s": payments.duration_s,
        "latitude": payments.latitude,
        "longitude": payments.longitude,
        "customer_age": run.people.age[payments.account].astype(np.float64),
        "hour": (payments.time_ms // 3_600_000 % 24).astype(np.float64),
        "balance_share": payments.amount / payments.balance,
    }
    return columns[name]


@pytest.mark.parametrize("highest_first", [True, False])
@pytest.mark.parametrize("name", NUMBERS)
def test_no_raw_number_ranks_the_frauds(default_run: Simulated, name: str, highest_first: bool) -> None:
    """Average precision stays below .3, wherever rows without a value are ranked."""
    values = numbers(default_run, name) * (1 if highest_first else -1)
    for missing in (-1e9, 1e9):
        ranked = np.where(np.isnan(values), missing, values)
        assert average_precision_score(frauds(default_run), ranked) < 0.3


@pytest.mark.parametrize("name", WORDS)
def test_no_raw_word_ranks_the_frauds(default_run: Simulated, name: str) -> None:
    """Even when each word is ranked by the share of frauds it turns out to have."""
    payments = default_run.payments
    words = {
        "transaction_type": payments.type,
        "channel": payments.channel,
        "location": payments.city,
        "country": payments.country,
        "customer_occupation": default_run.people.occupation[payments.account],
        "merchant_id": payments.merchant,
        "account_id": payments.account,
    }[name] - NONE
    truth = frauds(default_run)
    share = np.bincount(words, truth) / np.maximum(np.bincount(words), 1)

    assert average_precision_score(truth, share[words]) < 0.3


def test_columns_seen_together_with_the_accounts_past_tell_far_more(default_run: Simulated) -> None:
    """A linear model on six simple features of the first 60 % ranks the rest twice as well as any raw column."""
    payments = default_run.payments.where(np.lexsort((default_run.payments.time_ms, default_run.payments.account)))
    truth = np.isin(payments.story, PATTERNS)
    features = account_context(payments)
    split = np.quantile(payments.time_ms, 0.6)
    past, later = payments.time_ms < split, payments.time_ms >= split
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))

    ranked = model.fit(features[past], truth[past]).decision_function(features[later])

    best_raw = max(
        average_precision_score(truth[later], sign * np.nan_to_num(column[later], nan=-1e9))
        for column in (payments.amount, payments.amount / payments.balance, payments.logins.astype(float))
        for sign in (1, -1)
    )
    assert average_precision_score(truth[later], ranked) > 2 * best_raw


def account_context(payments: Payments) -> Floats:
    """Return simple features (n, 6) of payments ordered by account and time."""
    account = payments.account
    first = np.searchsorted(account, np.arange(account.max() + 2))[account]
    nth = np.arange(len(account)) - first
    logs = np.log(payments.amount)
    total = np.concatenate([[0.0], np.cumsum(logs)])
    mean = np.where(nth > 0, (total[:-1] - total[first]) / np.maximum(nth, 1), logs)
    gap = np.diff(payments.time_ms, prepend=payments.time_ms[0])
    new = [
        (column != NONE) & is_first(account * 2**40 + column % 2**40)
        for column in (payments.device, payments.merchant)
    ]
    return np.column_stack(
        [
            logs - mean,
            np.log1p(np.where(nth > 0, np.maximum(gap, 0), 86_400_000)),
            new[0],
            new[1],
            np.maximum(payments.logins, 0),
            payments.amount / payments.balance,
        ]
    ).astype(np.float64)


def is_first(keys: Ints) -> Flags:
    flags = np.zeros(len(keys), dtype=bool)
    flags[np.unique(keys, return_index=True)[1]] = True
    return flags


def resolve(drawn: Ints) -> list[str]:
    return cast(list[str], iptocc.country_code(cast(list[str], dotted(drawn))))


@pytest.mark.parametrize("country", COUNTRIES)
def test_addresses_resolve_to_the_country_they_are_drawn_for(country: str) -> None:
    wanted = np.full(400, COUNTRIES.index(country))

    drawn = addresses(wanted, np.random.default_rng(1))

    assert set(resolve(drawn)) == {country}


def test_every_country_has_addresses() -> None:
    assert set(NETWORKS) == set(COUNTRIES)


def test_most_people_connect_from_the_country_they_live_in(default_run: Simulated) -> None:
    everyday = default_run.payments.where(default_run.payments.story == Story.HABIT)
    online = everyday.where(everyday.ip != NONE)

    assert (np.array(resolve(online.ip)) == np.array(COUNTRIES)[online.country]).mean() > 0.95


def test_nobody_spends_more_than_the_balance(default_run: Simulated) -> None:
    assert (default_run.payments.balance >= default_run.payments.amount).all()


def speeds_km_h(payments: Payments) -> Floats:
    """Return the speed between an account's payments in person, over 100 km apart; ordered by account and time."""
    lat, lon = np.radians(payments.latitude), np.radians(payments.longitude)
    half = np.sin(np.diff(lat) / 2) ** 2 + np.cos(lat[1:]) * np.cos(lat[:-1]) * np.sin(np.diff(lon) / 2) ** 2
    distance = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(half))
    hours = np.diff(payments.time_ms) / 3_600_000
    far = (np.diff(payments.account) == 0) & (distance > 100)
    speeds: Floats = distance[far] / np.maximum(hours[far], 1e-3)
    return speeds


def in_person(run: Simulated, also_fraud: Story | None = None) -> Payments:
    payments = run.payments
    genuine = ~np.isin(payments.story, PATTERNS) | (payments.story == (also_fraud or -1))
    one_holder = run.people.second_city[payments.account] == NONE
    chosen = payments.where(genuine & one_holder & (payments.channel != ONLINE))
    return chosen.where(np.lexsort((chosen.time_ms, chosen.account)))


def test_genuine_travellers_are_no_faster_than_aircraft(default_run: Simulated) -> None:
    speeds = speeds_km_h(in_person(default_run))

    assert len(speeds) > 100
    assert speeds.max() < 900


def test_copied_cards_are_faster_than_aircraft(default_run: Simulated) -> None:
    speeds = speeds_km_h(in_person(default_run, also_fraud=Story.IMPOSSIBLE_TRAVEL))

    assert (speeds > 900).sum() >= 30


def test_a_far_city_is_far() -> None:
    home = np.arange(len(CITIES)).repeat(20)

    city = far_city(home, 1200, np.random.default_rng(1))

    assert distance_km(home, city).min() >= 1200


def test_takeovers_begin_with_log_in_attempts_more_often_than_habit_does(default_run: Simulated) -> None:
    payments = default_run.payments
    taken = payments.where(payments.story == Story.ACCOUNT_TAKEOVER)
    usual = payments.where((payments.story == Story.HABIT) & (payments.channel == ONLINE))

    assert (taken.logins > 2).mean() > 0.15
    assert (usual.logins > 2).mean() < 0.01


def test_forgotten_passwords_outnumber_takeovers_that_guess(default_run: Simulated) -> None:
    payments = default_run.payments
    many = payments.logins > 2

    assert (many & (payments.story == Story.FORGOTTEN_PASSWORD)).sum() > 5 * (many & frauds(default_run)).sum()
