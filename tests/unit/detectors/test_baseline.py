import math
import random

import msgspec
import pytest

from detectors.baseline import EVERYBODY, Baseline, balance_share, fit_baseline
from detectors.errors import TrainingError
from detectors.numerics import NUMERICS, SD_FLOORS
from detectors.transaction import EnrichedTransaction
from tests.unit.detectors.payments import payment


def _history(count: int = 300, **fields: object) -> list[EnrichedTransaction]:
    chance = random.Random(7)
    return [
        payment(
            3600 * chance.uniform(0, 500),
            account_id=f"A{chance.randrange(9)}",
            amount=chance.lognormvariate(3, 1),
            **fields,
        )
        for _ in range(count)
    ]


def test_the_order_of_the_history_changes_no_bit() -> None:
    history = _history(customer_occupation="Doctor", duration_s=3.0) + _history(50, login_attempts=1)
    mixed = random.Random(1).sample(history, len(history))
    assert msgspec.json.encode(fit_baseline(mixed)) == msgspec.json.encode(fit_baseline(history))


def test_a_baseline_survives_json() -> None:
    baseline = fit_baseline(_history(), "EUR", {"USD": 0.9})
    assert msgspec.json.decode(msgspec.json.encode(baseline), type=Baseline) == baseline


def test_a_numeric_that_the_history_never_had_has_no_prior() -> None:
    priors = dict(zip(NUMERICS, fit_baseline(_history()).segments[EVERYBODY].priors, strict=True))
    assert priors["log_duration"] is None
    assert priors["log_amount"] is not None
    assert priors["log_amount"].mean == pytest.approx(3, abs=0.3)


def test_a_small_segment_is_compared_with_everybody() -> None:
    history = _history(250, customer_occupation="Doctor") + _history(150, customer_occupation="Pilot")
    baseline = fit_baseline(history)
    assert list(baseline.segments) == [EVERYBODY, "Doctor"]
    assert baseline.segment_of(payment(customer_occupation="Pilot")) is baseline.segments[EVERYBODY]
    assert baseline.segment_of(payment(customer_occupation="Doctor")).payments == 250
    assert baseline.segments[EVERYBODY].payments == 400


def test_a_segment_without_enough_values_borrows_the_prior_of_everybody() -> None:
    history = _history(250, customer_occupation="Doctor") + _history(250, duration_s=60.0)
    everybody, doctor = fit_baseline(history).segments.values()
    assert doctor.priors[2] == everybody.priors[2]
    assert doctor.priors[2] is not None
    assert doctor.priors[3] is everybody.priors[3] is None


def test_gaps_are_those_between_payments_of_one_account() -> None:
    history = [payment(900 * n, account_id=f"A{n % 3}") for n in range(30)]
    prior = fit_baseline(history).segments[EVERYBODY].priors[1]
    assert prior is not None
    assert prior.mean == pytest.approx(math.log1p(2700))


def test_a_few_giant_amounts_hardly_move_the_prior() -> None:
    plain = fit_baseline(_history(1000)).segments[EVERYBODY].priors[0]
    spoilt = (
        fit_baseline([*_history(1000), *(payment(amount=1e10) for _ in range(4))]).segments[EVERYBODY].priors[0]
    )
    assert plain is not None
    assert spoilt is not None
    assert spoilt.mean == pytest.approx(plain.mean, abs=0.05)
    assert spoilt.var == pytest.approx(plain.var, rel=0.1)


def test_a_habit_without_variation_still_has_some_play() -> None:
    prior = fit_baseline(_history(login_attempts=1)).segments[EVERYBODY].priors[3]
    assert prior is not None
    assert prior.var == SD_FLOORS[3] ** 2


def test_shares_of_hours_add_up_to_one_and_none_is_zero() -> None:
    hours = fit_baseline([payment(n) for n in range(500)]).segments[EVERYBODY].hours
    assert sum(hours) == pytest.approx(1)
    assert min(hours) > 0
    assert max(hours) == hours[12]


def test_amounts_are_converted_or_unknown_never_mixed() -> None:
    baseline = fit_baseline(_history(), "USD", {"EUR": 1.1})
    assert baseline.amount_of(payment(amount=10, currency="EUR")) == pytest.approx(11)
    assert baseline.amount_of(payment(amount=10)) == baseline.amount_of(payment(amount=10, currency="USD")) == 10
    assert math.isnan(baseline.amount_of(payment(amount=10, currency="XYZ")))


@pytest.mark.parametrize(
    ("amount", "balance", "share"),
    [(50, 100, 0.5), (50, 0, 10), (50, -5, 10), (0, 0, 0), (1e9, 1, 10), (50, None, math.nan)],
)
def test_the_share_of_the_balance_is_between_nothing_and_ten(amount: float, balance: float, share: float) -> None:
    assert balance_share(payment(amount=amount, account_balance=balance)) == pytest.approx(share, nan_ok=True)


def test_an_empty_history_is_refused() -> None:
    with pytest.raises(TrainingError, match="no payments"):
        fit_baseline([])


@pytest.mark.parametrize("rates", [{"EUR": 0.0}, {"EUR": math.nan}, {"USD": 2.0}])
def test_a_wrong_rate_is_refused_by_name(rates: dict[str, float]) -> None:
    with pytest.raises(TrainingError, match=next(iter(rates))):
        fit_baseline(_history(3), "USD", rates)
