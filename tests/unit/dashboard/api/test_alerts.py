import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from dashboard.answers import answer
from dashboard.api.account import history_of
from dashboard.api.detail import detail_of
from dashboard.api.picture import MOST_MEMBERS, group_of
from dashboard.ports import Payment
from dashboard.state.board import News
from detectors.errors import RiskstreamError
from detectors.features import FEATURE_VERSION, FEATURES
from detectors.labels import Label, decode_labels
from tests.unit.dashboard.world import (
    ACCOUNT,
    CHANGING,
    MOMENT,
    NOW,
    PACKING,
    FakePublishing,
    card,
    desk,
    label,
    passed,
    suppression,
)

HOSTILE = "<img src=x onerror=alert(1)>\u202e\x1b[31m\x00\u2028'\"</script>"


async def listed(client, **query):
    response = await client.get("/api/alerts", params=query)
    assert response.status == 200, await response.text()
    return await response.json()


async def test_a_listing_has_cases_counts_and_its_range(opened):
    client = await opened(desk(card(1, "A"), card(2, "B", risk_level="critical")))
    found = await listed(client)
    assert found["counts"] == {"open": 2, "high": 1, "critical": 1, "random_check": 0, "suppressed": 0, "done": 0}
    assert [case["level"] for case in found["cases"]] == ["critical", "high"]
    assert found["range"] == {"from": "2026-03-14T11:43:21.000Z", "to": "2026-03-14T12:00:00.000Z"}
    assert found["next"] is None


async def test_pages_follow_each_other_by_their_cursors(opened):
    client = await opened(desk(*(card(number, f"A{number}") for number in range(5))))
    for sort in ("risk", "newest"):
        seen, after = [], ""
        while after is not None:
            page = await listed(client, sort=sort, limit=2, after=after)
            seen += [case["id"] for case in page["cases"]]
            after = page["next"]
        assert seen == [f"a{number:07d}" for number in reversed(range(5))]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "closed"),
        ("level", "<b>"),
        ("sort", "money"),
        ("limit", "0"),
        ("limit", "²"),
        ("after", "nonsense"),
        ("after", "W10"),
        ("q", "x" * 300),
    ],
)
async def test_a_question_that_cannot_be_meant_names_its_field(opened, name, value):
    client = await opened(desk(card(1)))
    response = await client.get("/api/alerts", params={name: value})
    assert response.status == 400
    said = await response.json()
    assert said["field"] == name
    assert name in said["error"]


async def test_a_disposition_is_published_as_a_label_that_workers_accept(opened):
    publishing = FakePublishing()
    client = await opened(desk(card(1), publishing=publishing))
    said = {"disposition": "confirmed_fraud"}
    response = await client.post("/api/alerts/a0000001/disposition", json=said, headers=CHANGING)
    assert response.status == 200
    group = await response.json()
    assert (group["case"]["status"], group["alert"]["disposition"]) == ("done", "confirmed_fraud")
    assert [member["disposition"] for member in group["members"]] == ["confirmed_fraud"]
    (published,) = publishing.labels
    assert (published.account_id, published.source, published.observed_at) == (ACCOUNT, "analyst", MOMENT)
    (accepted,) = decode_labels([json.dumps(_wire(published)).encode()], [int(NOW * 1000)])
    assert accepted == published


def _wire(published: Label) -> dict[str, str]:
    fields = {name: getattr(published, name) for name in published.__struct_fields__}
    return {name: value if isinstance(value, str) else value.isoformat() for name, value in fields.items()}


async def test_the_same_disposition_again_and_its_label_from_the_topic_change_nothing(opened):
    publishing = FakePublishing()
    place = desk(card(1), card(2, alert="escalation"), publishing=publishing)
    client = await opened(place)
    said = {"disposition": "false_positive"}
    answers = []
    for _ in range(2):
        response = await client.post("/api/alerts/a0000001/disposition", json=said, headers=CHANGING)
        place.board.fold(News(labels=list(publishing.labels)), NOW)
        answers.append(await response.json())
    assert answers[0] == answers[1]
    assert answers[0]["case"]["open"] == 1


async def test_a_disposition_of_a_random_check_says_where_it_comes_from(opened):
    publishing = FakePublishing()
    place = desk(publishing=publishing)
    place.board._review_share = 1.0
    place.board.fold(News(passed=[passed(1)]), NOW)
    client = await opened(place)
    said = {"disposition": "inconclusive"}
    response = await client.post("/api/alerts/a0000001/disposition", json=said, headers=CHANGING)
    assert response.status == 200
    assert publishing.labels[0].source == "random_review"


async def test_without_a_broker_nothing_is_decided_and_the_page_says_so(opened):
    client = await opened(desk(card(1), publishing=FakePublishing(away=True)))
    said = {"disposition": "confirmed_fraud"}
    response = await client.post("/api/alerts/a0000001/disposition", json=said, headers=CHANGING)
    assert response.status == 503
    assert "say it again" in (await response.json())["error"]
    assert (await listed(client))["counts"]["open"] == 1


async def test_a_disposition_that_is_none_is_refused(opened):
    publishing = FakePublishing()
    client = await opened(desk(card(1), publishing=publishing))
    for body in ({"disposition": "guilty"}, {}, [], "x"):
        response = await client.post("/api/alerts/a0000001/disposition", json=body, headers=CHANGING)
        assert response.status == 400
    assert publishing.labels == []


async def test_an_unknown_alert_is_not_found(opened):
    client = await opened(desk(card(1)))
    for method, path in (("GET", ""), ("POST", "/reveal"), ("POST", "/disposition")):
        response = await client.request(method, f"/api/alerts/zzz{path}", json={}, headers=CHANGING)
        assert response.status == 404
        assert "no such alert" in (await response.json())["error"]


async def test_an_account_is_shown_whole_only_when_revealed_and_that_is_logged_masked(opened):
    client = await opened(desk(card(1)))
    with capture_logs() as logs:
        response = await client.post("/api/alerts/a0000001/reveal", json={}, headers=CHANGING)
    assert await response.json() == {"account_id": ACCOUNT}
    assert [(line["event"], line["account"]) for line in logs] == [("account id revealed", "…0042")]


async def test_a_detail_has_everything_that_is_known():
    features = tuple(float(place) for place in range(len(FEATURES)))
    risky = {"features": features, "feature_version": FEATURE_VERSION}
    place = desk(
        card(1, **risky, codes=["NEW_DEVICE", "BALANCE_DRAIN"]),
        card(2, "other", codes=["BALANCE_DRAIN"], arrived=NOW - 2000),
        card(3, "third", codes=["TX_VELOCITY_HIGH"], arrived=NOW - 2000),
    )
    news = News(passed=[passed(9, account_id=ACCOUNT), passed(10)], labels=[label(2), label(9, "false_positive")])
    news.explained = [("a0000001", PACKING.pack(b'{"account_id":"%s","samples":500}' % ACCOUNT.encode()))]
    place.board.fold(news, NOW)
    found = detail_of(place.board.cases.card("a0000001"), place)
    assert found["assessment"]["features"][0] == {"name": "log_amount", "value": 0.0}
    assert found["transaction"]["ip_address"] == "192.0.2.7"
    assert found["detectors"][0]["title"] == "z-score"
    assert found["explanation"] == {"account_id": "…0042", "samples": 500}
    assert {each["id"]: (each["this"], each["disposition"]) for each in found["history"]} == {
        "a0000001": (True, None),
        "a0000009": (False, "false_positive"),
    }
    assert len(found["merchant"]["features"]) == 10
    assert (found["merchant"]["alerts"], found["merchant"]["confirmed_frauds"]) == (3, 1)
    assert [(each["id"], each["shared"], each["disposition"]) for each in found["similar"]] == [
        ("a0000002", ["BALANCE_DRAIN"], "confirmed_fraud")
    ]


class Archive:
    def __init__(self, *payments: Payment, fails: bool = False) -> None:
        self._payments, self._fails = payments, fails
        self.asked = 0

    async def payments(self, account_id, until, limit):
        self.asked += 1
        if self._fails:
            raise RiskstreamError("the bucket is gone")
        return [each for each in self._payments if each.account_id == account_id and each.time <= until][:limit]


def paid(number: int) -> Payment:
    return Payment(
        f"p{number}", f"OLD{number}", ACCOUNT, "M1", MOMENT.replace(month=1, day=number), 1.0, None, 3.0, "low"
    )


async def test_older_payments_come_from_the_archive_in_order_of_time():
    place = desk(card(1), archive=Archive(paid(3), paid(2)))
    found = await history_of(place.board.cases.card("a0000001"), place)
    assert [each["id"] for each in found["history"]] == ["p2", "p3", "a0000001"]
    assert found["history_source"].startswith("the archive, and")
    assert found["history_range"]["from"].startswith("2026-01-02")


async def test_without_the_archive_the_history_is_what_is_known_here_and_says_so():
    place = desk(card(1), archive=Archive(fails=True))
    found = await history_of(place.board.cases.card("a0000001"), place)
    assert [each["this"] for each in found["history"]] == [True]
    assert "does not answer" in found["history_source"]


async def test_an_archive_that_failed_is_left_alone_for_a_while():
    now, archive = [NOW], Archive(fails=True)
    place = desk(card(1), archive=archive, clock=lambda: now[0])
    asked = []
    for seconds in (0, 29, 2):
        now[0] += seconds
        await history_of(place.board.cases.card("a0000001"), place)
        asked.append(archive.asked)
    assert asked == [1, 1, 2]


async def test_an_alert_opens_without_waiting_for_the_archive():
    archive = Archive(paid(3))
    place = desk(card(1), archive=archive)
    found = detail_of(place.board.cases.card("a0000001"), place)
    assert [each["this"] for each in found["history"]] == [True]
    assert (found["history_whole"], archive.asked) == (False, 0)


async def test_a_long_history_keeps_the_payment_that_it_is_about():
    place = desk(card(1))
    place.board.fold(
        News(passed=[passed(number, account_id=ACCOUNT, event_time=MOMENT) for number in range(10, 400)]), NOW
    )
    found = (detail_of(place.board.cases.card("a0000001"), place))["history"]
    assert len(found) == 200
    assert sum(each["this"] for each in found) == 1


async def test_a_case_of_many_alerts_lists_its_escalations(opened):
    cards = [card(n, alert="escalation" if n == 3 else "new") for n in range(MOST_MEMBERS + 50)]
    place = desk(*cards)
    client = await opened(place)
    shown = await (await client.get("/api/alerts/a0000120/group")).json()
    assert shown["alert"]["id"] == "a0000120"
    assert shown["case"]["alerts"] == MOST_MEMBERS + 50
    assert len(shown["members"]) == MOST_MEMBERS
    assert "a0000003" in [each["id"] for each in shown["members"]]
    assert shown["case"]["lead"] == "a0000003"


async def test_a_listing_is_as_small_for_cases_of_many_alerts(opened):
    few, many = await opened(desk(card(1))), await opened(desk(*(card(number) for number in range(1, 90))))
    (one,), (other,) = (await listed(few))["cases"], (await listed(many))["cases"]
    assert other["alerts"] == 89
    assert len(json.dumps(other)) < len(json.dumps(one)) + 10


async def test_markup_and_control_characters_go_through_as_text(opened):
    hostile = {"merchant_id": HOSTILE, "location": HOSTILE, "transaction_id": HOSTILE}
    client = await opened(desk(card(1, **hostile)))
    response = await client.get("/api/alerts/a0000001")
    assert response.content_type == "application/json"
    found = await response.json()
    assert found["assessment"]["merchant_id"] == found["alert"]["merchant"] == HOSTILE
    assert found["assessment"]["location"] == HOSTILE
    assert (await listed(client, q=HOSTILE))["cases"][0]["merchant"] == HOSTILE


@given(st.text("0123456789-ABC", min_size=6, max_size=20))
async def test_no_answer_but_reveal_holds_an_account_id(account):
    account = f"ACCT{account}"
    place = desk(card(1, account), card(2, account, alert="escalation"))
    news = News(passed=[passed(3, account_id=account)], labels=[label(1, account_id=account)])
    news.suppressions = [suppression(scope="account", account_id=account, code=None)]
    news.explained = [("a0000001", PACKING.pack(json.dumps({"account_id": account}).encode()))]
    place.board.fold(news, NOW)
    told = [
        place.snapshot(),
        group_of(place.board.cases.card("a0000001"), place.board.cases, place.board.labels),
        detail_of(place.board.cases.card("a0000001"), place),
    ]
    assert all(account not in answer(each).text for each in told)
