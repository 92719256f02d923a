"""What a worker measures of itself, in Prometheus's terms. One registry per worker, nothing global."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_LATENCY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)


class Metrics:
    """The worker's counters, gauges and histograms."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._live = self._risky = 0
        self.received = self._counter("transactions_received", "transactions read, good and bad")
        self.assessed = self._counter("transactions_assessed", "transactions assessed")
        self.skipped = self._counter("records_skipped", "records delivered again and not applied twice")
        self.duplicates = self._counter("transactions_duplicate", "transactions a producer sent twice")
        self.degraded = self._counter("assessments_degraded", "assessments made without some enrichment")
        self.merchants_behind = self._counter(
            "merchants_behind", "assessments made before the hours of their merchant were known"
        )
        self.labels = self._counter("labels", "labels taken in")
        self.labels_repeated = self._counter("labels_repeated", "labels that were no news")
        self.merchants_folded = self._counter("merchants_folded", "memories of merchants written")
        self.archived = self._counter("assessments_archived", "assessments written to the archive")
        self.explanations_archived = self._counter("explanations_archived", "explanations written to the archive")
        self.archive_objects = self._counter("archive_objects", "Parquet objects written")
        self.archive_retries = self._counter("archive_retries", "uploads tried again")
        self.dead_letters = Counter(
            "riskstream_dead_letters", "records sent to the dead-letter topic", ["reason"], registry=self.registry
        )
        self.levels = Counter(
            "riskstream_risk_levels", "live assessments by level", ["level"], registry=self.registry
        )
        self.alerts = Counter("riskstream_alerts", "alerts published", ["status"], registry=self.registry)
        self.notifications = Counter(
            "riskstream_notifications",
            "alerts read by the notify stage, by what became of them, and summaries",
            ["outcome"],
            registry=self.registry,
        )
        self.notification_retries = self._counter("notification_retries", "publications to SNS tried again")
        self.explanations = Counter(
            "riskstream_explanations",
            "alerts read by the explain stage, by what became of them",
            ["outcome"],
            registry=self.registry,
        )
        self.explanation_seconds = Histogram(
            "riskstream_explanation_seconds",
            "time that a process spent on one explanation",
            buckets=_LATENCY_BUCKETS,
            registry=self.registry,
        )
        self.explainer_restarts = self._counter("explainer_restarts", "pools of explaining processes made anew")
        self.drifts = Counter("riskstream_drifts", "drifts found, by series", ["series"], registry=self.registry)
        self.latency = Histogram(
            "riskstream_alert_latency_seconds",
            "from the transaction's produce time to its alert's acknowledgement",
            buckets=_LATENCY_BUCKETS,
            registry=self.registry,
        )
        self.batch_size = Histogram(
            "riskstream_batch_records",
            "records in a batch of the assess stage",
            buckets=(1, 10, 50, 100, 250, 500, 1000, 2500, 10_000),
            registry=self.registry,
        )
        self.merchant_edge = Gauge(
            "riskstream_merchant_edge_seconds",
            "start of the hour before which this worker knows all merchants, in seconds since 1970",
            registry=self.registry,
        )
        self.ready = Gauge("riskstream_ready", "1 when assigned and recovered", registry=self.registry)
        self.alert_rate = Gauge(
            "riskstream_alert_rate", "share of live assessments at high or above", registry=self.registry
        )
        self.alert_budget = Gauge(
            "riskstream_alert_budget", "the share the bundle allows at high or above", registry=self.registry
        )

    def saw_live(self, count: int, risky: int) -> None:
        """Move the realised alert rate on: the share of live assessments since the worker started."""
        self._live += count
        self._risky += risky
        if self._live:
            self.alert_rate.set(self._risky / self._live)

    def _counter(self, name: str, text: str) -> Counter:
        return Counter(f"riskstream_{name}", text, registry=self.registry)
