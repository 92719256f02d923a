"""What analysts chose not to see in their queue: who, why, until when. Pure; the type is the topic's contract."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec

from dashboard.words import iso_time
from detectors.assessment import RiskLevel
from detectors.masking import mask

Scope = Literal["account", "rule"]
NEVER_BY_RULE: Final[frozenset[RiskLevel]] = frozenset({"critical"})
"""A rule is chosen without looking at the alerts that come; these levels it does not hide."""


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """One decision to hide alerts in the queue. Topic `suppressions` keeps the last state of each, by `id`."""

    id: str
    scope: Scope
    account_id: str | None
    """Whose alerts, for scope "account"."""
    code: str | None
    """The leading reason of the alerts, for scope "rule"."""
    owner: str
    reason: str
    created: Annotated[datetime, msgspec.Meta(tz=True)]
    expires: Annotated[datetime, msgspec.Meta(tz=True)]
    lifted: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    lifted_by: str | None = None

    def holds(self, now: datetime) -> bool:
        """Tell whether it hides anything now."""
        return self.lifted is None and now < self.expires


class SuppressionBook:
    """All suppressions ever made, and which of them hold."""

    def __init__(self) -> None:
        self._all: dict[str, Suppression] = {}
        self._accounts: dict[str, Suppression] = {}
        self._rules: dict[str, Suppression] = {}

    def fold(self, changed: Sequence[Suppression], now: datetime) -> set[Suppression]:
        """Take suppressions in as they are now; return those that began or ceased to hide."""
        self._all.update((each.id, each) for each in changed)
        return self.tick(now)

    def tick(self, now: datetime) -> set[Suppression]:
        """Let expired ones end; return those that began or ceased to hide."""
        before = {*self._accounts.values(), *self._rules.values()}
        held = sorted(self.active(now), key=lambda each: (each.expires, each.id))
        self._accounts = {each.account_id: each for each in held if each.account_id is not None}
        self._rules = {each.code: each for each in held if each.code is not None}
        return before ^ {*self._accounts.values(), *self._rules.values()}

    def get(self, id_: str) -> Suppression | None:
        """Return one by its id."""
        return self._all.get(id_)

    def active(self, now: datetime) -> list[Suppression]:
        """Return those that hold, the next to end first."""
        return sorted((each for each in self._all.values() if each.holds(now)), key=lambda each: each.expires)

    def log(self) -> list[Suppression]:
        """Return all of them, the newest first."""
        return sorted(self._all.values(), key=lambda each: (each.created, each.id), reverse=True)

    def hiding(self, account_id: str, level: RiskLevel, code: str | None) -> Suppression | None:
        """Return what hides an alert of this account, level and leading reason, as of the last tick."""
        of_account = self._accounts.get(account_id)
        if of_account is not None:
            return of_account
        return None if level in NEVER_BY_RULE or code is None else self._rules.get(code)


def shown(suppression: Suppression, hidden: int) -> dict[str, Any]:
    """Return a suppression as people see it, its account masked; `hidden` alerts are hidden by it now."""
    lifted = suppression.lifted
    return {
        "id": suppression.id,
        "scope": suppression.scope,
        "account": None if suppression.account_id is None else mask(suppression.account_id),
        "code": suppression.code,
        "owner": suppression.owner,
        "reason": suppression.reason,
        "created": iso_time(suppression.created),
        "expires": iso_time(suppression.expires),
        "lifted": None if lifted is None else iso_time(lifted),
        "lifted_by": suppression.lifted_by,
        "hidden": hidden,
    }
