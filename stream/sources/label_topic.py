"""What the topic of labels holds, for training: analysts' decisions end there, and nowhere else."""

from detectors.labels import Label, decode_labels
from stream.headers import ECHO_KIND, KIND
from stream.settings import Settings
from stream.topics import LABELS
from stream.whole_topic import records_of


def published_labels(settings: Settings) -> tuple[list[Label], int]:
    """Return the labels that the topic holds now, by the time they were observed, and how many records are none.

    Raises BrokerUnavailable.
    """
    values, stamps = [], []
    for record in records_of(settings, LABELS):
        if dict(record.headers() or ()).get(KIND) == ECHO_KIND:  # a replay in step asks how far the workers are
            continue
        value = record.value()
        values.append(value if isinstance(value, bytes) else None)
        stamps.append(record.timestamp()[1])
    decoded = decode_labels(values, stamps)
    found = [label for label in decoded if isinstance(label, Label)]
    found.sort(key=lambda label: (label.observed_at, label.transaction_id))
    return found, len(decoded) - len(found)
