"""Reports of a backtest as `riskstream backtest --json` writes them, of made-up payments."""

from functools import cache
from pathlib import Path

import numpy as np

from detectors.bundle import Bundle
from detectors.evaluation import evaluate
from detectors.evaluation.scored import DAY, microseconds
from scripts.backtest_report.document import Document, Source, facts_of, to_json
from tests.unit.detectors.evaluation.payments import scored
from tests.unit.detectors.histories import probability_bundle

COUNT = 4001


@cache
def report(*, labelled: bool = True, late: bool = True) -> bytes:
    """Return the JSON of four days after training (or before its end), a tenth of a percent of them frauds."""
    bundle: Bundle = probability_bundle()
    border = microseconds(bundle.manifest.last_event_time)
    start = border + 1 if late else border - 4 * DAY
    label = np.zeros(COUNT) if labelled else np.full(COUNT, -1)
    if labelled:
        label[::1000] = 1
    payments = scored(
        COUNT,
        time=start + np.arange(COUNT) * (4 * DAY) // (COUNT - 1),
        score=np.round(np.arange(COUNT) / COUNT * 50 + 48 * (label == 1), 4),
        level=np.where(label == 1, 2, 0),
        label=label,
        account=np.arange(COUNT) % 500,
    )
    document = Document(
        source=Source(name="later.csv", archived=False, assessed=COUNT, labels="later.csv"),
        bundle=facts_of(bundle.manifest),
        score_kinds=("probability",),
        evaluation=evaluate(payments, bundle, probability=True),
    )
    return to_json(document)


def written(folder: Path, content: bytes | None = None) -> Path:
    """Return a file that holds a report."""
    path = folder / "report.json"
    path.write_bytes(report() if content is None else content)
    return path
