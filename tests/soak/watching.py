"""What an open page costs: long tasks by the second, and its memory after a garbage collection."""

from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np
from playwright.sync_api import CDPSession, Page

OBSERVER = """
window.__longTasks = [];
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) window.__longTasks.push([task.startTime, task.duration]);
}).observe({ type: "longtask", buffered: true });
"""
_NODES = """
() => {
  const walker = document.createTreeWalker(document, NodeFilter.SHOW_ALL);
  let count = 0;
  while (walker.nextNode()) count += 1;
  return count;
}
"""
"""Of the document; what is kept beside it shows in the heap, an alert that was closed last among it."""
MIB = 1024 * 1024
_PAGE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at something that takes memory."""

    seconds: float
    heap_mib: float
    nodes: float
    listeners: float


@dataclass
class Tab:
    """A page that stays open, and what was seen of it."""

    name: str
    page: Page
    session: CDPSession
    samples: list[Sample] = field(default_factory=list)
    tasks: dict[int, float] = field(default_factory=dict)
    """Milliseconds of long tasks, by second of the page's life."""
    _first: int | None = None
    _last: int = 0

    @classmethod
    def of(cls, name: str, page: Page) -> "Tab":
        """Watch an open page from now on; `OBSERVER` runs in it."""
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        return cls(name, page, session)

    def start(self) -> None:
        """Forget what opening the page cost."""
        self._collect()
        self.tasks.clear()
        self._first = self._last

    def look(self, seconds: float) -> Sample:
        """Take a sample; the garbage collection that it needs is not held against the page."""
        self._collect()
        self.session.send("HeapProfiler.collectGarbage")
        metrics = {one["name"]: one["value"] for one in self.session.send("Performance.getMetrics")["metrics"]}
        self.page.evaluate("() => { setTimeout(() => { window.__longTasks.length = 0; }, 50); }")
        sample = Sample(
            seconds, metrics["JSHeapUsedSize"] / MIB, self.page.evaluate(_NODES), metrics["JSEventListeners"]
        )
        self.samples.append(sample)
        return sample

    def _collect(self) -> None:
        tasks, now = self.page.evaluate("() => [window.__longTasks.splice(0), performance.now()]")
        self._last = int(now / 1000)
        for start, duration in tasks:
            second = int(start / 1000)
            self.tasks[second] = self.tasks.get(second, 0.0) + duration

    @property
    def seconds(self) -> list[float]:
        """Milliseconds of long tasks in every second since the start, quiet ones too."""
        first = self._first or 0
        return [self.tasks.get(second, 0.0) for second in range(first, max(first + 1, self._last))]

    @property
    def median_ms(self) -> float:
        """Of a second's long tasks."""
        return median(self.seconds)

    def percentile_ms(self, percent: float) -> float:
        """Of a second's long tasks."""
        return float(np.percentile(self.seconds, percent))


def slope_a_minute(times: list[float], values: list[float]) -> float:
    """How much values grow in a minute: least squares over times in seconds."""
    return float(np.polyfit(times, values, 1)[0] * 60) if len(times) > 1 else 0.0


def resident_mib(pid: int) -> float:
    """Memory that a process occupies (Linux)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES / MIB
