"""Cuts a batch into what one transaction of DynamoDB can hold, and that into hours: pure arithmetic on indexes."""

from collections.abc import Collection, Hashable, Iterator, Sequence


def cut(touched: Sequence[Collection[Hashable]], limit: int) -> list[range]:
    """Return consecutive steps that together hold every record, each as long as it can be.

    `touched` are the items that each record changes. A step changes at most `limit` of them, or has one record.

    >>> cut([{"a"}, {"b"}, {"a"}, {"c"}], limit=2)
    [range(0, 3), range(3, 4)]
    """
    steps: list[range] = []
    start, items = 0, set[Hashable]()
    for index, its in enumerate(touched):
        together = items.union(its)
        if index > start and len(together) > limit:
            steps.append(range(start, index))
            start, together = index, set(its)
        items = together
    if touched:
        steps.append(range(start, len(touched)))
    return steps


def runs_of(step: range, edges: Sequence[int]) -> Iterator[range]:
    """Yield the runs of a step in which the hours that are closed stay the same; `edges` are of every record.

    >>> list(runs_of(range(1, 5), [7, 7, 7, 8, 8]))
    [range(1, 3), range(3, 5)]
    """
    start = step.start
    for index in step[1:]:
        if edges[index] != edges[index - 1]:
            yield range(start, index)
            start = index
    yield range(start, step.stop)
