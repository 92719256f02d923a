"""From outcomes to the report: means with intervals, and the raw-column detector to compare with."""

from collections.abc import Iterable, Mapping, Sequence

from benchmarks.incidents.outcome import Outcome
from benchmarks.incidents.recall import estimate, share
from benchmarks.incidents.report import Population, Reached, Setting, name_of
from benchmarks.incidents.scoring import OURS, SINGLE
from detectors.transaction import Transaction


def best_rival(rivals: Iterable[str], outcome: Outcome) -> str:
    """Return the raw-column detector that catches the largest share of incidents."""
    return max(rivals, key=lambda name: float(outcome.incidents[name].mean()))


def setting_of(
    rivals: Iterable[str], meaning: str, outcomes: Mapping[float, Outcome], best: Mapping[float, str]
) -> Setting:
    """Return one setting's figures by alert rate, beside the raw-column detector named for each."""
    at = {name_of(rate): _reached(rivals, outcome, best[rate]) for rate, outcome in outcomes.items()}
    return Setting(meaning=meaning, at=at)


def _reached(rivals: Iterable[str], outcome: Outcome, rival: str) -> Reached:
    """Sum one setting up over its seeds."""
    ours, beside = outcome.incidents[OURS], outcome.incidents[rival]
    best_single = max(SINGLE, key=lambda name: float(outcome.incidents[name].mean()))
    return Reached(
        recall=share(ours),
        recall_of_payments=share(outcome.payments),
        alert_rate_given=round(float(outcome.given.mean()), 5),
        uninjected_alerts=round(float(outcome.alerts.mean()), 2),
        uninjected_alerts_on_hit_accounts=round(float(outcome.on_hit.mean()), 2),
        single={name: share(outcome.incidents[name]) for name in SINGLE},
        fused_less_best_single=estimate(ours - outcome.incidents[best_single]),
        rivals={name: round(float(outcome.incidents[name].mean()), 4) for name in rivals},
        rival=rival,
        rival_recall=share(beside),
        ratio=round(float(ours.mean() / beside.mean()), 3) if beside.any() else None,
    )


def population_of(payments: Sequence[Transaction]) -> Population:
    """Describe payments that are in event-time order."""
    return Population(
        payments=len(payments),
        accounts=len({payment.account_id for payment in payments}),
        first=payments[0].event_time.date().isoformat(),
        last=payments[-1].event_time.date().isoformat(),
    )
