"""Turns assessments into the columns of an evaluation, batch by batch, so that none of them is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final

import numpy as np

from detectors.assessment import DETECTORS, LEVELS, Assessment
from detectors.baseline import MAX_AMOUNT, Baseline
from detectors.evaluation.scored import UNKNOWN, Scored, microseconds
from detectors.features import FEATURES
from detectors.thresholds import MATURITIES

LEVEL_CODES: Final = {name: code for code, name in enumerate(LEVELS)}
MATURITY_CODES: Final = {name: code for code, name in enumerate(MATURITIES)}
PUBLISHED: Final = ("new", "escalation")
"""What `Assessment.alert` says of payments that were published as alerts."""

_readings = attrgetter(*DETECTORS)


class Codes:
    """Numbers for names, from 0 in the order in which they come."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def __getitem__(self, name: str) -> int:
        return self._codes.setdefault(name, len(self._codes))

    @property
    def names(self) -> list[str]:
        """The names, by code."""
        return list(self._codes)


class Labels:
    """What is known of payments, by transaction id."""

    def __init__(
        self, frauds: Mapping[str, bool], patterns: Mapping[str, str] | None, *, others_genuine: bool = False
    ) -> None:
        self._frauds = frauds
        self._patterns = patterns or {}
        self._unnamed = 0 if others_genuine else UNKNOWN

    def label_of(self, transaction_id: str) -> int:
        """Return what `Scored.label` holds for a payment."""
        fraud = self._frauds.get(transaction_id)
        return self._unnamed if fraud is None else int(fraud)

    def pattern_of(self, transaction_id: str) -> str | None:
        """Return the kind of fraud, where it is told."""
        return self._patterns.get(transaction_id)


class Columns:
    """Room for the columns of up to `capacity` payments, filled in any order."""

    def __init__(self, capacity: int, labels: Labels, baseline: Baseline) -> None:
        self._labels = labels
        self._baseline = baseline
        self._filled = 0
        self._arrays: dict[str, Any] = {
            "time": np.empty(capacity, np.int64),
            "account": np.empty(capacity, np.int32),
            "merchant": np.empty(capacity, np.int32),
            "score": np.empty(capacity),
            "statistic": np.empty(capacity),
            "level": np.empty(capacity, np.int8),
            "maturity": np.empty(capacity, np.int8),
            "alerted": np.empty(capacity, np.bool_),
            "amount": np.empty(capacity),
            "scores": np.empty((capacity, len(DETECTORS))),
            "features": np.empty((capacity, len(FEATURES)), np.float32),
            "label": np.empty(capacity, np.int8),
            "pattern": np.empty(capacity, np.int32),
        }
        self._accounts, self._merchants, self._patterns = Codes(), Codes(), Codes()
        self._kinds: set[str] = set()

    def __len__(self) -> int:
        return self._filled

    def add(self, assessments: Sequence[Assessment]) -> None:
        """Take what an evaluation needs of some assessments."""
        ids = [verdict.transaction_id for verdict in assessments]
        self.put(
            ids,
            time=[microseconds(verdict.event_time) for verdict in assessments],
            account=[verdict.account_id for verdict in assessments],
            merchant=[verdict.merchant_id for verdict in assessments],
            score=[verdict.fraud_risk_score for verdict in assessments],
            statistic=[verdict.statistic for verdict in assessments],
            level=[verdict.risk_level for verdict in assessments],
            maturity=[verdict.maturity for verdict in assessments],
            alert=[verdict.alert for verdict in assessments],
            amount=[verdict.amount for verdict in assessments],
            currency=[verdict.currency for verdict in assessments],
            scores=np.array([_readings(verdict.scores) for verdict in assessments], dtype=np.float64),
            features=np.array([verdict.features for verdict in assessments], dtype=np.float32),
            kinds={verdict.score_kind for verdict in assessments},
        )

    def put(self, ids: Sequence[str], **given: Any) -> None:
        """Take columns, each of the length of `ids`, as assessments or the archive have them; `kinds` is a set."""
        count = len(ids)
        if not count:
            return
        self._kinds |= given["kinds"]
        accounts, merchants, patterns = self._accounts, self._merchants, self._patterns
        kinds = map(self._labels.pattern_of, ids)
        values: dict[str, Any] = {
            name: given[name] for name in ("time", "score", "statistic", "scores", "features")
        }
        values |= {
            "account": [accounts[name] for name in given["account"]],
            "merchant": [merchants[name] for name in given["merchant"]],
            "level": [LEVEL_CODES[name] for name in given["level"]],
            "maturity": [MATURITY_CODES[name] for name in given["maturity"]],
            "alerted": [status in PUBLISHED for status in given["alert"]],
            "amount": np.minimum(np.array(given["amount"]) * self._rates(given["currency"]), MAX_AMOUNT),
            "label": [self._labels.label_of(name) for name in ids],
            "pattern": [UNKNOWN if kind is None else patterns[kind] for kind in kinds],
        }
        rows = slice(self._filled, self._filled + count)
        for name, column in values.items():
            self._arrays[name][rows] = column
        self._filled += count

    def scored(self) -> Scored:
        """Return the columns in event-time order, and give up the room they had."""
        order = np.argsort(self._arrays["time"][: self._filled], kind="stable")
        return Scored(**{field.name: self._arrays.pop(field.name)[order] for field in fields(Scored)})

    @property
    def merchants(self) -> list[str]:
        """Names of the merchants' codes."""
        return self._merchants.names

    @property
    def patterns(self) -> list[str]:
        """Names of the codes of kinds of fraud."""
        return self._patterns.names

    @property
    def kinds(self) -> list[str]:
        """The kinds of score that occurred."""
        return sorted(self._kinds)

    def _rates(self, currencies: Sequence[str | None]) -> Any:
        """Return what each payment's amount is multiplied with, (n,): as `Baseline.amount_of` has it."""
        rates = self._baseline.rates
        return np.array([1.0 if code is None else rates.get(code, np.nan) for code in currencies])
