"""Answers as JSON, refusals in words, and bodies of requests read as they have to be."""

from typing import Any, TypeVar

import msgspec
from aiohttp import web

from dashboard.errors import RequestError

T = TypeVar("T")
LARGEST_BODY = 64 * 1024

_encode = msgspec.json.Encoder().encode


def answer(data: Any, status: int = 200) -> web.Response:
    """Return a value as JSON."""
    return web.Response(body=_encode(data), status=status, content_type="application/json", charset="utf-8")


def refusal(error: RequestError) -> web.Response:
    """Return what was wrong, where, and what to do."""
    return answer({"error": str(error), "field": error.field}, error.status)


async def body_of(request: web.Request, kind: type[T]) -> T:
    """Read a request's JSON as a type.

    Raises:
        RequestError: it is none; the message names the field.
    """
    try:
        return msgspec.json.decode(await request.read() or b"{}", type=kind)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$.")
        raise RequestError(f"the request cannot be used: {text}", field=path.rstrip("`") or None) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RequestError(f"the request is not JSON: {error}") from None


def choice(request: web.Request, name: str, allowed: tuple[str, ...]) -> str | None:
    """Return a parameter that has to be one of some words; None if it is absent or empty."""
    given = request.query.get(name, "")
    if not given:
        return None
    if given not in allowed:
        raise RequestError(f"{name} has to be one of {', '.join(allowed)}", field=name)
    return given


def number(request: web.Request, name: str, default: int, least: int, most: int) -> int:
    """Return a parameter that has to be a whole number within bounds."""
    given = request.query.get(name, "")
    if not given:
        return default
    if not (given.isascii() and given.isdecimal() and len(given) < 10 and least <= int(given) <= most):
        raise RequestError(f"{name} has to be a number from {least} to {most}", field=name)
    return int(given)


@web.middleware
async def errors_as_json(request: web.Request, handler: Any) -> web.StreamResponse:
    """Turn refusals and unknown paths into JSON; pages and files keep their plain answers."""
    try:
        response: web.StreamResponse = await handler(request)
    except RequestError as error:
        return refusal(error)
    except web.HTTPClientError as error:
        if request.path.startswith("/api/"):
            return refusal(RequestError(f"{error.reason}: {request.method} {request.path}", error.status))
        raise
    return response
