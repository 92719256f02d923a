"""/api/alerts: the queue, one alert with everything that is known of it, and what analysts say about it."""

import base64
import binascii
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final, cast

import msgspec
import structlog
from aiohttp import web

from dashboard.answers import answer, body_of, choice, number
from dashboard.api.account import history_of
from dashboard.api.detail import detail_of
from dashboard.api.picture import group_of, picture_of
from dashboard.desk import DESK
from dashboard.errors import PublishError, RequestError
from dashboard.state.board import News
from dashboard.state.cards import Card
from dashboard.state.cases import Wanted
from dashboard.state.ordering import SORTS, STATUSES, CaseStatus, Key, Sort, parse_key
from dashboard.words import iso
from detectors.assessment import LEVELS, RiskLevel
from detectors.labels import Disposition, Label
from detectors.masking import mask

log = structlog.get_logger(__name__)

DEFAULT_LIMIT: Final = 50
MOST_LISTED: Final = 200
LONGEST_QUERY: Final = 256


class Decision(msgspec.Struct, frozen=True):
    """What an analyst found out."""

    disposition: Disposition


class Nothing(msgspec.Struct, frozen=True):
    """A request that says all by its path."""


async def listing(request: web.Request) -> web.Response:
    """Return a page of the queue."""
    desk = request.app[DESK]
    wanted, limit = _wanted(request), number(request, "limit", DEFAULT_LIMIT, 1, MOST_LISTED)
    board = desk.board
    found = list(islice(board.cases.listing(wanted, _after(request, wanted.sort)), limit + 1))
    shown = found[:limit]
    since = board.cases.since()
    now = desk.clock()
    return answer(
        {
            "range": {"from": iso(now if since is None else since), "to": iso(now)},
            "counts": board.cases.counts(),
            "cases": [picture_of(case, board.cases) for _, case in shown],
            "next": _cursor(shown[-1][0]) if len(found) > limit else None,
        }
    )


async def detail(request: web.Request) -> web.Response:
    """Return one alert with all that is known of it."""
    desk = request.app[DESK]
    return answer(detail_of(_card(request), desk))


async def group(request: web.Request) -> web.Response:
    """Return an alert, its case and the others of it: what may have changed since the alert was opened."""
    board = request.app[DESK].board
    return answer(group_of(_card(request), board.cases, board.labels))


async def history(request: web.Request) -> web.Response:
    """Return the payments of an alert's account, older ones from the archive."""
    desk = request.app[DESK]
    return answer(await history_of(_card(request), desk))


async def decide(request: web.Request) -> web.Response:
    """Publish what came out about a payment, and return its group once the broker has it."""
    desk, card = request.app[DESK], _card(request)
    decision = await body_of(request, Decision)
    now = datetime.fromtimestamp(desk.clock(), UTC)
    label = Label(
        transaction_id=card.transaction_id,
        account_id=card.account_id,
        merchant_id=card.merchant_id,
        event_time=card.time,
        disposition=decision.disposition,
        source="random_review" if card.kind == "random_check" else "analyst",
        # A payment whose clock runs ahead of ours cannot be judged before it was made.
        observed_at=max(now, card.time),
    )
    try:
        await desk.publishing.label(label)
    except PublishError as error:
        raise RequestError(str(error), 503) from error
    log.info("disposition published", disposition=label.disposition, source=label.source, alert=card.id)
    # It will also come back through the topic, which then changes nothing.
    desk.board.fold(News(labels=[label]), desk.clock())
    return answer(group_of(card, desk.board.cases, desk.board.labels))


async def reveal(request: web.Request) -> web.Response:
    """Return the account's whole id, and log that somebody asked for it."""
    card = _card(request)
    await body_of(request, Nothing)
    log.info("account id revealed", alert=card.id, account=mask(card.account_id), to=request.remote)
    return answer({"account_id": card.account_id})


def _card(request: web.Request) -> Card:
    card = request.app[DESK].board.cases.card(request.match_info["id"])
    if card is None:
        raise RequestError(
            "there is no such alert here: it is older than the topic's retention, or was dropped for newer ones",
            404,
        )
    return card


def _wanted(request: web.Request) -> Wanted:
    status = choice(request, "status", (*STATUSES, "all")) or "open"
    query = request.query.get("q", "")
    if len(query) > LONGEST_QUERY:
        raise RequestError(f"q has more than {LONGEST_QUERY} characters: search for less", field="q")
    return Wanted(
        status=None if status == "all" else cast("CaseStatus", status),
        level=cast("RiskLevel | None", choice(request, "level", LEVELS)),
        kind=cast("Any", choice(request, "kind", ("alert", "random_check"))),
        reason=request.query.get("reason") or None,
        query=query,
        sort=cast("Sort", choice(request, "sort", SORTS) or "risk"),
    )


def _cursor(key: Key) -> str:
    """Return where the next page begins."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def _after(request: web.Request, sort: Sort) -> Key | None:
    given = request.query.get("after", "")
    if not given:
        return None
    try:
        parts = msgspec.json.decode(base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)))
    except (binascii.Error, ValueError, msgspec.DecodeError):
        parts = None
    key = parse_key(parts, sort)
    if key is None:
        raise RequestError("after is no place in this queue: leave it out to begin anew", field="after")
    return key


ROUTES = (
    web.get("/api/alerts", listing),
    web.get("/api/alerts/{id}", detail),
    web.get("/api/alerts/{id}/group", group),
    web.get("/api/alerts/{id}/history", history),
    web.post("/api/alerts/{id}/disposition", decide),
    web.post("/api/alerts/{id}/reveal", reveal),
)
