"""What a payment looks like once it knows where its address is."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.transaction import EnrichedTransaction, Transaction
from stream.enrichment import Location, distinct_addresses, enrich, enrich_embedded
from tests.strategies import transactions

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
PAYMENT = Transaction(
    transaction_id="t", account_id="a", merchant_id="m", event_time=NOON, amount=1.0, ip_address="8.8.8.8"
)
OSLO = Location("NO", "Oslo", 59.9, 10.8, "ipinfo")


def enrich_one(payment: Transaction, place: Location | None) -> EnrichedTransaction:
    [enriched] = enrich([payment], {"8.8.8.8": place})
    return enriched


@given(st.lists(transactions(), max_size=3))
def test_enriching_keeps_every_field_of_the_payment(payments):
    for before, after in zip(payments, enrich_embedded(payments), strict=True):
        kept = {name: getattr(after, name) for name in Transaction.__struct_fields__}
        assert Transaction(**kept) == before


@given(st.lists(transactions(), max_size=3))
def test_what_enriching_gives_survives_the_wire(payments):
    enriched = enrich_embedded(payments)

    assert msgspec.json.decode(msgspec.json.encode(enriched), type=list[EnrichedTransaction]) == enriched


def test_the_place_of_the_address_is_added():
    enriched = enrich_one(PAYMENT, OSLO)

    assert (enriched.ip_country, enriched.ip_city) == ("NO", "Oslo")
    assert (enriched.ip_latitude, enriched.ip_longitude) == (59.9, 10.8)
    assert (enriched.geo_source, enriched.degraded) == ("ipinfo", ())


def test_event_times_are_put_into_utc():
    cairo = NOON.astimezone(timezone(timedelta(hours=3)))

    enriched = enrich_one(msgspec.structs.replace(PAYMENT, event_time=cairo), OSLO)

    assert enriched.event_time == NOON
    assert enriched.event_time.tzinfo is UTC


def test_a_private_address_has_no_country():
    enriched = enrich_one(PAYMENT, Location(None, None, None, None, "private"))

    assert (enriched.ip_country, enriched.geo_source, enriched.degraded) == (None, "private", ())


def test_a_place_from_second_best_says_so():
    enriched = enrich_one(PAYMENT, Location("US", None, None, None, "iptocc", degraded=True))

    assert (enriched.ip_country, enriched.geo_source, enriched.degraded) == ("US", "iptocc", ("geo",))


def test_an_address_that_is_none_counts_as_none_and_says_so():
    enriched = enrich_one(PAYMENT, None)

    assert (enriched.ip_country, enriched.geo_source, enriched.degraded) == (None, None, ("ip_address",))


@pytest.mark.parametrize("address", [None, ""])
def test_a_payment_without_an_address_is_whole(address):
    enriched = enrich_one(msgspec.structs.replace(PAYMENT, ip_address=address), OSLO)

    assert (enriched.geo_source, enriched.degraded) == (None, ())


def test_history_is_marked_payment_by_payment_or_all_at_once():
    two = [PAYMENT, PAYMENT]

    assert [p.backfill for p in enrich(two, {"8.8.8.8": OSLO}, [True, False])] == [True, False]
    assert [p.backfill for p in enrich(two, {"8.8.8.8": OSLO}, True)] == [True, True]
    assert [p.backfill for p in enrich_embedded(two)] == [False, False]


def test_each_address_is_asked_for_once():
    addresses = ["8.8.8.8", None, "8.8.8.8", "", "1.1.1.1"]
    payments = [msgspec.structs.replace(PAYMENT, ip_address=address) for address in addresses]

    assert distinct_addresses(payments) == {"8.8.8.8", "1.1.1.1"}
