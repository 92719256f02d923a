from pathlib import Path
from typing import Any

import pytest

from dashboard.history.answer import Answer
from detectors.evaluation.honesty import wilson
from detectors.labels import Label
from tests.unit.dashboard.history.archives import archive_of, label, payment, risky
from tests.unit.dashboard.history.test_asking import answer

ALERTED = [risky(number) for number in range(10)]
CRITICAL = [risky(number, risk_level="critical") for number in range(10, 12)]
QUIET = [payment(number) for number in range(20, 100)]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return archive_of(tmp_path_factory.mktemp("archive"), *ALERTED, *CRITICAL, *QUIET)


def judged(archive: Any, *labels: Label) -> Answer:
    return answer(archive, labels=list(labels))


def test_precision_is_of_alerts_that_somebody_decided(archive: Any) -> None:
    found = judged(
        archive,
        label(ALERTED[0], "confirmed_fraud"),
        label(ALERTED[1], "false_positive"),
        label(ALERTED[2], "inconclusive"),
        label(CRITICAL[0], "confirmed_fraud", "chargeback"),
        label(QUIET[0], "confirmed_fraud", "chargeback"),
    )
    told = found.precision
    assert (told.risky, told.decided, told.confirmed, told.inconclusive) == (12, 3, 2, 1)
    assert told.share == 2 / 3
    assert told.interval == wilson(2, 3)
    assert told.decided_by == {"analyst": 2, "chargeback": 1, "random_review": 0}
    assert (found.precision_by_level["high"].share, found.precision_by_level["critical"].share) == (0.5, None)


def test_precision_is_unknown_while_chargebacks_alone_have_decided(archive: Any) -> None:
    reported = [label(one, "confirmed_fraud", "chargeback") for one in ALERTED[:3]]
    told = judged(archive, *reported).precision
    assert (told.decided, told.share, told.interval) == (3, None, None)
    assert judged(archive, *reported, label(ALERTED[3], "false_positive")).precision.share == 3 / 4


def test_without_labels_precision_and_recall_are_unknown(archive: Any) -> None:
    found = judged(archive)
    assert (found.precision.share, found.precision.interval) == (None, None)
    assert (found.recall.chargebacks.share, found.recall.chargebacks.interval) == (None, None)
    assert (found.recall.sample.share, found.recall.sample.missed) == (None, None)


def test_what_analysts_say_of_alerts_tells_no_recall(archive: Any) -> None:
    found = judged(archive, *(label(one, "confirmed_fraud") for one in ALERTED)).recall
    assert found.chargebacks.share is None
    assert found.sample.share is None


def test_recall_from_chargebacks_is_the_share_of_reported_frauds_that_were_alerted(archive: Any) -> None:
    told = judged(
        archive,
        label(ALERTED[0], "confirmed_fraud", "chargeback"),
        *(label(one, "confirmed_fraud", "chargeback") for one in QUIET[:3]),
        label(risky(999), "confirmed_fraud", "chargeback"),
        label(ALERTED[1], "false_positive", "chargeback"),
    ).recall.chargebacks
    assert (told.frauds, told.alerted, told.not_found) == (4, 1, 1)
    assert told.share == 0.25
    assert told.interval == wilson(1, 4)


def test_a_folded_payment_was_alerted_too(tmp_path: Path) -> None:
    folded = risky(1, alert="folded")
    found = judged(archive_of(tmp_path, folded), label(folded, "confirmed_fraud", "chargeback"))
    assert found.recall.chargebacks.alerted == 1


def test_random_checks_tell_how_many_frauds_went_by(archive: Any) -> None:
    told = judged(
        archive,
        *(label(one, "confirmed_fraud") for one in ALERTED[:4]),
        *(label(one, "false_positive", "random_review") for one in QUIET[:9]),
        label(QUIET[9], "confirmed_fraud", "random_review"),
        label(QUIET[10], "inconclusive", "random_review"),
    ).recall.sample
    assert (told.payments, told.checked, told.confirmed, told.caught) == (80, 10, 1, 4)
    assert told.missed == 8.0
    assert told.missed_interval is not None
    assert told.interval is not None
    assert told.missed_interval.low == pytest.approx(80 * wilson(1, 10).low)
    assert told.share == pytest.approx(4 / 12)
    assert told.interval.low == pytest.approx(4 / (4 + 80 * wilson(1, 10).high))
    assert told.interval.low < told.share < told.interval.high


def test_a_sample_without_a_fraud_leaves_recall_open_downwards(archive: Any) -> None:
    told = judged(
        archive,
        label(ALERTED[0], "confirmed_fraud"),
        *(label(one, "false_positive", "random_review") for one in QUIET[:10]),
    ).recall.sample
    assert told.missed == 0.0
    assert told.interval is not None
    assert told.interval.low < 0.1
    assert told.interval.high == 1.0


def test_a_sample_without_any_known_fraud_tells_no_recall(archive: Any) -> None:
    told = judged(archive, label(QUIET[0], "false_positive", "random_review")).recall.sample
    assert (told.checked, told.missed, told.share, told.interval) == (1, 0.0, None, None)


def test_labels_of_other_days_and_other_accounts_count_nothing(archive: Any) -> None:
    found = judged(
        archive,
        label(risky(0, hour=30.0), "confirmed_fraud"),
        label(risky(0, account_id="somebody else"), "confirmed_fraud"),
    )
    assert found.precision.decided == 0


def test_a_payment_that_two_bundles_assessed_is_judged_once(tmp_path: Path) -> None:
    first, second = payment(1), risky(1, assessment_id="other", bundle_version="new")
    found = judged(archive_of(tmp_path, first, second), label(first, "confirmed_fraud", "chargeback"))
    assert (found.recall.chargebacks.frauds, found.recall.chargebacks.alerted) == (1, 1)
