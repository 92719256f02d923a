"""Cities, countries and addresses as arrays, with the few questions that simulated lives ask of them."""

import ipaddress

import numpy as np
from numpy.random import Generator

from stream.simulation.payments import Floats, Ints
from stream.simulation.places import CITIES, COUNTRIES, NETWORKS

EARTH_RADIUS_KM = 6371.0
"""Mean radius, IUGG."""

CITY_LATITUDE = np.array([city.latitude for city in CITIES])
CITY_LONGITUDE = np.array([city.longitude for city in CITIES])
UTC_OFFSET_H = np.array([city.utc_offset_h for city in CITIES])
HOMES = np.array([city.homes for city in CITIES])
VISITS = np.array([city.visits for city in CITIES])
_COUNTRY = np.array([COUNTRIES.index(city.country) for city in CITIES])


def pick(weights: Floats, count: int, rng: Generator) -> Ints:
    """Return `count` indexes, each as often as its weight says."""
    return rng.choice(len(weights), count, p=weights / weights.sum())


def country_of(city: Ints) -> Ints:
    """Return the country (index of COUNTRIES) of each city."""
    country: Ints = _COUNTRY[city]
    return country


def other_country(country: Ints, rng: Generator) -> Ints:
    """Return some other country for each one."""
    return (country + rng.integers(1, len(COUNTRIES), len(country))) % len(COUNTRIES)


def addresses(country: Ints, rng: Generator) -> Ints:
    """Return an IPv4 address of each given country, as a number."""
    networks = [[ipaddress.ip_network(each) for each in NETWORKS[code]] for code in COUNTRIES]
    first = np.array([[int(each.network_address) for each in own] for own in networks])
    size = np.array([[each.num_addresses for each in own] for own in networks])
    which = rng.integers(0, first.shape[1], len(country))
    return first[country, which] + (size[country, which] * rng.random(len(country))).astype(np.int64)


def distance_km(from_city: Ints, to_city: Ints) -> Floats:
    """Return great-circle distances between cities, by the haversine formula."""
    lat_a, lat_b = np.radians(CITY_LATITUDE[from_city]), np.radians(CITY_LATITUDE[to_city])
    d_lon = np.radians(CITY_LONGITUDE[to_city] - CITY_LONGITUDE[from_city])
    half = np.sin((lat_b - lat_a) / 2) ** 2 + np.cos(lat_a) * np.cos(lat_b) * np.sin(d_lon / 2) ** 2
    distance: Floats = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(half))
    return distance


def far_city(from_city: Ints, least_km: float, rng: Generator) -> Ints:
    """Return for each city another one that is at least so far away, as people travel to them."""
    every = np.arange(len(CITIES))
    far = distance_km(every[:, None], every[None, :]) >= least_km
    chances = np.cumsum(np.where(far, VISITS, 0.0), axis=1)
    drawn = rng.random(len(from_city)) * chances[from_city, -1]
    city: Ints = (chances[from_city] <= drawn[:, None]).sum(axis=1)
    return city
