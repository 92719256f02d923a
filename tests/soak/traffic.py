"""Alerts as a worker publishes them, as many as are wanted, made from those of a backtest."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Final

import msgspec

from detectors.assessment import Assessment
from detectors.explanation.explain import explain
from detectors.explanation.explanation import Explanation, encode_explanation
from detectors.labels import Label
from detectors.transaction import EnrichedTransaction
from sinks.alerts import alert_event
from stream.backtest import backtest
from stream.enrichment import enrich_embedded
from stream.topics import ALERTS, ASSESSMENTS, EXPLAINED, LABELS
from tests.browser.traffic import traffic
from tests.pipeline.traffic import small_bundle

ACCOUNTS: Final = 300
"""So few that each case has soon all that a case can have."""
ORDINARY: Final = 3
"""Assessments that are no alert, for each that is."""
EXPLAINED_EVERY: Final = 2
LABELLED_EVERY: Final = 3
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Record:
    """What is published to one topic."""

    topic: str
    key: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Model:
    """One alert to make others like it from."""

    payment: EnrichedTransaction
    assessment: Assessment
    explanation: Explanation


class Alerts:
    """Gives the records of one alert after the other; every account has its turn."""

    def __init__(self) -> None:
        bundle, played = small_bundle(), traffic()
        payments = [
            *enrich_embedded(played.history, True),
            *enrich_embedded([*played.first, *played.under_way, *played.later], False),
        ]
        by_id = {payment.transaction_id: payment for payment in payments}
        assessed = [each for fold in backtest(payments, bundle, 4) for each in fold.assessments]
        risky = [each for each in assessed if each.alert in ("new", "escalation")]
        self._models = [
            Model(by_id[each.transaction_id], each, explain(each, f"alert-{each.assessment_id}", bundle))
            for each in risky
        ]
        self._ordinary = [each for each in assessed if each.alert == "none" and not each.backfill]

    def records(self, number: int) -> Iterator[Record]:
        """Yield what is published for the alert of a number: assessments, the alert, and what follows it."""
        model = self._models[number % len(self._models)]
        account, transaction = f"acc-soak-{number % ACCOUNTS:04}", f"tx-soak-{number:07}"
        key = account.encode()
        for one in range(ORDINARY):
            yield self._passing(number * ORDINARY + one)
        name = {"transaction_id": transaction, "account_id": account}
        status = "new" if number < ACCOUNTS else "escalation"
        assessment = _changed(model.assessment, **name, assessment_id=alert_id(number), alert=status)
        yield Record(ASSESSMENTS, key, _encode(assessment))
        yield Record(ALERTS, key, alert_event(assessment, _changed(model.payment, **name)))
        if number % EXPLAINED_EVERY == 0:
            about = {"assessment_id": alert_id(number), "alert_id": f"alert-{alert_id(number)}"}
            explanation = _changed(model.explanation, **name, **about)
            yield Record(EXPLAINED, key, encode_explanation(explanation))
        if number % LABELLED_EVERY == 0:
            yield Record(LABELS, key, _encode(_label(assessment)))

    def _passing(self, number: int) -> Record:
        one = self._ordinary[number % len(self._ordinary)]
        changed = _changed(one, assessment_id=alert_id(-1 - number), transaction_id=f"tx-pass-{number:07}")
        return Record(ASSESSMENTS, one.account_id.encode(), _encode(changed))


def _changed(value: msgspec.Struct, **fields: str) -> msgspec.Struct:
    return msgspec.structs.replace(value, **fields)


def _label(assessment: Assessment) -> Label:
    return Label(
        transaction_id=assessment.transaction_id,
        account_id=assessment.account_id,
        merchant_id=assessment.merchant_id,
        event_time=assessment.event_time,
        disposition="false_positive",
        source="analyst",
        observed_at=datetime.now(UTC),
    )


def alert_id(number: int) -> str:
    """The assessment id of the alert of a number; below zero that of a payment between."""
    return blake2b(str(number).encode(), digest_size=16).hexdigest()
