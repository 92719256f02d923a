"""Facts about LIME's view of a payment."""

import numpy as np
import pytest
from lime.lime_tabular import LimeTabularExplainer
from numpy.typing import NDArray

from detectors.explanation.exact import feature_row
from detectors.explanation.explanation import ASKED, SHOWN
from detectors.explanation.local import OverBudget, explain_locally, outputs_of
from detectors.features import FEATURES
from detectors.fusion import fuse
from detectors.panel import detect
from tests.unit.detectors.explanation.alerts import BUNDLES, riskiest
from tests.unit.detectors.histories import rows

SAMPLES = 300


def row(kind: str, number: int = 0) -> NDArray[np.float64]:
    return feature_row(riskiest(kind)[number])[0]


@pytest.mark.parametrize("kind", BUNDLES)
def test_the_same_seed_gives_the_same_view_and_another_one_another(kind: str) -> None:
    bundle = BUNDLES[kind]()
    first, again, other = (explain_locally(row(kind), bundle, seed=seed, samples=SAMPLES) for seed in (1, 1, 2))
    assert first.fused == again.fused
    assert first.logistic == again.logistic
    assert first.fused != other.fused


@pytest.mark.parametrize("kind", BUNDLES)
def test_the_weights_and_the_intercept_add_up_to_the_prediction(kind: str) -> None:
    views = explain_locally(row(kind), BUNDLES[kind](), seed=1, samples=SAMPLES)
    for model in (views.fused, views.logistic):
        assert model is not None
        assert len(model.weights) <= ASKED
        assert model.intercept + sum(weight for _, weight in model.weights) == pytest.approx(model.prediction)


def test_the_function_explained_is_that_of_assess() -> None:
    """But for centres, which stay where training left them: the first row has not moved any yet."""
    bundle = BUNDLES["rarity"]()
    one = rows(1)
    scores, _ = detect(one, None, bundle)
    assert outputs_of(one, bundle).fused.tolist() == fuse(scores, one, bundle).statistic.tolist()
    assert outputs_of(one, bundle).logistic.tolist() == scores[:, 3].tolist()


def test_a_row_scores_the_same_whatever_rows_are_beside_it() -> None:
    bundle, many = BUNDLES["rarity"](), rows(600)
    together = outputs_of(many, bundle).fused
    assert [outputs_of(each[None], bundle).fused[0] for each in many[::97]] == together[::97].tolist()


@pytest.mark.parametrize("kind", BUNDLES)
def test_what_is_missing_or_typical_weighs_nothing(kind: str) -> None:
    bundle = BUNDLES[kind]()
    changed = row(kind).copy()
    missing, typical = FEATURES.index("amount_z"), FEATURES.index("log_amount")
    changed[missing] = np.nan
    changed[typical] = bundle.background.typical[typical]
    views = explain_locally(changed, bundle, seed=1, samples=SAMPLES)
    for model in (views.fused, views.logistic):
        assert model is not None
        assert not {missing, typical} & {place for place, _ in model.weights}


def test_an_ordinary_payment_can_be_explained_too() -> None:
    """Of a row that is typical in everything nothing can be taken away."""
    bundle = BUNDLES["probability"]()
    views = explain_locally(bundle.background.typical, bundle, seed=1, samples=SAMPLES)
    assert views.fused.weights == ()
    assert views.fused.prediction == pytest.approx(views.fused.actual)


def test_a_row_of_which_everything_is_missing_is_explained_by_nothing() -> None:
    bundle = BUNDLES["rarity"]()
    views = explain_locally(np.full(len(FEATURES), np.nan), bundle, seed=1, samples=SAMPLES)
    assert views.fused.weights == ()


def test_an_additive_function_is_given_back_nearly_whole() -> None:
    """The log-odds of the logistic detector are a sum over features: a linear model finds each of its terms."""
    bundle = BUNDLES["probability"]()
    model = explain_locally(row("probability"), bundle, seed=1, samples=SAMPLES).logistic
    assert model is not None
    assert model.r2 > 0.99
    place, weight = model.weights[0]
    without = row("probability").copy()
    without[place] = bundle.background.typical[place]
    both = outputs_of(np.stack([row("probability"), without]), bundle).logistic
    assert weight == pytest.approx(both[0] - both[1], rel=0.1)


@pytest.mark.parametrize("kind", BUNDLES)
def test_without_its_leading_features_the_score_is_lower(kind: str) -> None:
    bundle = BUNDLES[kind]()
    for number in range(5):
        found = row(kind, number)
        leading = [place for place, _ in explain_locally(found, bundle, seed=1).fused.weights[:SHOWN]]
        without = found.copy()
        without[leading] = bundle.background.typical[leading]
        statistic = outputs_of(np.stack([found, without]), bundle).fused
        assert statistic[1] < statistic[0]


def test_the_kernel_is_lime_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its default width: three quarters of the root of the number of features."""
    seen = []
    made = LimeTabularExplainer.__init__

    def watched(self: LimeTabularExplainer, *args: object, **kwargs: object) -> None:
        made(self, *args, **kwargs)
        seen.append(self.base.kernel_fn.keywords["kernel_width"])

    monkeypatch.setattr(LimeTabularExplainer, "__init__", watched)
    explain_locally(row("rarity"), BUNDLES["rarity"](), seed=1, samples=SAMPLES)
    assert seen == [0.75 * np.sqrt(len(FEATURES))]


def test_it_stops_as_soon_as_its_time_is_over() -> None:
    looks = iter([False, True])
    with pytest.raises(OverBudget):
        explain_locally(row("rarity"), BUNDLES["rarity"](), seed=1, samples=1000, expired=lambda: next(looks))
