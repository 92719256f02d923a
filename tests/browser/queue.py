"""The queue as the server tells it to a program."""

from typing import Any

from tests.browser.scene import Scene


def all_cases(scene: Scene, **query: str) -> list[dict[str, Any]]:
    """Every case, the newest first, page after page."""
    asked = {"status": "all", "sort": "newest", "limit": "200", **query}
    found: list[dict[str, Any]] = []
    while True:
        answer = scene.dashboard.ask("/api/alerts?" + "&".join(f"{name}={value}" for name, value in asked.items()))
        assert answer.status == 200, answer.data
        page = answer.json()
        found += page["cases"]
        if page["next"] is None:
            return found
        asked["after"] = page["next"]


def members(scene: Scene) -> list[str]:
    """The ids of all alerts in all cases, random checks left out."""
    return [
        member["id"]
        for case in all_cases(scene)
        for member in members_of(scene, case)
        if member["status"] != "random_check"
    ]


def members_of(scene: Scene, case: dict[str, Any]) -> list[dict[str, Any]]:
    """The alerts of a case."""
    answer = scene.dashboard.ask(f"/api/alerts/{case['lead']}/group")
    assert answer.status == 200, answer.data
    found: list[dict[str, Any]] = answer.json()["members"]
    return found


def detail(scene: Scene, alert: str) -> dict[str, Any]:
    """One alert with everything that is known of it."""
    answer = scene.dashboard.ask(f"/api/alerts/{alert}")
    assert answer.status == 200, answer.data
    found: dict[str, Any] = answer.json()
    return found
