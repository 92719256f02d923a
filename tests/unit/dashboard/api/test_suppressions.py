from datetime import timedelta

import pytest

from tests.unit.dashboard.world import ACCOUNT, CHANGING, MOMENT, FakePublishing, card, desk

LATER = (MOMENT + timedelta(days=1)).isoformat()
RULE = {"scope": "rule", "code": "NEW_DEVICE", "owner": "kim", "reason": "new app", "expires": LATER}
OF_ACCOUNT = {"scope": "account", "alert": "a0000001", "owner": "kim", "reason": "abroad", "expires": LATER}


async def post(client, body):
    return await client.post("/api/suppressions", json=body, headers=CHANGING)


async def test_a_rule_hides_until_it_is_lifted_and_stays_in_the_log(opened):
    publishing = FakePublishing()
    client = await opened(desk(card(1, codes=["NEW_DEVICE"]), publishing=publishing))
    made = await (await post(client, RULE)).json()
    assert (made["hidden"], made["owner"], made["account"], made["lifted"]) == (1, "kim", None, None)
    found = await (await client.get("/api/alerts", params={"status": "suppressed"})).json()
    assert found["cases"][0]["suppression"]["id"] == made["id"]
    path = f"/api/suppressions/{made['id']}"
    lifted = await (await client.delete(path, json={"owner": "ola"}, headers=CHANGING)).json()
    assert (lifted["lifted_by"], lifted["hidden"]) == ("ola", 0)
    book = await (await client.get("/api/suppressions")).json()
    assert book["active"] == []
    assert [each["id"] for each in book["log"]] == [made["id"]]
    assert [each.lifted_by for each in publishing.suppressions] == [None, "ola"]


async def test_lifting_twice_keeps_who_did_it_first(opened):
    publishing = FakePublishing()
    client = await opened(desk(publishing=publishing))
    made = await (await post(client, RULE)).json()
    for owner in ("ola", "kim"):
        path = f"/api/suppressions/{made['id']}"
        said = await (await client.delete(path, json={"owner": owner}, headers=CHANGING)).json()
        assert said["lifted_by"] == "ola"
    assert len(publishing.suppressions) == 2


async def test_an_account_is_named_by_an_alert_and_shown_masked(opened):
    publishing = FakePublishing()
    client = await opened(desk(card(1, risk_level="critical"), publishing=publishing))
    made = await (await post(client, OF_ACCOUNT)).json()
    assert (made["account"], made["hidden"]) == ("…0042", 1)
    assert publishing.suppressions[0].account_id == ACCOUNT


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"owner": "  "}, "owner"),
        ({"reason": ""}, "reason"),
        ({"expires": MOMENT.isoformat()}, "expires"),
        ({"expires": (MOMENT + timedelta(days=91)).isoformat()}, "expires"),
        ({"expires": "tomorrow"}, "expires"),
        ({"code": "<b>"}, "code"),
        ({"code": None}, "code"),
        ({"scope": "everything"}, "scope"),
        ({"scope": "account", "alert": "zzz"}, "alert"),
        ({"reason": "x" * 501}, "reason"),
    ],
)
async def test_what_is_incomplete_is_refused_and_names_its_field(opened, changed, field):
    publishing = FakePublishing()
    client = await opened(desk(card(1), publishing=publishing))
    response = await post(client, RULE | changed)
    assert response.status == 400
    assert (await response.json())["field"] == field
    assert publishing.suppressions == []


async def test_without_a_broker_nothing_is_hidden(opened):
    client = await opened(desk(card(1, codes=["NEW_DEVICE"]), publishing=FakePublishing(away=True)))
    assert (await post(client, RULE)).status == 503
    assert (await (await client.get("/api/alerts")).json())["counts"]["suppressed"] == 0
    assert (await (await client.get("/api/suppressions")).json())["log"] == []


async def test_what_does_not_exist_cannot_be_lifted(opened):
    client = await opened(desk())
    response = await client.delete("/api/suppressions/zzz", json={"owner": "kim"}, headers=CHANGING)
    assert response.status == 404
