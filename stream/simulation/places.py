"""Where simulated people live, shop, travel and connect from: constants only.

Coordinates and offsets are those of the real cities (offset of winter time, no daylight saving). The address
ranges belong to consumer networks of their country, as the embedded resolver `iptocc` resolves them (a test
checks each); an address drawn from them belongs to nobody in particular.
"""

from typing import NamedTuple


class City(NamedTuple):
    """One city, and how often people live in it or travel to it (relative weights)."""

    name: str
    country: str
    latitude: float
    longitude: float
    utc_offset_h: float
    homes: float
    visits: float


CITIES = (
    City("New York", "US", 40.71, -74.01, -5, 14, 8),
    City("Chicago", "US", 41.88, -87.63, -6, 8, 3),
    City("Los Angeles", "US", 34.05, -118.24, -8, 10, 5),
    City("Houston", "US", 29.76, -95.37, -6, 6, 2),
    City("Miami", "US", 25.76, -80.19, -5, 4, 5),
    City("Seattle", "US", 47.61, -122.33, -8, 4, 2),
    City("Denver", "US", 39.74, -104.99, -7, 3, 2),
    City("Toronto", "CA", 43.65, -79.38, -5, 4, 3),
    City("London", "GB", 51.51, -0.13, 0, 8, 8),
    City("Manchester", "GB", 53.48, -2.24, 0, 3, 1),
    City("Paris", "FR", 48.86, 2.35, 1, 5, 8),
    City("Lyon", "FR", 45.76, 4.84, 1, 2, 1),
    City("Berlin", "DE", 52.52, 13.41, 1, 5, 4),
    City("Munich", "DE", 48.14, 11.58, 1, 3, 3),
    City("Madrid", "ES", 40.42, -3.70, 1, 3, 4),
    City("Palma", "ES", 39.57, 2.65, 1, 0.5, 7),
    City("Rome", "IT", 41.90, 12.50, 1, 3, 6),
    City("Amsterdam", "NL", 52.37, 4.90, 1, 3, 4),
    City("Warsaw", "PL", 52.23, 21.01, 1, 2, 2),
    City("Stockholm", "SE", 59.33, 18.07, 1, 2, 2),
    City("Lisbon", "PT", 38.72, -9.14, 0, 1, 4),
    City("Istanbul", "TR", 41.01, 28.98, 3, 1, 5),
    City("Dubai", "AE", 25.20, 55.27, 4, 0.5, 4),
    City("Mumbai", "IN", 19.08, 72.88, 5.5, 2, 2),
    City("Bangkok", "TH", 13.76, 100.50, 7, 0.3, 5),
    City("Singapore", "SG", 1.35, 103.82, 8, 1, 3),
    City("Tokyo", "JP", 35.68, 139.69, 9, 2, 4),
    City("Sydney", "AU", -33.87, 151.21, 10, 2, 2),
    City("Cancun", "MX", 21.16, -86.85, -5, 0.5, 6),
    City("Sao Paulo", "BR", -23.55, -46.63, -3, 2, 2),
)

COUNTRIES = tuple(sorted({city.country for city in CITIES}))

NETWORKS: dict[str, tuple[str, ...]] = {
    "AE": ("94.200.0.0/13", "2.48.0.0/14"),
    "AU": ("1.128.0.0/11", "101.160.0.0/11"),
    "BR": ("179.128.0.0/11", "191.176.0.0/12"),
    "CA": ("99.224.0.0/11", "70.64.0.0/14"),
    "DE": ("84.128.0.0/10", "87.128.0.0/10"),
    "ES": ("83.32.0.0/11", "88.0.0.0/11"),
    "FR": ("90.0.0.0/10", "92.128.0.0/11"),
    "GB": ("86.128.0.0/10", "81.128.0.0/11"),
    "IN": ("117.192.0.0/10", "106.192.0.0/11"),
    "IT": ("79.0.0.0/10", "87.0.0.0/11"),
    "JP": ("126.64.0.0/10", "219.0.0.0/10"),
    "MX": ("189.128.0.0/10", "187.192.0.0/11"),
    "NL": ("77.160.0.0/12", "86.80.0.0/13"),
    "PL": ("83.0.0.0/11", "89.64.0.0/12"),
    "PT": ("85.240.0.0/13", "2.80.0.0/14"),
    "SE": ("78.64.0.0/12", "81.224.0.0/12"),
    "SG": ("203.125.0.0/16", "116.86.0.0/15"),
    "TH": ("171.96.0.0/13", "49.228.0.0/14"),
    "TR": ("78.160.0.0/11", "88.224.0.0/11"),
    "US": ("12.0.0.0/8", "73.0.0.0/8"),
}
