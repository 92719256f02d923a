from itertools import pairwise

import numpy as np
import pytest

from benchmarks.incidents.dials import DIALS, IN_OWNERS_CITY, KINDS, LEVELS, MIDDLE, Dial, Kind
from benchmarks.incidents.injection import Injected, inject
from detectors.transaction import Transaction
from detectors.travel import distance_km, place
from tests.unit.benchmarks.incidents.payments import HOURS, payments

GENUINE = payments()


def middle(kind: Kind) -> Dial:
    return DIALS[kind][LEVELS.index(MIDDLE)]


def injected(dial: Dial, seed: int = 0, incidents: int = 5) -> Injected:
    return inject(GENUINE, dial, incidents, np.random.default_rng(seed))


def told(result: Injected) -> list[list[Transaction]]:
    by_id = {payment.transaction_id: payment for payment in result.payments}
    return [[by_id[name] for name in incident] for incident in result.incidents]


def before(payment: Transaction) -> Transaction:
    """The account's last genuine payment up to this one; before the first one, the first."""
    own = [each for each in GENUINE if each.account_id == payment.account_id]
    return next((each for each in reversed(own) if each.event_time <= payment.event_time), own[0])


def test_every_kind_has_a_setting_for_each_level():
    assert {kind: len(dials) for kind, dials in DIALS.items()} == dict.fromkeys(KINDS, len(LEVELS))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", range(len(LEVELS)))
def test_genuine_payments_stay_as_they_are(kind: Kind, level: int):
    result = injected(DIALS[kind][level])
    added = {name for incident in result.incidents for name in incident}

    assert [payment for payment in result.payments if payment.transaction_id not in added] == GENUINE
    assert len(added) == len(result.incidents) * DIALS[kind][level].payments
    assert all(one.event_time <= other.event_time for one, other in pairwise(result.payments))


@pytest.mark.parametrize("kind", KINDS)
def test_each_incident_hits_another_account_within_the_files_hours(kind: Kind):
    incidents = told(injected(middle(kind)))

    assert len(incidents) == 5
    assert len({incident[0].account_id for incident in incidents}) == 5
    assert all(len({payment.account_id for payment in incident}) == 1 for incident in incidents)
    assert all(HOURS[0] <= payment.event_time.hour < HOURS[1] for incident in incidents for payment in incident)


def test_the_seed_decides_what_happens():
    dial = middle("takeover")

    assert injected(dial) == injected(dial)
    assert injected(dial) != injected(dial, seed=1)


def test_an_amount_burst_is_made_of_multiples_of_the_accounts_median():
    low, high = middle("amount_burst").times_usual or (0, 0)

    for incident in told(injected(middle("amount_burst"))):
        median = np.median([each.amount for each in GENUINE if each.account_id == incident[0].account_id])
        assert all(low * median - 0.01 <= payment.amount <= high * median + 0.01 for payment in incident)
        assert all(
            (other.event_time.date() - one.event_time.date()).days >= 1 for one, other in pairwise(incident)
        )


def test_a_velocity_burst_spends_the_accounts_own_amounts_in_haste():
    low, high = middle("velocity_burst").minutes or (0, 0)

    for incident in told(injected(middle("velocity_burst"))):
        own = {each.amount for each in GENUINE if each.account_id == incident[0].account_id}
        gaps = [(other.event_time - one.event_time).total_seconds() / 60 for one, other in pairwise(incident)]
        assert all(low - 0.02 <= gap <= high + 0.02 for gap in gaps)
        assert {payment.amount for payment in incident} <= own
        assert len({payment.location for payment in incident}) == 1


def test_a_takeover_guesses_once_and_drains_what_was_left():
    dial = Dial(payments=2, minutes=(5, 20), logins=4, drained=0.6)

    for incident in told(injected(dial)):
        last = before(incident[0])
        left = (last.account_balance or 0) - last.amount
        assert [payment.login_attempts for payment in incident] == [4, 1]
        assert sum(payment.amount for payment in incident) == pytest.approx(0.6 * left, abs=0.02)
        assert incident[0].account_balance == pytest.approx(left, abs=0.01)
        assert incident[1].account_balance == pytest.approx(left - incident[0].amount, abs=0.01)


def test_impossible_travel_follows_the_owner_from_far_away():
    dial = middle("impossible_travel")

    for (payment,) in told(injected(dial)):
        owner = before(payment)
        assert (payment.event_time - owner.event_time).total_seconds() == 3600
        here = place(owner.latitude or 0, owner.longitude or 0, 0)
        assert distance_km(here, place(payment.latitude or 0, payment.longitude or 0, 0)) >= 1500


def test_the_control_for_travel_stays_in_the_owners_city():
    for (payment,) in told(injected(IN_OWNERS_CITY)):
        assert payment.location == before(payment).location


def test_a_distance_that_no_city_has_makes_no_incident():
    assert injected(Dial(after_minutes=30, away_km=9000)).incidents == ()
