import pytest

from benchmarks.incidents.dials import DIALS
from benchmarks.incidents.history import Halves
from benchmarks.incidents.measure import Contest
from benchmarks.incidents.report import Report, Setting, in_words, targets_of
from benchmarks.incidents.rivals import COLUMNS, fit_rivals, raw_columns
from benchmarks.incidents.scoring import OURS, SINGLE, fit_bundle, score
from benchmarks.incidents.summary import best_rival, population_of, setting_of
from tests.unit.benchmarks.incidents.payments import payments

HALVES = Halves(tuple(payments()[:150]), tuple(payments()[150:]))


@pytest.fixture(scope="module")
def contest() -> Contest:
    rivals = fit_rivals(raw_columns(HALVES.first), seed=0)
    rows = raw_columns(HALVES.second)
    return Contest(HALVES, fit_bundle(HALVES.first), rivals, {name: rival(rows) for name, rival in rivals.items()})


@pytest.fixture(scope="module")
def blatant(contest: Contest) -> Setting:
    outcomes = contest.outcomes(DIALS["velocity_burst"][-1], stream=3, seeds=2, incidents=3)
    best = {rate: best_rival(contest.rivals, outcome) for rate, outcome in outcomes.items()}
    return setting_of(contest.rivals, "a dozen payments", outcomes, best)


def test_every_score_is_given_for_every_payment(contest: Contest):
    scores = score(HALVES.second, contest.bundle)

    assert set(scores) == {OURS, *SINGLE}
    assert all(len(values) == len(HALVES.second) for values in scores.values())


def test_memories_are_empty_at_the_border(contest: Contest):
    """The same payments score the same, whatever was scored before."""
    first, again = (score(HALVES.second, contest.bundle)[OURS] for _ in range(2))

    assert first.tolist() == again.tolist()


def test_every_rival_finds_a_payment_stranger_with_an_amount_of_a_million(contest: Contest):
    rows = raw_columns(HALVES.second)[:1]
    giant = rows.copy()
    giant[0, COLUMNS.index("amount")] = 1e6

    for rival in contest.rivals.values():
        assert rival(giant)[0] > rival(rows)[0]


def test_a_dozen_payments_in_minutes_are_caught_within_the_alert_rate(blatant: Setting):
    for rate, reached in zip((0.02, 0.05), blatant.at.values(), strict=True):
        assert reached.recall.mean == 1.0
        assert reached.alert_rate_given <= rate
        assert reached.uninjected_alerts == pytest.approx(reached.alert_rate_given * len(HALVES.second), abs=0.01)
        assert reached.uninjected_alerts_on_hit_accounts <= reached.uninjected_alerts


def test_the_rival_named_is_the_best_one(blatant: Setting):
    for reached in blatant.at.values():
        assert reached.rivals[reached.rival] == max(reached.rivals.values()) == reached.rival_recall.mean


def test_targets_are_judged_at_the_middle_of_the_dial(blatant: Setting):
    targets = targets_of({"faint": blatant, "middle": blatant})

    assert [target.needed for target in targets] == [0.6, 1.5, 0.8, 1.5]
    assert [target.met for target in targets] == [target.reached >= target.needed for target in targets]


def test_the_report_says_what_it_measures(contest: Contest, blatant: Setting):
    report = Report(
        file="bank.csv",
        score_kind="rarity",
        first_half=population_of(HALVES.first),
        second_half=population_of(HALVES.second),
        seeds=2,
        incidents_per_run=3,
        kinds={"velocity_burst": {"blatant": blatant}},
        all_kinds={"middle": blatant},
        travel_control=blatant,
        targets=targets_of({"middle": blatant}),
    )
    text = in_words(report)

    assert "Sensitivity to incidents that were put into genuine payments" in text
    assert "un-injected alerts" in text
