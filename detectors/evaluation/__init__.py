"""Pure metrics over scored, labelled payments: what a backtest reports, nothing that decides."""

from detectors.evaluation.evaluate import Evaluation, evaluate
from detectors.evaluation.scored import UNKNOWN, Scored

__all__ = ["UNKNOWN", "Evaluation", "Scored", "evaluate"]
