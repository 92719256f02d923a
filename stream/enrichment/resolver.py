"""Finds where addresses are: cache, private ranges, the user's MMDB, ipinfo.io, embedded data, in that order.

One await a batch, and none at all when every resolver is local. A provider that does not answer degrades the
locations to the embedded country data; it never raises into the stream.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Protocol

import iptocc
import msgspec

from stream.enrichment.addresses import is_private, parse_address
from stream.enrichment.location import Location, location
from stream.enrichment.mmdb import MmdbDatabase
from stream.errors import StreamError

PRIVATE = Location(None, None, None, None, "private")
EMBEDDED_SOURCE = "iptocc"
CACHE_SIZE = 50_000


class ProviderUnavailable(StreamError):
    """A provider of locations cannot answer at the moment."""


class Provider(Protocol):
    """A service that is asked over the network."""

    async def locate(self, addresses: Sequence[str]) -> Mapping[str, Location]:
        """Return the places of the addresses it knows, or raise ProviderUnavailable."""

    async def close(self) -> None:
        """Release connections."""


class GeoResolver:
    """The chain of resolvers with its cache; one for a worker, used from its event loop only."""

    def __init__(
        self,
        *,
        database: MmdbDatabase | None = None,
        provider: Provider | None = None,
        cache_size: int = CACHE_SIZE,
    ) -> None:
        self._database = database
        self._provider = provider
        self._cache_size = cache_size
        self._cache: OrderedDict[str, Location] = OrderedDict()

    @property
    def is_local(self) -> bool:
        """Whether no resolver needs the network, so that `locate_local` gives the whole answer."""
        return self._provider is None

    async def locate(self, addresses: Collection[str]) -> dict[str, Location | None]:
        """Locate the distinct addresses of a batch; None stands for a text that is no IP address.

        A public address that nobody knows has a location without a country.
        """
        located, open_ones = self._locate_nearby(addresses)
        if not open_ones:
            return located
        if self._provider is None:
            return located | self._remember(_embedded(open_ones))
        try:
            answers = await self._provider.locate([str(address) for address in open_ones.values()])
        except ProviderUnavailable:
            # Not remembered, so that the provider is asked again as soon as it is back.
            return located | {
                text: msgspec.structs.replace(place, degraded=True) for text, place in _embedded(open_ones).items()
            }
        known = {
            text: answers[str(address)]
            for text, address in open_ones.items()
            if str(address) in answers and answers[str(address)].country is not None
        }
        unknown = {text: address for text, address in open_ones.items() if text not in known}
        return located | self._remember(known | _embedded(unknown))

    def locate_local(self, addresses: Iterable[str]) -> dict[str, Location | None]:
        """Do as `locate` does, without awaiting, when `is_local`; otherwise the provider is left out."""
        located, open_ones = self._locate_nearby(addresses)
        places = _embedded(open_ones)
        return located | (self._remember(places) if self.is_local else places)

    async def close(self) -> None:
        """Release the provider's connections and the database's file."""
        if self._provider is not None:
            await self._provider.close()
        if self._database is not None:
            self._database.close()

    def _locate_nearby(
        self, addresses: Iterable[str]
    ) -> tuple[dict[str, Location | None], dict[str, IPv4Address | IPv6Address]]:
        """Split into what is settled without provider or embedded data, and what is still open."""
        located: dict[str, Location | None] = {}
        open_ones: dict[str, IPv4Address | IPv6Address] = {}
        for text in addresses:
            place = self._cache.get(text)
            if place is not None:
                self._cache.move_to_end(text)
                located[text] = place
                continue
            address = parse_address(text)
            if address is None:
                located[text] = None
            elif is_private(address):
                located |= self._remember({text: PRIVATE})
            elif self._database is not None and (place := self._database.locate(address)) is not None:
                located |= self._remember({text: place})
            else:
                open_ones[text] = address
        return located, open_ones

    def _remember(self, places: dict[str, Location]) -> dict[str, Location]:
        self._cache.update(places)
        while len(self._cache) > self._cache_size:
            self._cache.popitem(last=False)
        return places


def _embedded(addresses: Mapping[str, IPv4Address | IPv6Address]) -> dict[str, Location]:
    countries = iptocc.country_code([str(address) for address in addresses.values()])
    return {
        text: location(country, None, None, None, EMBEDDED_SOURCE)
        for text, country in zip(addresses, countries, strict=True)
    }
