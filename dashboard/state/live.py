"""What passed in the newest quarter of an hour, folded batch by batch, and the picture of it. Pure."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from dashboard.state.passing import RISKY, Passed
from dashboard.state.places import Fading
from dashboard.state.seconds import (
    LATENCY_BINS,
    RING_SECONDS,
    SCORE_BINS,
    STEP_SECONDS,
    WINDOW_SECONDS,
    Ring,
    latency_bins,
    percentiles_ms,
)
from dashboard.words import DETECTOR_TITLES, iso
from detectors.assessment import DETECTORS

RATE_SECONDS: Final = 10
MOST_POINTS: Final = 400
PAYMENTS, BACKFILLED, RISK, SILENT = 0, 1, 2, 3
_WIDTH: Final = SILENT + len(DETECTORS)

Place = tuple[Any, bool]
"""A country or a point, and whether the payment was risky."""


class LiveWindow:
    """Folds assessments; history that is loaded afterwards (backfill) is only counted."""

    def __init__(self) -> None:
        self._counts = Ring(_WIDTH)
        self._latencies = Ring(LATENCY_BINS)
        self._scores = Ring(SCORE_BINS)
        self._slowest = np.zeros(RING_SECONDS)
        self._slowest_second = np.zeros(RING_SECONDS, dtype=np.int64)
        self._countries: Fading[Place] = Fading(WINDOW_SECONDS, STEP_SECONDS)
        self._points: Fading[Place] = Fading(WINDOW_SECONDS, STEP_SECONDS)
        self._degraded: Fading[str] = Fading(WINDOW_SECONDS, STEP_SECONDS)

    def fold(self, batch: Sequence[Passed], now: float) -> None:
        """Add payments; those older than the window leave no trace here."""
        self._advance(now)
        oldest, latest = now - RING_SECONDS, math.floor(now)
        recent = [each for each in batch if each.at > oldest]
        live = [each for each in recent if not each.payment.backfill]
        if len(live) < len(recent):
            self._count([min(int(e.at), latest) for e in recent if e.payment.backfill], BACKFILLED)
        if not live:
            return
        seconds = [min(int(each.at), latest) for each in live]
        self._count(seconds, PAYMENTS)
        self._fold_scores(live, seconds)
        self._fold_latencies(live, seconds)
        self._fold_places(live, max(seconds))

    def _advance(self, now: float) -> None:
        for ring in (self._counts, self._latencies, self._scores):
            ring.advance(math.floor(now))

    def _count(self, seconds: Sequence[int], column: int) -> None:
        if seconds:
            whole = np.array(seconds, dtype=np.int64)
            self._counts.add(whole, np.full(len(whole), column))

    def _fold_scores(self, live: Sequence[Passed], seconds: Sequence[int]) -> None:
        paired = list(zip(live, seconds, strict=True))
        self._count([second for each, second in paired if each.payment.risk_level in RISKY], RISK)
        for place, name in enumerate(DETECTORS):
            silent = [second for each, second in paired if getattr(each.payment.tails, name) is None]
            self._count(silent, SILENT + place)
        scores = np.array([each.payment.fraud_risk_score for each in live])
        bins = np.clip(scores * (SCORE_BINS / 100), 0, SCORE_BINS - 1).astype(np.int64)
        self._scores.add(np.array(seconds, dtype=np.int64), bins)

    def _fold_latencies(self, live: Sequence[Passed], seconds: Sequence[int]) -> None:
        known = [
            (second, (each.at - each.produced) * 1000)
            for each, second in zip(live, seconds, strict=True)
            if each.produced is not None
        ]
        if not known:
            return
        whole = np.array([second for second, _ in known], dtype=np.int64)
        took = np.maximum(0.0, np.array([took for _, took in known]))
        self._latencies.add(whole, latency_bins(took))
        places = whole % RING_SECONDS
        fresh = self._slowest_second[places] != whole
        self._slowest[places[fresh]] = 0.0
        self._slowest_second[places] = whole
        np.maximum.at(self._slowest, places, took)

    def _fold_places(self, live: Sequence[Passed], second: int) -> None:
        countries: Counter[Place] = Counter()
        points: Counter[Place] = Counter()
        degraded: Counter[str] = Counter()
        for payment, _, _, _ in live:
            risky = payment.risk_level in RISKY
            country = payment.country or payment.ip_country
            if country is not None:
                countries[country, risky] += 1
            if payment.latitude is not None and payment.longitude is not None:
                points[(round(payment.latitude), round(payment.longitude)), risky] += 1
            if payment.degraded:
                degraded.update(payment.degraded)
        self._countries.add(second, countries)
        self._points.add(second, points)
        self._degraded.add(second, degraded)

    def snapshot(self, now: float, budget: float | None) -> dict[str, Any]:
        """Return the picture of the window that ends with the last whole second; `budget` as a share."""
        self._advance(now)
        end = math.floor(now)
        start = end - WINDOW_SECONDS
        counts = self._counts.between(start, end)
        totals = counts.sum(axis=0).tolist()
        payments, risky = totals[PAYMENTS], totals[RISK]
        return {
            "window": {"from": iso(start), "to": iso(end), "seconds": WINDOW_SECONDS},
            "payments": {
                "per_second": round(int(counts[-RATE_SECONDS:, :RISK].sum()) / RATE_SECONDS, 2),
                "window": payments,
                "backfilled": totals[BACKFILLED],
            },
            "series": self._series(end),
            "alert_rate": {
                "share": risky / payments if payments else None,
                "budget": budget,
                "risky": risky,
                "payments": payments,
            },
            "latency": self._latency(start, end),
            "scores": {
                "edges": [100 * edge / SCORE_BINS for edge in range(SCORE_BINS + 1)],
                "counts": self._scores.between(start, end).sum(axis=0).tolist(),
            },
            "countries": self._by_country(end),
            "points": self._by_point(end),
            "detectors": [
                {
                    "name": name,
                    "title": DETECTOR_TITLES[name],
                    "silent_share": totals[SILENT + place] / payments if payments else None,
                }
                for place, name in enumerate(DETECTORS)
            ],
            "degraded": [
                {"what": what, "share": count / payments if payments else None, "payments": count}
                for what, count in self._degraded.totals(end).most_common()
            ],
        }

    def _series(self, end: int) -> dict[str, Any]:
        last = end - end % STEP_SECONDS
        first = last - WINDOW_SECONDS
        steps = WINDOW_SECONDS // STEP_SECONDS
        payments = self._counts.between(first, last)[:, :RISK].sum(axis=1).reshape(steps, -1).sum(axis=1)
        latencies = self._latencies.between(first, last).reshape(steps, STEP_SECONDS, -1).sum(axis=1)
        return {
            "from": iso(first),
            "step_seconds": STEP_SECONDS,
            "payments_per_second": (payments / STEP_SECONDS).tolist(),
            "p50_ms": percentiles_ms(latencies, 0.5),
            "p99_ms": percentiles_ms(latencies, 0.99),
        }

    def _latency(self, start: int, end: int) -> dict[str, Any]:
        histogram = self._latencies.between(start, end).sum(axis=0, keepdims=True)
        known = int(histogram.sum())
        held = (self._slowest_second >= start) & (self._slowest_second < end)
        return {
            "p50_ms": percentiles_ms(histogram, 0.5)[0],
            "p99_ms": percentiles_ms(histogram, 0.99)[0],
            "max_ms": round(float(self._slowest[held].max()), 1) if known else None,
            "payments": known,
        }

    def _by_country(self, now: int) -> list[dict[str, Any]]:
        return [
            {"country": country, "payments": payments, "risky": risky}
            for country, payments, risky in _together(self._countries.totals(now))
        ]

    def _by_point(self, now: int) -> list[dict[str, Any]]:
        """The busiest points; risky ones first, since nobody may miss them."""
        found = sorted(_together(self._points.totals(now)), key=lambda each: (-each[2], -each[1]))
        return [
            {"latitude": point[0], "longitude": point[1], "payments": payments, "risky": risky}
            for point, payments, risky in found[:MOST_POINTS]
        ]


def _together(counts: Counter[Place]) -> list[tuple[Any, int, int]]:
    """Return each place with its payments and the risky ones among them, busiest first."""
    together: dict[Any, list[int]] = {}
    for (place, risky), count in counts.items():
        both = together.setdefault(place, [0, 0])
        both[0] += count
        both[1] += count if risky else 0
    return sorted(((place, *both) for place, both in together.items()), key=lambda each: (-each[1], str(each[0])))
