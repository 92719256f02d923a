"""Reads IP addresses as producers write them, and tells which of them can have a place at all."""

from ipaddress import IPv4Address, IPv6Address, ip_address


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address; None for a text that is none.

    An IPv4 address wrapped in IPv6 is unwrapped and a zone index dropped, so that every spelling is found in the
    same place.

    >>> parse_address(" ::ffff:8.8.8.8 ")
    IPv4Address('8.8.8.8')
    """
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return address
    return address.ipv4_mapped or IPv6Address(int(address))


def is_private(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether an address is private, shared, reserved, loopback or multicast: nowhere on a map."""
    return not address.is_global or address.is_multicast
