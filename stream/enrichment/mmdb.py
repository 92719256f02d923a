"""Locates addresses in the user's own MMDB file, memory-mapped: a look-up is microseconds and never waits.

MaxMind, DB-IP and IPinfo lay out their records differently; the file says in its metadata whose it is.
"""

from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import maxminddb

from stream.enrichment.location import Location, from_ipinfo, from_maxmind
from stream.errors import SettingsError

SOURCE = "mmdb"
_PLACES = ("city", "country", "enterprise", "location")


class MmdbDatabase:
    """An open database of places; close it when done. Replace the file by renaming, never by writing into it."""

    def __init__(self, path: Path) -> None:
        try:
            self._reader = maxminddb.open_database(path)
        except OSError as error:
            raise SettingsError(
                f"the geolocation database {path} cannot be opened ({error.strerror}): set RISKSTREAM_GEO_MMDB to"
                " a file that exists, or unset it to use the embedded country data"
            ) from error
        except maxminddb.InvalidDatabaseError as error:
            raise SettingsError(
                f"the geolocation database {path} is not a whole MMDB file: download it again, and unpack it if"
                " its name ends in .gz"
            ) from error
        self._read = _reader_of(self._reader.metadata().database_type, path)

    def locate(self, address: IPv4Address | IPv6Address) -> Location | None:
        """Return the address's place; None if the database does not know its country."""
        try:
            record = self._reader.get(address)
        except ValueError:  # an IPv6 address asked of a database that holds IPv4 only
            return None
        if not isinstance(record, dict):
            return None
        place = self._read(record, SOURCE)
        return None if place.country is None else place

    def close(self) -> None:
        """Release the file."""
        self._reader.close()


def _reader_of(database_type: str, path: Path) -> Callable[[Mapping[str, Any], str], Location]:
    kind = database_type.lower()
    if kind.startswith("ipinfo"):
        return from_ipinfo
    if kind.startswith(("geoip2", "geolite2", "dbip")) and any(place in kind for place in _PLACES):
        return from_maxmind
    raise SettingsError(
        f"the geolocation database {path} is of type {database_type!r}: use a city or country database of MaxMind"
        " (GeoIP2, GeoLite2), DB-IP or IPinfo"
    )
