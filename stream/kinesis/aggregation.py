"""Records that hold several: the Kinesis Producer Library packs them so, and nothing here unpacks them."""

from collections.abc import Sequence
from typing import Final

from detectors.decoding import Rejection
from detectors.transaction import Transaction

AGGREGATED: Final = b"\xf3\x89\x9a\xc2"
"""The Kinesis Producer Library begins a record that holds several with these bytes
(github.com/awslabs/kinesis-aggregation, "KPL Aggregated Record Format")."""
_KPL: Final = Rejection(
    "KPL_AGGREGATED",
    "several records packed into one by the Kinesis Producer Library; set its AggregationEnabled to false, and"
    " send them again one by one",
)


def name_aggregated(
    items: Sequence[Transaction | Rejection], data: Sequence[bytes]
) -> list[Transaction | Rejection]:
    """Return what records were decoded to, with the reason for those that hold several."""
    pairs = zip(items, data, strict=True)
    return [_KPL if each.startswith(AGGREGATED) else item for item, each in pairs]
