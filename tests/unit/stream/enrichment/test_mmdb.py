"""The user's own database, as three vendors lay it out."""

import gzip
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from stream.enrichment.location import Location
from stream.enrichment.mmdb import MmdbDatabase
from stream.errors import SettingsError

NESTED = {
    "country": {"iso_code": "SE"},
    "city": {"names": {"en": "Linköping"}},
    "location": {"latitude": 58.4, "longitude": 15.6},
}
FLAT = {"country": "SE", "city": "Linköping", "lat": "58.4", "lng": "15.6"}
NO_COUNTRY = {"city": "Atlantis"}
LINKÖPING = Location("SE", "Linköping", 58.4, 15.6, "mmdb")


def write(path: Path, database_type: str, record: dict[str, Any], ip_version: int = 6) -> Path:
    writer = MMDBWriter(ip_version=ip_version, ipv4_compatible=ip_version == 6, database_type=database_type)
    writer.insert_network(IPSet(["89.160.20.0/24"]), record)
    writer.to_db_file(str(path))
    return path


@pytest.mark.parametrize(
    ("database_type", "record"),
    [
        ("GeoLite2-City", NESTED),
        ("GeoIP2-Enterprise", NESTED),
        ("DBIP-City-Lite", NESTED),
        ("DBIP-Location (compat=City)", NESTED),
        ("ipinfo standard_location.mmdb", FLAT),
    ],
)
def test_the_metadata_tells_how_to_read_a_record(tmp_path, database_type, record):
    database = MmdbDatabase(write(tmp_path / "geo.mmdb", database_type, record))

    assert database.locate(ip_address("89.160.20.112")) == LINKÖPING
    assert database.locate(ip_address("8.8.8.8")) is None
    database.close()


def test_a_record_without_a_country_is_no_answer(tmp_path):
    database = MmdbDatabase(write(tmp_path / "geo.mmdb", "ipinfo lite", NO_COUNTRY))

    assert database.locate(ip_address("89.160.20.112")) is None
    database.close()


def test_a_database_of_ipv4_does_not_know_ipv6(tmp_path):
    database = MmdbDatabase(write(tmp_path / "geo.mmdb", "GeoLite2-City", NESTED, ip_version=4))

    assert database.locate(ip_address("89.160.20.112")) == LINKÖPING
    assert database.locate(ip_address("2001:4860:4860::8888")) is None
    database.close()


@pytest.mark.parametrize("database_type", ["GeoLite2-ASN", "DBIP-ISP", "my own"])
def test_a_database_without_places_is_refused(tmp_path, database_type):
    path = write(tmp_path / "geo.mmdb", database_type, {"asn": 64500})

    with pytest.raises(SettingsError, match=r"geo\.mmdb is of type .*: use a city or country database"):
        MmdbDatabase(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(SettingsError, match=r"cannot be opened \(No such file or directory\): set RISKSTREAM_GEO"):
        MmdbDatabase(tmp_path / "none.mmdb")


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "geo.mmdb.gz"
    path.write_bytes(gzip.compress(b"database"))

    with pytest.raises(SettingsError, match="not a whole MMDB file: download it again, and unpack it"):
        MmdbDatabase(path)
