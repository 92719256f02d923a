"""Facts about what a process that explains does with one alert."""

import pytest

from detectors.explanation.explain import OUT_OF_TIME
from detectors.explanation.explanation import decode_explanation
from sinks.alerts import alert_event
from stream.explaining import process
from stream.explaining.process import Explainer, Job
from tests.unit.detectors.explanation.alerts import BUNDLES, riskiest
from tests.unit.sinks.assessments import transaction

ALERT = alert_event(next(each for each in riskiest("rarity", 200) if each.alert == "new"), transaction())


def explainer(budget_seconds: float = 3600.0) -> Explainer:
    return Explainer(BUNDLES["rarity"](), 200, budget_seconds)


def test_an_alert_is_explained_with_lime_under_its_id_and_account() -> None:
    result = explainer().explain(Job(ALERT))
    made = decode_explanation(result.value or b"")
    assert result.outcome == made.method == "lime"
    assert result.key == made.account_id.encode()
    assert made.alert_id == f"alert-{made.assessment_id}"
    assert made.samples == 200
    assert result.seconds > 0.0


def test_a_job_that_is_late_is_explained_exactly() -> None:
    made = decode_explanation(explainer().explain(Job(ALERT, "it was late")).value or b"")
    assert (made.method, made.fallback) == ("exact", "it was late")


def test_without_a_budget_there_is_no_lime() -> None:
    made = decode_explanation(explainer(budget_seconds=0.0).explain(Job(ALERT)).value or b"")
    assert (made.method, made.fallback) == ("exact", OUT_OF_TIME)


def test_a_failure_of_lime_leaves_the_exact_contributions(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ValueError("singular")

    monkeypatch.setattr(process, "explain", fails)
    made = decode_explanation(explainer().explain(Job(ALERT)).value or b"")
    assert (made.method, made.fallback) == ("exact", "LIME failed (ValueError)")


@pytest.mark.parametrize("value", [b"", b"{}", b"\xff", b"null"])
def test_what_is_no_alert_is_left_out(value: bytes) -> None:
    result = explainer().explain(Job(value))
    assert (result.outcome, result.key, result.value) == ("unreadable", None, None)
