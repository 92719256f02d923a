"""Who is asked for a place, in which order, and what happens when they do not answer."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.enrichment.location import Location
from stream.enrichment.mmdb import MmdbDatabase
from stream.enrichment.resolver import GeoResolver, ProviderUnavailable
from tests.strategies import ip_addresses

BERLIN = Location("DE", "Berlin", 52.5, 13.4, "mmdb")
OSLO = Location("NO", "Oslo", 59.9, 10.8, "ipinfo")
EMBEDDED_US = Location("US", None, None, None, "iptocc")


class FakeDatabase(MmdbDatabase):
    """A database that is a dictionary."""

    def __init__(self, places: dict[str, Location]) -> None:
        self._places = places
        self.asked: list[str] = []
        self.closed = False

    def locate(self, address: IPv4Address | IPv6Address) -> Location | None:
        self.asked.append(str(address))
        return self._places.get(str(address))

    def close(self) -> None:
        self.closed = True


class FakeProvider:
    """A provider that is a dictionary, up or down."""

    def __init__(self, places: dict[str, Location]) -> None:
        self._places = places
        self.asked: list[list[str]] = []
        self.down = False
        self.closed = False

    async def locate(self, addresses: Sequence[str]) -> dict[str, Location]:
        self.asked.append(list(addresses))
        if self.down:
            raise ProviderUnavailable("down")
        return {address: self._places[address] for address in addresses if address in self._places}

    async def close(self) -> None:
        self.closed = True


async def test_without_database_and_provider_the_embedded_data_tells_the_country():
    assert await GeoResolver().locate(["8.8.8.8", "2001:4860:4860::8888"]) == {
        "8.8.8.8": EMBEDDED_US,
        "2001:4860:4860::8888": EMBEDDED_US,
    }


async def test_a_private_address_is_nowhere_and_nobody_is_asked():
    database, provider = FakeDatabase({}), FakeProvider({})

    located = await GeoResolver(database=database, provider=provider).locate(["10.1.2.3", "::1"])

    assert set(located.values()) == {Location(None, None, None, None, "private")}
    assert (database.asked, provider.asked) == ([], [])


async def test_a_text_that_is_no_address_has_no_location():
    assert await GeoResolver().locate(["not an address"]) == {"not an address": None}


async def test_the_database_is_asked_before_the_provider():
    provider = FakeProvider({"9.9.9.9": OSLO})
    resolver = GeoResolver(database=FakeDatabase({"1.1.1.1": BERLIN}), provider=provider)

    assert await resolver.locate(["1.1.1.1", "9.9.9.9"]) == {"1.1.1.1": BERLIN, "9.9.9.9": OSLO}
    assert provider.asked == [["9.9.9.9"]]


async def test_what_the_provider_does_not_know_comes_from_the_embedded_data_undegraded():
    resolver = GeoResolver(provider=FakeProvider({"8.8.4.4": Location(None, None, None, None, "ipinfo")}))

    assert await resolver.locate(["8.8.8.8", "8.8.4.4"]) == {"8.8.8.8": EMBEDDED_US, "8.8.4.4": EMBEDDED_US}


async def test_an_answer_is_asked_for_once():
    provider = FakeProvider({"9.9.9.9": OSLO})
    resolver = GeoResolver(provider=provider)

    assert await resolver.locate(["9.9.9.9", "8.8.8.8"]) == await resolver.locate(["9.9.9.9", "8.8.8.8"])
    assert len(provider.asked) == 1


async def test_an_outage_degrades_to_the_embedded_data_and_is_forgotten_when_it_ends():
    provider = FakeProvider({"8.8.8.8": OSLO})
    resolver = GeoResolver(provider=provider)

    provider.down = True
    assert await resolver.locate(["8.8.8.8"]) == {
        "8.8.8.8": Location("US", None, None, None, "iptocc", degraded=True)
    }
    provider.down = False
    assert await resolver.locate(["8.8.8.8"]) == {"8.8.8.8": OSLO}


async def test_the_cache_forgets_the_address_that_was_not_used_for_longest():
    provider = FakeProvider({"9.9.9.1": OSLO, "9.9.9.2": OSLO, "9.9.9.3": OSLO})
    resolver = GeoResolver(provider=provider, cache_size=2)

    for address in ("9.9.9.1", "9.9.9.2", "9.9.9.1", "9.9.9.3", "9.9.9.1", "9.9.9.2"):
        await resolver.locate([address])

    assert provider.asked == [["9.9.9.1"], ["9.9.9.2"], ["9.9.9.3"], ["9.9.9.2"]]


async def test_two_spellings_of_an_address_both_get_its_place():
    located = await GeoResolver(provider=FakeProvider({"9.9.9.9": OSLO})).locate(["9.9.9.9", "::ffff:9.9.9.9"])

    assert located == {"9.9.9.9": OSLO, "::ffff:9.9.9.9": OSLO}


async def test_locating_locally_leaves_the_provider_out_and_does_not_stand_in_its_way():
    resolver = GeoResolver(provider=FakeProvider({"8.8.8.8": OSLO}))

    assert not resolver.is_local
    assert resolver.locate_local(["8.8.8.8"]) == {"8.8.8.8": EMBEDDED_US}
    assert await resolver.locate(["8.8.8.8"]) == {"8.8.8.8": OSLO}


@given(addresses=st.lists(ip_addresses() | st.text(max_size=8), unique=True, max_size=8))
@settings(max_examples=40)
async def test_locally_or_not_every_text_gets_the_same_answer(addresses):
    resolver = GeoResolver()

    assert resolver.is_local
    located = resolver.locate_local(addresses)
    assert set(located) == set(addresses)
    assert await GeoResolver().locate(addresses) == located == resolver.locate_local(addresses)


async def test_closing_closes_database_and_provider():
    database, provider = FakeDatabase({}), FakeProvider({})

    await GeoResolver(database=database, provider=provider).close()

    assert (database.closed, provider.closed) == (True, True)


@pytest.mark.parametrize("database", [None, FakeDatabase({})])
def test_a_resolver_without_a_provider_is_local(database):
    assert GeoResolver(database=database).is_local
