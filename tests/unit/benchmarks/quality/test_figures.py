import numpy as np
import pytest

from benchmarks.quality.figures import Evaluated


def evaluated(fraud: list[bool], scenario: list[int]) -> Evaluated:
    count = len(fraud)
    return Evaluated(
        time=np.arange(count, dtype=np.int64),
        card=np.arange(count, dtype=np.int32),
        fraud=np.array(fraud),
        scenario=np.array(scenario, dtype=np.int8),
    )


def test_equal_scores_at_the_border_are_reached_in_part() -> None:
    judge = evaluated([True] * 4 + [False] * 196, [1, 1, 2, 2] + [0] * 196)
    score = np.array([9.0, 5.0, 5.0, 1.0, 5.0] + [0.0] * 195)
    reached = judge.reached(score)
    assert {kind: count for kind, (_, count) in reached.items()} == {"all": 4, "1": 2, "2": 2, "3": 0}
    assert [reached[kind][0] for kind in "123"] == pytest.approx([1 + 1 / 3, 1 / 3, 0.0])


def test_the_oracle_ranks_two_scenarios_first_and_the_rest_as_one() -> None:
    judge = evaluated([True, True, True, False], [1, 3, 2, 0])
    assert judge.perfect() == pytest.approx((1 + 1 + 3 / 4) / 3)


def test_a_silent_detector_ranks_below_what_it_says() -> None:
    judge = evaluated([False, True, True], [0, 1, 1])
    assert judge.average_precision(np.array([np.nan, -5.0, 2.0])) == 1.0


def test_scores_that_are_no_probabilities_have_no_brier_score() -> None:
    judge = evaluated([True, False, False, False], [1, 0, 0, 0])
    score = np.array([0.9, 0.1, 0.2, 0.1])
    assert judge.figures(score, probability=True).figures.brier == pytest.approx(0.0175)
    plain = judge.figures(score, probability=False).figures
    assert plain.brier is plain.calibration_slope is plain.mean_p_to_rate is None


def test_a_week_without_frauds_has_no_figures_and_does_not_fail() -> None:
    measured = evaluated([False] * 5, [0] * 5).figures(np.arange(5.0) / 10, probability=True)
    assert measured.figures.ap is measured.figures.auc is measured.figures.brier is None
    assert measured.figures.recall_at_1pct == {}
