"""From files of payments and labels to a bundle: what the command and the training job have in common."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from detectors.bundle import Bundle
from detectors.labels import Label, labels_from_truth
from detectors.timing import Timing
from stream.enrichment import enrich_embedded
from stream.sources.columns import load_columns
from stream.sources.files import FileContents, MalformedRow, read_transactions
from stream.sources.labels import LabelFileError, read_labels


@dataclass(frozen=True)
class History:
    """Payments, and what came out about them."""

    contents: FileContents
    labels: list[Label] | None
    """None where nothing tells the frauds."""
    malformed_labels: Sequence[MalformedRow]
    timing: Timing
    label_source: str
    """The name of the file that tells the frauds."""


def read_history(
    file: Path, labels: Path | None = None, columns: Path | None = None, delay: timedelta = timedelta(days=7)
) -> History:
    """Read payments by a column map, and their labels: from a file, else from their truth once `delay` has passed.

    Raises StreamError for files that cannot be read, and `LabelFileError` for labels of none of the payments.
    """
    contents = read_transactions(file, None if columns is None else load_columns(columns))
    timing = Timing(delay_hours=round(delay / timedelta(hours=1)))
    known, malformed = _labels(contents, labels, timedelta(hours=timing.delay_hours))
    return History(contents, known, malformed, timing, file.name if labels is None else labels.name)


def learn(history: History, *, seed: int, base_currency: str | None, rates: dict[str, float]) -> Bundle:
    """Train a bundle; `rates` are the values of other currencies' units in the base. Raises TrainingError."""
    # scikit-learn takes a second to import: only who trains waits for it.
    from detectors.training import train

    return train(
        enrich_embedded(history.contents.transactions),
        history.labels,
        timing=history.timing,
        seed=seed,
        base_currency=base_currency,
        rates=rates,
        label_source=history.label_source,
    )


def check_currency(code: str) -> str:
    """Return a currency code; a ValueError says what would be one."""
    if not re.fullmatch("[A-Z]{3}", code):
        raise ValueError(f"{code!r} is no ISO 4217 code, such as EUR")
    return code


def rates_of(given: Iterable[str]) -> dict[str, float]:
    """Return rates by currency, from CODE=VALUE; a ValueError says what would be one.

    >>> rates_of(["GBP=1.27"])
    {'GBP': 1.27}
    """
    rates: dict[str, float] = {}
    for text in given:
        code, _, value = text.partition("=")
        try:
            rates[code] = float(value)
        except ValueError:
            rates[code] = 0.0
        if not re.fullmatch("[A-Z]{3}", code) or not 0.0 < rates[code] < math.inf:
            raise ValueError(f"{text!r} is no rate; write it as GBP=1.27")
    return rates


def _labels(
    contents: FileContents, path: Path | None, delay: timedelta
) -> tuple[list[Label] | None, Sequence[MalformedRow]]:
    """What is known of the payments, with the rows of the labels' file that are none."""
    if path is None:
        known = contents.labels
        return (None if known is None else labels_from_truth(contents.transactions, known, delay)), ()
    found = read_labels(path, payments=contents.transactions, delay=delay)
    payments = {each.transaction_id for each in contents.transactions}
    if not any(label.transaction_id in payments for label in found.labels):
        first = f"; {found.malformed[0]}" if found.malformed else ""
        raise LabelFileError(f"{path.name} holds no label of these payments{first}")
    return found.labels, found.malformed
