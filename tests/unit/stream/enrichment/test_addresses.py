"""Which texts are addresses, and which addresses have a place."""

from ipaddress import ip_address

import pytest

from stream.enrichment.addresses import is_private, parse_address


@pytest.mark.parametrize("text", ["", "hello", "1.2.3", "8.8.8.8:443", "256.1.1.1", "010.0.0.1", "8.8.8.8/32"])
def test_other_texts_are_no_addresses(text):
    assert parse_address(text) is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("8.8.8.8", "8.8.8.8"),
        (" 8.8.8.8\n", "8.8.8.8"),
        ("::ffff:8.8.8.8", "8.8.8.8"),
        ("2001:4860:4860:0:0:0:0:8888", "2001:4860:4860::8888"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_every_spelling_of_an_address_gives_the_same_one(text, address):
    assert parse_address(text) == ip_address(address)


@pytest.mark.parametrize(
    "text",
    ["10.0.0.1", "192.168.1.1", "127.0.0.1", "100.64.0.1", "0.0.0.0", "192.0.2.1", "224.0.0.1", "::1", "fd00::1"],
)
def test_private_shared_reserved_and_multicast_addresses_are_nowhere(text):
    assert is_private(ip_address(text))


@pytest.mark.parametrize("text", ["8.8.8.8", "2001:4860:4860::8888"])
def test_public_addresses_are_somewhere(text):
    assert not is_private(ip_address(text))
