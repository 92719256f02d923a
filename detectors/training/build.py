"""From history to bundle: the order in which things are learned, and on which rows each of them is judged."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from detectors.assessment import ScoreKind
from detectors.baseline import fit_baseline
from detectors.bundle import Bundle, Calibration, Counts, Manifest, OperatingPoint, seal
from detectors.explanation.background import Background
from detectors.fusion import LOGISTIC, fused_statistic, measures, score_of, strangeness_of, with_feedback
from detectors.labels import Label
from detectors.tails import TailCurve, fit_tail
from detectors.thresholds import ENOUGH_ROWS, MATURITIES, Budgets, LevelTable, levels, maturity_codes
from detectors.timing import Timing
from detectors.training.columns import column_means, column_medians
from detectors.training.history import FeatureHistory, feature_history
from detectors.training.known import Known, what_is_known
from detectors.training.levels import fit_levels, operating_points
from detectors.training.metrics import label_metrics, level_shares, probability_metrics
from detectors.training.models import Models, fit_models
from detectors.training.score_kind import choose_score_kind
from detectors.training.split import Split, split_history
from detectors.training.stack import fit_stack
from detectors.transaction import EnrichedTransaction
from detectors.weights import Fusion

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NO_CURRENCY_NAMED = "USD"
"""Only a name then: all amounts are of one currency, whichever it is."""
RARITY_WEIGHTS = (2.0, 1.0, 2.0, 0.0)
"""What one deviation says plainly must not be drowned by detectors that weigh all features together; and k-means,
whose centres follow the traffic, is the least steady of them (measured on weeks before the test weeks). Weak
labels only repeat what the others said."""
BACKGROUND_ROWS = 500
"""That explanations compare with: 150 kB, and more would not move a mean or a quartile that anybody reads."""


def train(
    history: Sequence[EnrichedTransaction],
    labels: Iterable[Label] | None = None,
    *,
    kind: ScoreKind | None = None,
    fit_from: datetime | None = None,
    until: datetime | None = None,
    timing: Timing | None = None,
    seed: int = 0,
    label_source: str | None = None,
    base_currency: str | None = None,
    rates: Mapping[str, float] | None = None,
    budgets: Budgets | None = None,
) -> Bundle:
    """Learn a bundle from enriched payments in any order; the same input and seed give the same bytes.

    Training ends at `until` (the last payment, unless given): labels observed later are not looked at. Rows from
    `fit_from` on are learned from (the latest four fifths), those before build memories only. A payment that
    nobody labelled counts as genuine once `timing`'s delay has passed. The `kind` of score follows from the number
    of known frauds unless given. `rates` are values of one unit of each currency in `base_currency`, which is the
    usual currency of the history unless given. Raises `TrainingError` if the history is too short, or the labels
    too few for the kind that was asked for.
    """
    base_currency, timing = base_currency or usual_currency(history), timing or Timing()
    until = until or max((payment.event_time for payment in history), default=EPOCH)
    history = [payment for payment in history if payment.event_time <= until]
    observed = [label for label in labels or () if label.observed_at <= until]
    # Sums spread over several threads differ in their last bits from run to run.
    with threadpool_limits(limits=1):
        baseline = fit_baseline(history, base_currency, rates)
        features = feature_history(history, baseline, observed, timing)
        known = what_is_known(features.transactions, observed, until, timing)
        split = split_history(features, known, fit_from)
        decision = choose_score_kind(split.known if labels is not None else None, kind)
        learned = _learn(split, decision.kind, budgets or Budgets(), seed)
    manifest = Manifest(
        base_currency=base_currency,
        seed=seed,
        first_event_time=features.transactions[0].event_time,
        last_event_time=features.transactions[-1].event_time,
        labels_until=until,
        counts=_counts(features, split, known, learned),
        score_kind=decision.kind,
        why=decision.why,
        population=_population(split, timing) if decision.kind == "probability" else None,
        label_source=label_source if labels is not None else None,
        weak_logistic=learned.calibration is None,
        fusion=learned.fusion,
        calibration=learned.calibration,
        budgets=learned.budgets,
        thresholds=learned.thresholds,
        provisional=len(learned.score) < ENOUGH_ROWS,
        metrics=_metrics(learned, split, decision.kind),
        operating_points=_operating_points(learned.score, learned.models, split),
        baseline=baseline,
        timing=timing,
    )
    return seal(_bundle(manifest, learned))


def _population(split: Split, timing: Timing) -> str:
    """Which payments a probability is about."""
    share, days = split.frauds.sum() / max(int(split.labelled.sum()), 1), timing.delay_hours / 24
    return (
        "Payments of all accounts in the training window, those of accounts already defrauded among them;"
        f" {share:.3%} are confirmed fraud. One that nobody labelled within {days:g}"
        f" {'day' if days == 1 else 'days'} counts as genuine."
    )


def usual_currency(history: Sequence[EnrichedTransaction]) -> str:
    """The currency that most payments name, USD if none does; of equals the first by alphabet."""
    counts = Counter(payment.currency for payment in history if payment.currency is not None)
    return min(counts, key=lambda currency: (-counts[currency], currency), default=NO_CURRENCY_NAMED)


@dataclass(frozen=True, eq=False)
class _Learned:
    """What the rows taught."""

    models: Models
    fusion: Fusion
    calibration: Calibration | None
    curve: TailCurve | None
    """Reference tail of the fused statistic; None for a probability."""
    score: NDArray[np.float64]
    """(m,) published scores of the reference rows."""
    budgets: Budgets
    thresholds: LevelTable
    background: Background


def _learn(split: Split, kind: ScoreKind, budgets: Budgets, seed: int) -> _Learned:
    """Detectors first, then their fusion, then thresholds on the fused reference rows."""
    models = fit_models(split, supervised=kind == "probability", seed=seed)
    fusion, calibration = _stacked(models, split) if kind == "probability" else (_unweighted(models, kind), None)
    statistic = fused_statistic(models.scores, strangeness_of(models.scores, models.tails), fusion)
    curve = None if kind == "probability" else fit_tail(statistic)
    if kind == "rarity+feedback" and curve is not None:
        statistic = with_feedback(statistic, split.rows[models.judged], curve)
    return _Learned(
        models=models,
        fusion=fusion,
        calibration=calibration,
        curve=curve,
        score=score_of(statistic, fusion, curve),
        budgets=budgets,
        thresholds=fit_levels(statistic, split.payments[models.judged], fusion, curve, budgets),
        background=_background(split.rows[models.judged], seed),
    )


def _background(reference: NDArray[np.float64], seed: int) -> Background:
    """A sample of the reference rows, (m, d), in their order, and what is typical of all of them."""
    count = min(len(reference), BACKGROUND_ROWS)
    chosen = np.sort(np.random.default_rng(seed).choice(len(reference), count, replace=False))
    return Background(rows=reference[chosen], typical=column_medians(reference))


def _unweighted(models: Models, kind: ScoreKind) -> Fusion:
    """The fusion of a rarity, with feedback or without."""
    fusion = Fusion(kind=kind, weights=RARITY_WEIGHTS)
    statistic = fused_statistic(models.scores, strangeness_of(models.scores, models.tails), fusion)
    return msgspec.structs.replace(fusion, intercept=float(np.mean(statistic)))


def _stacked(models: Models, split: Split) -> tuple[Fusion, Calibration]:
    """The fusion of a probability, learned from the labelled reference rows."""
    measured = measures(models.scores, strangeness_of(models.scores, models.tails))
    labelled = split.labelled[models.judged]
    stack = fit_stack(measured[labelled], split.frauds[models.judged][labelled])
    reference = column_means(measured)
    reference[LOGISTIC] = models.logistic.baseline  # so that the model's contributions add up to its part
    intercept = stack.intercept
    for weight, mean in zip(stack.weights, reference, strict=True):
        intercept += float(weight * mean)
    fusion = Fusion(
        kind="probability", weights=_four(stack.weights), reference=_four(reference), intercept=intercept
    )
    return fusion, stack.calibration


def _four(values: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """One number per detector, from (4,)."""
    first, second, third, fourth = values.tolist()
    return first, second, third, fourth


def _bundle(manifest: Manifest, learned: _Learned) -> Bundle:
    """The models beside their manifest."""
    models = learned.models
    return Bundle(
        manifest=manifest,
        deviations=models.deviations,
        clusters=models.clusters,
        forest=models.forest,
        logistic=models.logistic,
        tails=models.tails,
        statistic=learned.curve,
        background=learned.background,
    )


def _counts(features: FeatureHistory, split: Split, known: Known, learned: _Learned) -> Counts:
    """How much history there was."""
    return Counts(
        payments=len(features),
        accounts=len({transaction.account_id for transaction in features.transactions}),
        warm_up=split.warm_up,
        fitting=len(split.rows),
        reference=len(learned.score),
        labelled=int(split.labelled.sum()),
        frauds=int(split.frauds.sum()),
        inconclusive=known.inconclusive,
        young=known.young,
    )


def _metrics(learned: _Learned, split: Split, kind: ScoreKind) -> dict[str, float]:
    """What the published score is worth on the reference rows."""
    score, models = learned.score, learned.models
    codes = levels(score, split.payments[models.judged], learned.thresholds)
    known = split.labelled[models.judged]
    frauds = split.frauds[models.judged][known]
    metrics = level_shares(codes) | label_metrics(score[known], models.scores[known], codes[known], frauds)
    if kind == "probability":
        metrics |= probability_metrics(score[known], frauds)
    return metrics


def _operating_points(
    score: NDArray[np.float64], models: Models, split: Split
) -> dict[str, tuple[OperatingPoint, ...]]:
    """What alerting would have meant on the labelled reference rows, of all accounts and by maturity; empty where
    no fraud is among them."""
    known = split.labelled[models.judged]
    frauds, payments = split.frauds[models.judged][known], split.payments[models.judged][known]
    codes = maturity_codes(payments)
    groups = {"all": np.ones(len(codes), dtype=np.bool_)}
    groups |= {name: codes == code for code, name in enumerate(MATURITIES)}
    return {
        name: operating_points(score[known][rows], frauds[rows])
        for name, rows in groups.items()
        if frauds[rows].any()
    }
