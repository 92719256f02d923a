"""Where the bank CSV's 43 cities are: the file names them and has no coordinates. Constants only.

City centres to a hundredth of a degree (about 1 km), public knowledge; of cities that share a name the largest.
"""

from typing import Final

CITIES: Final[dict[str, tuple[float, float]]] = {
    "Albuquerque": (35.08, -106.65),
    "Atlanta": (33.75, -84.39),
    "Austin": (30.27, -97.74),
    "Baltimore": (39.29, -76.61),
    "Boston": (42.36, -71.06),
    "Charlotte": (35.23, -80.84),
    "Chicago": (41.88, -87.63),
    "Colorado Springs": (38.83, -104.82),
    "Columbus": (39.96, -83.00),
    "Dallas": (32.78, -96.80),
    "Denver": (39.74, -104.99),
    "Detroit": (42.33, -83.05),
    "El Paso": (31.76, -106.49),
    "Fort Worth": (32.76, -97.33),
    "Fresno": (36.74, -119.79),
    "Houston": (29.76, -95.37),
    "Indianapolis": (39.77, -86.16),
    "Jacksonville": (30.33, -81.66),
    "Kansas City": (39.10, -94.58),
    "Las Vegas": (36.17, -115.14),
    "Los Angeles": (34.05, -118.24),
    "Louisville": (38.25, -85.76),
    "Memphis": (35.15, -90.05),
    "Mesa": (33.42, -111.83),
    "Miami": (25.76, -80.19),
    "Milwaukee": (43.04, -87.91),
    "Nashville": (36.16, -86.78),
    "New York": (40.71, -74.01),
    "Oklahoma City": (35.47, -97.52),
    "Omaha": (41.26, -95.93),
    "Philadelphia": (39.95, -75.17),
    "Phoenix": (33.45, -112.07),
    "Portland": (45.52, -122.68),
    "Raleigh": (35.78, -78.64),
    "Sacramento": (38.58, -121.49),
    "San Antonio": (29.42, -98.49),
    "San Diego": (32.72, -117.16),
    "San Francisco": (37.77, -122.42),
    "San Jose": (37.34, -121.89),
    "Seattle": (47.61, -122.33),
    "Tucson": (32.22, -110.97),
    "Virginia Beach": (36.85, -75.98),
    "Washington": (38.91, -77.04),
}
"""Name -> latitude and longitude in degrees."""
