"""How fast somebody would have had to travel between two payments."""

from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS_KM = 6371.0088
"""The mean radius (IUGG)."""
NEAR_KM = 50.0
"""Closer places are one place: IP addresses and cell towers are not located better."""
SHORTEST_S = 60
"""Time differences below a minute count as one: clocks differ."""
FASTEST_KMH = 20_000.0
"""Above this every speed is equally impossible."""

Place = tuple[int, int, int]
"""Latitude and longitude in ten-thousandths of a degree (11 m), and the time there in seconds."""


def place(latitude: float, longitude: float, time: int) -> Place:
    """A place as memories keep it."""
    return round(latitude * 10_000), round(longitude * 10_000), time


def distance_km(one: Place, other: Place) -> float:
    """Great-circle distance (haversine formula).

    >>> round(distance_km(place(52.52, 13.405, 0), place(48.8566, 2.3522, 0)))
    877
    """
    latitude, other_latitude = radians(one[0] / 10_000), radians(other[0] / 10_000)
    across = sin((other_latitude - latitude) / 2)
    along = sin(radians((other[1] - one[1]) / 10_000) / 2)
    chord = across * across + cos(latitude) * cos(other_latitude) * along * along
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(chord)))


def speed_kmh(one: Place, other: Place) -> float:
    """Speed between two places, 0 when they are near each other.

    >>> round(speed_kmh(place(52.52, 13.405, 0), place(48.8566, 2.3522, 7200)))
    439
    """
    distance = distance_km(one, other)
    if distance < NEAR_KM:
        return 0.0
    return min(distance / max(abs(other[2] - one[2]), SHORTEST_S) * 3600, FASTEST_KMH)
