"""Adds to a payment where its IP address is, from a chain of resolvers; it never delays or stops the stream.

`ipinfo` and `mmdb` hold the resolvers that need a token or a file; whoever wires the worker builds them.
"""

from stream.enrichment.enrich import distinct_addresses, enrich, enrich_embedded
from stream.enrichment.location import Location
from stream.enrichment.resolver import GeoResolver, Provider, ProviderUnavailable

__all__ = [
    "GeoResolver",
    "Location",
    "Provider",
    "ProviderUnavailable",
    "distinct_addresses",
    "enrich",
    "enrich_embedded",
]
