"""What runs in a process that explains: it holds a bundle, yields to everybody else, and ends with its parent.

It touches neither Kafka nor settings: alerts come in as bytes, explanations go out as bytes.
"""

import os
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import wait
from pathlib import Path
from typing import Final, Literal

import structlog
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from detectors.bundle import Bundle
from detectors.explanation.explain import explain, explain_exactly
from detectors.explanation.explanation import Explanation, encode_explanation
from sinks.alerts import AlertEvent, decode_alert
from sinks.bundles import load_bundle
from sinks.errors import AlertError
from stream.logs import configure_logs

log = structlog.get_logger(__name__)

Outcome = Literal["lime", "exact", "unreadable"]
NICENESS: Final = 10
"""Of 0 to 19: what assesses comes first wherever both want the same core."""


@dataclass(frozen=True, slots=True)
class Job:
    """One alert to explain."""

    value: bytes
    why_exact: str | None = None
    """Why LIME is not even tried, in a sentence."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of it."""

    outcome: Outcome
    seconds: float
    key: bytes | None = None
    """The account."""
    value: bytes | None = None
    """The explanation as JSON; None of what is no alert."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How alerts are explained."""

    bundle: Path
    samples: int
    budget_seconds: float
    log_level: str = "info"
    log_json: bool = False


class Explainer:
    """Explains alerts one after the other with one bundle."""

    def __init__(self, bundle: Bundle, samples: int, budget_seconds: float) -> None:
        self._bundle = bundle
        self._samples = samples
        self._budget_seconds = budget_seconds

    def explain(self, job: Job) -> Result:
        """Explain one alert; whatever goes wrong with LIME leaves the exact contributions."""
        began = time.perf_counter()
        try:
            event = decode_alert(job.value)
        except AlertError as error:
            log.error("a record is no alert", error=str(error))
            return Result("unreadable", time.perf_counter() - began)
        made = self._exact(event, job.why_exact) if job.why_exact else self._with_lime(event, began)
        key = made.account_id.encode()
        return Result(made.method, time.perf_counter() - began, key, encode_explanation(made))

    def _with_lime(self, event: AlertEvent, began: float) -> Explanation:
        try:
            return explain(
                event.data.assessment,
                event.id,
                self._bundle,
                samples=self._samples,
                expired=lambda: time.perf_counter() - began > self._budget_seconds,
            )
        except Exception as error:
            log.exception("LIME failed", alert=event.id)
            return self._exact(event, f"LIME failed ({type(error).__name__})")

    def _exact(self, event: AlertEvent, why: str) -> Explanation:
        return explain_exactly(event.data.assessment, event.id, self._bundle, why)


_explainer: Explainer | None = None


def begin(plan: Plan) -> None:
    """Make this process ready; runs once, in the process."""
    global _explainer
    os.nice(NICENESS)
    # Ctrl-C reaches the whole group of processes: the parent decides when this one ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    configure_logs(plan.log_level, plan.log_json)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    threadpool_limits(limits=1)
    _explainer = Explainer(load_bundle(plan.bundle), plan.samples, plan.budget_seconds)
    # Loads scikit-learn, so that no alert waits for it.
    from lime import lime_tabular  # noqa: F401  loaded before the first alert


def explain_jobs(jobs: Sequence[Job]) -> list[Result]:
    """Explain some alerts, in their order. None of them: only see that there is a process."""
    if _explainer is None:
        raise RuntimeError("the process was not made ready: see begin")
    return [_explainer.explain(job) for job in jobs]


def _end_with_parent() -> None:
    """End when the parent is gone, killed perhaps: nobody else would."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(0)
