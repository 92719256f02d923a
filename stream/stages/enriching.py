"""What every way into `transactions.enriched` shares, Kafka's and Kinesis': places looked up, records made.

It neither reads nor produces.
"""

from collections.abc import Sequence

import msgspec

from detectors.diagnosis import Rejection
from detectors.transaction import EnrichedTransaction, Transaction
from sinks.dead_letters import Headers, SourcePosition, dead_letter
from stream.batching.producer import Outgoing
from stream.enrichment import GeoResolver, distinct_addresses, enrich
from stream.headers import INGESTED_AT, ORIGIN, Origin

_encode = msgspec.json.Encoder().encode


async def locate_and_enrich(
    resolver: GeoResolver, transactions: Sequence[Transaction], backfill: Sequence[bool] | bool = False
) -> list[EnrichedTransaction]:
    """Look up the addresses of a batch in one go and enrich it; `backfill` is one flag for all, or one each."""
    locations = await resolver.locate(distinct_addresses(transactions))
    return enrich(transactions, locations, backfill)


def enriched_record(enriched: EnrichedTransaction, origin: Origin, ingested_ms: int) -> Outgoing:
    """Return the record of `transactions.enriched`; `ingested_ms` is when the payment came in, Unix time."""
    headers = ((ORIGIN, origin.encode()), (INGESTED_AT, b"%d" % ingested_ms))
    return Outgoing(enriched.account_id.encode(), _encode(enriched), headers)


def letter_record(
    value: bytes | None,
    rejection: Rejection,
    position: SourcePosition,
    key: bytes | None = None,
    headers: Headers = (),
) -> Outgoing:
    """Return the record of `transactions.dead-letter`."""
    letter = dead_letter(value, rejection, position, key=key, headers=headers)
    return Outgoing(letter.key, letter.value, letter.headers)
