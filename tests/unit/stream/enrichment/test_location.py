"""How vendors' records become locations."""

import pytest

from stream.enrichment.location import Location, from_ipinfo, from_maxmind, location

MOUNTAIN_VIEW = Location("US", "Mountain View", 37.4, -122.1, "x")


@pytest.mark.parametrize(
    "record",
    [
        {"country": "US", "city": "Mountain View", "loc": "37.4,-122.1"},
        {"country": "US", "city": "Mountain View", "lat": "37.4", "lng": "-122.1"},
        {
            "country": "United States",
            "country_code": "US",
            "city": "Mountain View",
            "latitude": 37.4,
            "longitude": -122.1,
        },
        {"geo": {"country_code": "US", "city": "Mountain View", "latitude": 37.4, "longitude": -122.1}, "as": {}},
    ],
)
def test_all_layouts_of_ipinfo_give_the_same_place(record):
    assert from_ipinfo(record, "x") == MOUNTAIN_VIEW


def test_maxminds_layout_is_read():
    record = {
        "country": {"iso_code": "US"},
        "city": {"names": {"de": "Bergblick", "en": "Mountain View"}},
        "location": {"latitude": 37.4, "longitude": -122.1},
    }

    assert from_maxmind(record, "x") == MOUNTAIN_VIEW


def test_a_city_without_an_english_name_keeps_the_one_it_has():
    assert from_maxmind({"city": {"names": {"de": "Köln"}}}, "x").city == "Köln"


@pytest.mark.parametrize("record", [{}, {"country": "US", "city": None, "location": 7}, {"city": {"names": []}}])
def test_a_record_of_another_shape_gives_an_empty_place(record):
    assert from_maxmind(record, "x") == Location(None, None, None, None, "x")


@pytest.mark.parametrize("country", ["us", "USA", "U1", "ÄÖ", "", None, 7])
def test_a_country_that_is_no_code_is_left_out(country):
    assert location(country, None, None, None, "x").country is None


@pytest.mark.parametrize("latitude", ["", "north", None, 91, float("nan"), [1]])
def test_coordinates_that_do_not_fit_are_left_out_together(latitude):
    place = location("US", None, latitude, 10.0, "x")

    assert (place.latitude, place.longitude) == (None, None)


def test_a_long_city_is_cut_to_what_the_wire_takes():
    assert location(None, "x" * 500, None, None, "x").city == "x" * 256
