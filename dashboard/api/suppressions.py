"""/api/suppressions: what is hidden in the queue, by whom, why and until when; each change is kept and logged."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

import msgspec
import structlog
from aiohttp import web

from dashboard.answers import answer, body_of
from dashboard.desk import DESK, Desk
from dashboard.errors import PublishError, RequestError
from dashboard.state.board import News
from dashboard.state.suppressions import Suppression, shown
from detectors.masking import mask, printable

log = structlog.get_logger(__name__)

LONGEST: Final = timedelta(days=90)
"""Nobody remembers longer why something is not to be seen."""
LOGGED: Final = 200

Words = Annotated[str, msgspec.Meta(max_length=500)]


class Asked(msgspec.Struct, frozen=True):
    """What somebody wants not to see."""

    scope: Literal["account", "rule"]
    owner: Words
    reason: Words
    expires: Annotated[datetime, msgspec.Meta(tz=True)]
    alert: str | None = None
    code: str | None = None


class Lifting(msgspec.Struct, frozen=True):
    """Who wants to see it again."""

    owner: Words


async def listing(request: web.Request) -> web.Response:
    """Return what is hidden now, and what ever was."""
    desk = request.app[DESK]
    book, now = desk.board.suppressions, _now(desk)
    return answer(
        {
            "active": [_shown(each, desk) for each in book.active(now)],
            "log": [_shown(each, desk) for each in book.log()[:LOGGED]],
        }
    )


async def create(request: web.Request) -> web.Response:
    """Hide alerts of an account, or those that a rule leads."""
    desk = request.app[DESK]
    asked = await body_of(request, Asked)
    now = _now(desk)
    _require(bool(asked.owner.strip()), "owner", "say who hides this: nobody else can answer for it")
    _require(bool(asked.reason.strip()), "reason", "say why, for whoever wonders later")
    _require(now < asked.expires <= now + LONGEST, "expires", f"choose an end within {LONGEST.days} days from now")
    suppression = Suppression(
        id=secrets.token_hex(8),
        scope=asked.scope,
        account_id=_account(asked, desk) if asked.scope == "account" else None,
        code=_code(asked) if asked.scope == "rule" else None,
        owner=asked.owner.strip(),
        reason=asked.reason.strip(),
        created=now,
        expires=asked.expires.astimezone(UTC),
    )
    await _publish(suppression, desk, "suppression made")
    return answer(_shown(suppression, desk))


async def lift(request: web.Request) -> web.Response:
    """Show again what was hidden. Lifting what has ended changes nothing."""
    desk = request.app[DESK]
    lifting = await body_of(request, Lifting)
    _require(bool(lifting.owner.strip()), "owner", "say who lifts this")
    found = desk.board.suppressions.get(request.match_info["id"])
    if found is None:
        raise RequestError("there is no such suppression: fetch the list anew", 404)
    if found.holds(_now(desk)):
        found = msgspec.structs.replace(found, lifted=_now(desk), lifted_by=lifting.owner.strip())
        await _publish(found, desk, "suppression lifted")
    return answer(_shown(found, desk))


def _account(asked: Asked, desk: Desk) -> str:
    card = desk.board.cases.card(asked.alert or "")
    if card is None:
        raise RequestError("name an alert of the account, by its id", field="alert")
    return card.account_id


def _code(asked: Asked) -> str:
    code = asked.code or ""
    valid = code.isascii() and code.replace("_", "").isalnum() and code == code.upper() and len(code) <= 64
    _require(valid, "code", "name the code of a reason, such as NEW_DEVICE")
    return code


async def _publish(suppression: Suppression, desk: Desk, what: str) -> None:
    try:
        await desk.publishing.suppression(suppression)
    except PublishError as error:
        raise RequestError(str(error), 503) from error
    account = suppression.account_id
    log.info(
        what,
        id=suppression.id,
        scope=suppression.scope,
        account=None if account is None else mask(account),
        code=suppression.code,
        owner=printable(suppression.lifted_by or suppression.owner),
        reason=printable(suppression.reason),
        expires=suppression.expires.isoformat(),
    )
    desk.board.fold(News(suppressions=[suppression]), desk.clock())


def _shown(suppression: Suppression, desk: Desk) -> dict[str, Any]:
    return shown(suppression, desk.board.cases.hidden_by(suppression.id))


def _require(holds: bool, field: str, message: str) -> None:
    if not holds:
        raise RequestError(f"{field}: {message}", field=field)


def _now(desk: Desk) -> datetime:
    return datetime.fromtimestamp(desk.clock(), UTC)


ROUTES = (
    web.get("/api/suppressions", listing),
    web.post("/api/suppressions", create),
    web.delete("/api/suppressions/{id}", lift),
)
