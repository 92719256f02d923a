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
    source: int, partitions: int, parts: Sequence[tuple[Sequence[int], Outcome]]
) -> Iterator[tuple[int, Outgoing]]:
    """Yield records for `merchant-activity`, each with the partition that it goes to, in order.

    `parts` are outcomes, in order, and the offsets of the records that each was made from. All partitions hear of
    it when hours were closed, otherwise only those that it concerns.
    """
    key = b"%d" % source
    for offsets, outcome in parts:
        for start in range(0, len(offsets), WINDOW):
            payments, labels = _gather(outcome, offsets, range(start, start + WINDOW), partitions)
            last = start + WINDOW >= len(offsets)
            closes = last and outcome.edge > outcome.edge_before
            edge = outcome.edge if last else outcome.edge_before
            for partition in range(partitions) if closes else sorted({*payments, *labels}):
                activity = Activity(source, edge, tuple(payments[partition]), tuple(labels[partition]))
                yield partition, Outgoing(key, encode_activity(activity))


def _gather(
    outcome: Outcome, offsets: Sequence[int], window: range, partitions: int
) -> tuple[defaultdict[int, list[Payment]], defaultdict[int, list[LabelChange]]]:
    """Sort what a window of a batch tells by the partition of the merchant; positions become offsets."""
    payments: defaultdict[int, list[Payment]] = defaultdict(list)
    labels: defaultdict[int, list[LabelChange]] = defaultdict(list)
    for index, merchant, hour, z_milli in outcome.payments:
        if index in window:
            told = Payment(offsets[index], merchant, hour, z_milli)
            payments[partition_of(merchant, partitions)].append(told)
    for index, merchant, hour, change in outcome.label_changes:
        if index in window:
            news = LabelChange(offsets[index], merchant, hour, change)
            labels[partition_of(merchant, partitions)].append(news)
    return payments, labels
