"""Payments that keep coming, at a rate, while a test does something to the workers."""

import threading
from collections.abc import Sequence
from types import TracebackType

from detectors.transaction import Transaction
from stream.publishing import DeliveryReport, PublishConfig, publish


class Flow:
    """Publishes in a thread of its own; leaving the `with` block waits until everything is acknowledged."""

    def __init__(self, client: dict[str, str], transactions: Sequence[Transaction], rate: float) -> None:
        self._transactions = transactions
        self._config = PublishConfig(client=client, rate=rate)
        self._thread = threading.Thread(target=self._run)
        self._report: DeliveryReport | None = None
        self._abandoned = False
        self.sent = 0

    def __enter__(self) -> "Flow":
        self._thread.start()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._abandoned = error is not None
        self._thread.join()
        if error is None:
            assert self._report is not None, "publishing failed"
            assert self._report.acknowledged == len(self._transactions)

    def _run(self) -> None:
        self._report = publish(self._transactions, self._config, self._progress, self._admit)

    def _progress(self, report: DeliveryReport) -> None:
        self.sent = report.sent

    def _admit(self, _sent: int) -> bool:
        return not self._abandoned
