"""What the benchmark prints: flat keys for the figures that are compared, and what they rest on.

It computes on numbers only; nothing here measures.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np

from benchmarks.pipeline import Pipeline
from benchmarks.recovery import Recovery

RIVALS: Final = ("worker", "assess", "stock_faust", "quix", "bare", "pipeline")
HEADLINE_RATE: Final = 2000
"""Payments a second whose latencies have keys of their own."""
COMPARED: Final = {
    "assess_to_stock": ("assess", "stock_faust"),
    "assess_to_bare": ("assess", "bare"),
    "assess_to_quix": ("assess", "quix"),
    "worker_to_pipeline": ("worker", "pipeline"),
}
"""Ratio: whose rate, by whose."""
CALLED_WITH: Final = {"assess": "batch", "bare": "batch", "stock_faust": "one", "quix": "one"}
"""How much each hands to the pure function at a time; what it costs beyond that is its own overhead."""


class Rate(msgspec.Struct, frozen=True):
    """How fast something went."""

    transactions: int
    """Payments that it rests on."""
    seconds: float
    cpu_seconds: float
    """Of the measured processes alone, all threads."""

    @property
    def tx_per_s(self) -> float:
        """Payments a second of wall time."""
        return self.transactions / self.seconds

    @property
    def tx_per_cpu_s(self) -> float:
        """Payments a second of CPU time."""
        return self.transactions / self.cpu_seconds


class Spread(msgspec.Struct, frozen=True):
    """How some latencies are distributed, in milliseconds; null where there are none."""

    samples: int
    p50_ms: float | None
    p99_ms: float | None
    p999_ms: float | None
    max_ms: float | None


class Latency(msgspec.Struct, frozen=True):
    """From a payment's produce time on, at one rate."""

    to_alert: Spread
    """Until a subscriber has the alert."""
    to_assessment: Spread
    """Until the worker hands the assessment to its producer."""
    alert_share: float
    """Alerts per payment: more than in earnest, for the sake of samples."""
    sent_per_s: float
    """What the pacer achieved."""


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one run measured; what was left out is empty."""

    transactions: int
    accounts: int
    cores: int
    rates: Mapping[str, Rate] = {}
    same_answers: Mapping[str, float | None] = {}
    """Share of a rival's assessments that are, byte for byte, those of the worker's own stage."""
    latency: Mapping[int, Latency] = {}
    """By payments a second."""
    scaling: Mapping[int, Rate] = {}
    """The whole path, by workers."""
    assessing_us: Mapping[str, float] = {}
    """CPU time of assessing a payment without any broker: as a batch of "one" and in a large "batch"."""
    pipeline: Pipeline | None = None
    recovery: Recovery | None = None
    failed: Mapping[str, str] = {}
    """Parts that could not be measured, and why."""


def spread(milliseconds: Sequence[float]) -> Spread:
    """Summarise latencies.

    >>> spread([1.0, 2.0, 3.0])
    Spread(samples=3, p50_ms=2.0, p99_ms=3.0, p999_ms=3.0, max_ms=3.0)
    """
    if not milliseconds:
        return Spread(0, None, None, None, None)
    # The nearest rank: a latency that was measured, never a value between two.
    found = np.percentile(milliseconds, (50, 99, 99.9, 100), method="inverted_cdf")
    return Spread(len(milliseconds), *(round(float(each), 1) for each in found))


def flatten(results: Results) -> dict[str, Any]:
    """Lay the results out under the keys that readers compare by; a figure that was not measured is absent."""
    flat: dict[str, Any] = {
        "transactions": results.transactions,
        "accounts": results.accounts,
        "cores": results.cores,
    }
    for name in RIVALS:
        if name in results.rates:
            flat[f"{name}_tx_per_s"] = round(results.rates[name].tx_per_s)
            flat[f"{name}_tx_per_cpu_s"] = round(results.rates[name].tx_per_cpu_s)
    for key, (ours, theirs) in COMPARED.items():
        if ours in results.rates and theirs in results.rates:
            one, other = results.rates[ours], results.rates[theirs]
            flat[key] = round(one.tx_per_s / other.tx_per_s, 3)
            flat[f"{key}_per_cpu"] = round(one.tx_per_cpu_s / other.tx_per_cpu_s, 3)
    flat["measured_on"] = {name: rate.transactions for name, rate in results.rates.items()}
    flat["same_answers"] = dict(results.same_answers)
    flat["failed"] = dict(results.failed)
    return flat | _latencies(results) | _scaling(results) | _costs(results)


def _latencies(results: Results) -> dict[str, Any]:
    if not results.latency:
        return {}
    flat: dict[str, Any] = {}
    if HEADLINE_RATE in results.latency:
        alerts = results.latency[HEADLINE_RATE].to_alert
        flat = {f"latency_{name}": getattr(alerts, name) for name in ("p50_ms", "p99_ms", "p999_ms", "max_ms")}
    return flat | {"latency": {str(rate): msgspec.to_builtins(each) for rate, each in results.latency.items()}}


def _scaling(results: Results) -> dict[str, Any]:
    if not results.scaling:
        return {}
    return {
        "scaling": {str(workers): round(rate.tx_per_s) for workers, rate in results.scaling.items()},
        "scaling_per_cpu_s": {str(workers): round(rate.tx_per_cpu_s) for workers, rate in results.scaling.items()},
    }


def _costs(results: Results) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    if results.assessing_us:
        flat |= {f"assessing_{size}_us": cost for size, cost in results.assessing_us.items()}
        flat["overhead_us"] = {
            name: round(1e6 / results.rates[name].tx_per_cpu_s - results.assessing_us[size], 1)
            for name, size in CALLED_WITH.items()
            if name in results.rates
        }
    if results.pipeline is not None:
        flat |= {
            "pipeline_us_per_tx": results.pipeline.pipeline_us_per_tx,
            "account_memory_bytes": results.pipeline.account_memory_bytes,
            "merchant_memory_bytes": results.pipeline.merchant_memory_bytes,
            "pipeline": msgspec.to_builtins(results.pipeline),
        }
    if results.recovery is not None:
        recovery: dict[str, Any] = msgspec.to_builtins(results.recovery)
        flat |= {key: value for key, value in recovery.items() if key.startswith(("recovery_", "rss_mb_"))}
        flat["recovery"] = recovery
    return flat
