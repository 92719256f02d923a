"""Asks ipinfo.io where addresses are, a batch a request; the token goes into one header and nowhere else.

It speaks HTTP through aiohttp: the official client fixes the address of the service, keeps a cache of its own and
sends all its batches at once, none of which suits a worker that must shed a slow dependency.
"""

from collections.abc import Sequence
from typing import Any

import aiohttp
import msgspec
import stamina
import structlog

from stream.enrichment.breaker import CircuitBreaker
from stream.enrichment.location import Location, from_ipinfo
from stream.enrichment.resolver import ProviderUnavailable

SOURCE = "ipinfo"
BASE_URL = "https://ipinfo.io"
MAX_ADDRESSES = 1000
"""The most that one batch request may ask for (ipinfo.io/developers/batch)."""

log = structlog.get_logger(__name__)


class _Passing(ProviderUnavailable):
    """A failure that a second try may mend."""


class IpinfoClient:
    """A `Provider` that asks ipinfo.io; open it inside a running event loop, close it there."""

    def __init__(
        self,
        token: str,
        *,
        base_url: str = BASE_URL,
        timeout_s: float = 2.0,
        attempts: int = 2,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        self._headers = {"Authorization": f"Bearer {token}"}
        self._url = f"{base_url.rstrip('/')}/batch"
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._attempts = attempts
        self._breaker = breaker or CircuitBreaker()
        self._session: aiohttp.ClientSession | None = None

    async def locate(self, addresses: Sequence[str]) -> dict[str, Location]:
        """Return the places of the addresses that ipinfo.io knows; raises ProviderUnavailable."""
        if not self._breaker.allows():
            raise ProviderUnavailable("ipinfo.io failed several times and is left alone for a while")
        found: dict[str, Location] = {}
        try:
            for start in range(0, len(addresses), MAX_ADDRESSES):
                found |= await self._ask_patiently(addresses[start : start + MAX_ADDRESSES])
        except ProviderUnavailable as error:
            self._note_failure(error)
            raise
        self._note_success()
        return found

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _note_failure(self, error: ProviderUnavailable) -> None:
        was_open = self._breaker.is_open
        self._breaker.failed()
        if self._breaker.is_open and not was_open:
            log.warning("geolocation degraded: ipinfo.io is unavailable", cause=str(error))

    def _note_success(self) -> None:
        if self._breaker.is_open:
            log.info("geolocation restored: ipinfo.io answers again")
        self._breaker.succeeded()

    async def _ask_patiently(self, addresses: Sequence[str]) -> dict[str, Location]:
        async for attempt in stamina.retry_context(
            on=_Passing, attempts=self._attempts, timeout=None, wait_initial=0.05, wait_jitter=0.05
        ):
            with attempt:
                return await self._ask(addresses)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _ask(self, addresses: Sequence[str]) -> dict[str, Location]:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        try:
            async with self._session.post(
                self._url, json=list(addresses), headers=self._headers, allow_redirects=False
            ) as response:
                status, body = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            # Not chained: aiohttp's errors carry the request's headers, and with them the token.
            raise _Passing(f"ipinfo.io does not answer ({type(error).__name__})") from None
        _check_status(status)
        return _read_answer(body)


def _check_status(status: int) -> None:
    if status == 200:
        return
    if status >= 500:
        raise _Passing(f"ipinfo.io answers with status {status}")
    if status in (401, 403):
        raise ProviderUnavailable(
            f"ipinfo.io refuses the token (status {status}): check RISKSTREAM_IPINFO_TOKEN, and that its plan"
            " includes batch requests"
        )
    if status == 429:
        raise ProviderUnavailable("ipinfo.io says that the token's quota is used up (status 429)")
    raise ProviderUnavailable(f"ipinfo.io answers with the unexpected status {status}")


def _read_answer(body: bytes) -> dict[str, Location]:
    try:
        answer = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ProviderUnavailable("ipinfo.io answers with something that is not a JSON object") from None
    return {address: from_ipinfo(record, SOURCE) for address, record in answer.items() if isinstance(record, dict)}
