"""Builds the chain of resolvers that the settings name."""

from stream.enrichment.ipinfo import IpinfoClient
from stream.enrichment.mmdb import MmdbDatabase
from stream.enrichment.resolver import GeoResolver
from stream.settings import Settings


def build_resolver(settings: Settings) -> GeoResolver:
    """Return a resolver with the database and the provider that are set, if any.

    Raises:
        StreamError: the database cannot be read.
    """
    token = settings.ipinfo_token
    return GeoResolver(
        database=None if settings.geo_mmdb is None else MmdbDatabase(settings.geo_mmdb),
        provider=None if token is None else IpinfoClient(token.get_secret_value()),
    )
