"""What a batch tells the merchants: one record for each partition of merchants that it concerns."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from detectors.assess import Outcome
from detectors.merchants.activity import Activity, LabelChange, Payment, encode_activity
from stream.batching.producer import Outgoing
from stream.partitioning import partition_of

WINDOW = 1000
"""Records of a batch that one activity record tells of: so it stays below the topic's 1 MiB, whatever the ids."""


def tell_merchants(
    source: int, partitions: int, parts: Sequence[tuple[Sequence[int], Outcome]], log: str = ""
) -> Iterator[tuple[int, Outgoing]]:
    """Yield records for `merchant-activity`, each with the partition that it goes to, in order.

    `parts` are outcomes, in order, and the offsets of the records that each was made from, in the log of that id.
    All partitions hear of it when hours were closed, otherwise only those that it concerns.
    """
    key = b"%d" % source
    for offsets, outcome in parts:
        for start in range(0, len(offsets), WINDOW):
            payments, labels = _gather(outcome, offsets, range(start, start + WINDOW), partitions)
            last = start + WINDOW >= len(offsets)
            closes = last and outcome.edge > outcome.edge_before
            edge = outcome.edge if last else outcome.edge_before
            for partition in range(partitions) if closes else sorted({*payments, *labels}):
                activity = Activity(source, edge, tuple(payments[partition]), tuple(labels[partition]), log)
                yield partition, Outgoing(key, encode_activity(activity))


def _gather(
    outcome: Outcome, offsets: Sequence[int], window: range, partitions: int
) -> tuple[defaultdict[int, list[Payment]], defaultdict[int, list[LabelChange]]]:
    """Sort what a window of a batch tells by the partition of the merchant; positions become offsets."""
    payments: defaultdict[int, list[Payment]] = defaultdict(list)
    labels: defaultdict[int, list[LabelChange]] = defaultdict(list)
    for paid in outcome.payments:
        if paid.position in window:
            told = Payment(offsets[paid.position], paid.merchant_id, paid.hour, paid.z_milli)
            payments[partition_of(paid.merchant_id, partitions)].append(told)
    for label in outcome.label_changes:
        if label.position in window:
            news = LabelChange(offsets[label.position], label.merchant_id, label.hour, label.change)
            labels[partition_of(label.merchant_id, partitions)].append(news)
    return payments, labels
