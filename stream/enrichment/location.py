"""Where an address is, as far as anybody knows, and how vendors write it down.

Vendors' records are taken with care: what does not fit our types is left out, because a location is written to
the wire without another check.
"""

import math
from collections.abc import Mapping
from typing import Any

import msgspec

CITY_CHARACTERS = 256


class Location(msgspec.Struct, frozen=True, gc=False):
    """A place on earth at the precision of an IP address."""

    country: str | None
    """ISO 3166-1 alpha-2."""
    city: str | None
    latitude: float | None
    """Degrees; present together with `longitude` or not at all."""
    longitude: float | None
    source: str
    """Who answered: private, mmdb, ipinfo or iptocc."""
    degraded: bool = False
    """A better resolver was configured but did not answer."""


def location(country: Any, city: Any, latitude: Any, longitude: Any, source: str) -> Location:
    """Build a location from whatever a vendor wrote, leaving out what does not fit.

    >>> location("US", "", "37.4", "-122.1", "mmdb")
    Location(country='US', city=None, latitude=37.4, longitude=-122.1, source='mmdb', degraded=False)
    """
    north, east = _degrees(latitude, 90), _degrees(longitude, 180)
    if north is None or east is None:
        north = east = None
    return Location(_country(country), _city(city), north, east, source)


def from_ipinfo(record: Mapping[str, Any], source: str) -> Location:
    """Read IPinfo's flat records: the API's and those of its databases, old (`lat`, `loc`) and new.

    The newer ones spell the country out and give its code apart; coordinates may be texts.
    """
    place = record["geo"] if isinstance(record.get("geo"), dict) else record
    latitude, longitude = place.get("latitude", place.get("lat")), place.get("longitude", place.get("lng"))
    if isinstance(place.get("loc"), str):
        latitude, _, longitude = place["loc"].partition(",")
    country = place.get("country_code", place.get("country"))
    return location(country, place.get("city"), latitude, longitude, source)


def from_maxmind(record: Mapping[str, Any], source: str) -> Location:
    """Read the nested records of MaxMind's databases, which DB-IP's follow."""
    city_names = _inner(_inner(record, "city"), "names")
    place = _inner(record, "location")
    return location(
        _inner(record, "country").get("iso_code"),
        city_names.get("en") or next(iter(city_names.values()), None),
        place.get("latitude"),
        place.get("longitude"),
        source,
    )


def _inner(record: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = record.get(key)
    return value if isinstance(value, dict) else {}


def _country(value: Any) -> str | None:
    fits = isinstance(value, str) and len(value) == 2 and value.isascii() and value.isupper()
    return value if fits and value.isalpha() else None


def _city(value: Any) -> str | None:
    return value[:CITY_CHARACTERS] if isinstance(value, str) and value else None


def _degrees(value: Any, limit: int) -> float | None:
    try:
        degrees = float(value)
    except (TypeError, ValueError):
        return None
    return degrees if math.isfinite(degrees) and abs(degrees) <= limit else None
