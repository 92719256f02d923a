"""Facts about what people and queues get to read."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.alerts import alert_event, decode_alert
from sinks.notices import Notice, alert_notice, held_back_notice
from sinks.restraint import HeldBack
from tests.unit.sinks.assessments import assessment, transaction

TEXT = """\
risk:        HIGH (a new alert); recommended: step_up
score:       99.8125 of 100 (rarity)
payment:     412.50 EUR, debit, online
time:        2026-03-14 09:26:53 UTC
account:     …0001 (mature)
merchant:    M042
where:       Zürich, CH
device:      D9
transaction: TX000001
alert:       alert-a0000001

Reasons, largest first:
- 412.50 is 9 times this account's usual amount (AMOUNT_ABOVE_ACCOUNT_NORM)
- first payment from this device (NEW_DEVICE)"""


def notice(number: int = 1, **changes: Any) -> Notice:
    value = alert_event(assessment(number, **changes), transaction())
    return alert_notice(decode_alert(value), value)


def told(given_: Notice, protocol: str) -> str:
    found: str = json.loads(given_.message)[protocol]
    return found


def attributes(given_: Notice) -> dict[str, tuple[str, str]]:
    return {each.name: (each.kind, each.value) for each in given_.attributes}


def held(count: int) -> HeldBack:
    made = HeldBack()
    for number in range(count):
        made.add(decode_alert(alert_event(assessment(number), transaction())))
    return made


class TestAlerts:
    def test_people_get_a_text_with_the_reasons_in_words(self) -> None:
        assert told(notice(), "email") == told(notice(), "default") == TEXT

    def test_the_documentation_shows_that_text(self) -> None:
        page = (Path(__file__).parents[3] / "docs" / "alerts.md").read_text()

        assert f"Subject: {notice().subject}\n\n{TEXT}\n" in page

    @pytest.mark.parametrize("protocol", ["sqs", "lambda", "http", "https"])
    def test_machines_get_the_event_byte_for_byte(self, protocol: str) -> None:
        assert told(notice(), protocol).encode() == alert_event(assessment(1), transaction())

    def test_filters_find_level_reasons_status_and_kind(self) -> None:
        assert attributes(notice(risk_level="critical", alert="escalation")) == {
            "risk_level": ("String", "critical"),
            "reasons": ("String.Array", '["AMOUNT_ABOVE_ACCOUNT_NORM","NEW_DEVICE"]'),
            "status": ("String", "escalation"),
            "score_kind": ("String", "rarity"),
        }

    def test_the_subject_tells_the_essential(self) -> None:
        expected = "HIGH fraud risk: 412.50 EUR, account ...0001, AMOUNT_ABOVE_ACCOUNT_NORM"

        assert notice().subject == told(notice(), "sms") == expected

    def test_a_graver_turn_says_so(self) -> None:
        graver = notice(alert="escalation")

        assert graver.subject.startswith("HIGH fraud risk: again, 412.50 EUR")
        assert "the account's burst has become graver" in told(graver, "email")

    @given(st.text(min_size=1, max_size=128), st.text(max_size=40), st.floats(0, 1e300))
    def test_a_subject_is_short_printable_ascii_whatever_producers_write(
        self, account: str, currency: str, amount: float
    ) -> None:
        subject = notice(account_id=account, currency=currency, amount=amount).subject

        assert 0 < len(subject) <= 100
        assert subject.isascii()
        assert subject.isprintable()

    @given(st.text(alphabet="0123456789", min_size=12, max_size=24))
    def test_an_account_stands_in_the_event_alone(self, account: str) -> None:
        made = notice(account_id=account)

        assert account in told(made, "sqs")
        for seen in (made.subject, told(made, "email"), told(made, "sms"), made.group, str(made.attributes)):
            assert account not in seen

    def test_no_value_can_drive_a_terminal_or_add_lines(self) -> None:
        text = told(notice(location="x\x1b[31m\ny", currency="E\nR"), "email")

        assert "\x1b" not in text
        assert len(text.splitlines()) == len(TEXT.splitlines())

    def test_notices_of_an_account_are_one_group(self) -> None:
        assert notice(1).group == notice(8).group != notice(2).group

    def test_attributes_count_towards_its_size(self) -> None:
        few, more = notice(), notice(score_kind="rarity+feedback")

        assert more.size() - len(more.message.encode()) == few.size() - len(few.message.encode()) + len(
            "+feedback"
        )


class TestSummary:
    def test_one_message_says_how_many_there_were(self) -> None:
        made = held_back_notice(held(1234))

        assert made.subject == "HIGH fraud risk: 1,234 more alerts were held back"
        assert told(made, "email").splitlines()[0].startswith("1,234 more alerts were held back:")
        assert held_back_notice(held(1)).subject == "HIGH fraud risk: 1 more alert was held back"

    def test_machines_get_an_event_of_its_own_type(self) -> None:
        event = json.loads(told(held_back_notice(held(3)), "sqs"))

        assert event["type"] == "io.riskstream.alerts-held-back.v1"
        assert event["data"] == {
            "count": 3,
            "levels": {"high": 3},
            "reasons": {"AMOUNT_ABOVE_ACCOUNT_NORM": 3, "NEW_DEVICE": 3},
            "first_event_time": "2026-03-14T09:26:53.589000Z",
            "last_event_time": "2026-03-14T09:26:53.589000Z",
        }

    def test_it_passes_the_filters_of_the_gravest_alert(self) -> None:
        some = held(2)
        some.add(decode_alert(alert_event(assessment(9, risk_level="critical"), transaction())))

        found = attributes(held_back_notice(some))

        assert found["risk_level"] == ("String", "critical")
        assert found["status"] == ("String", "held_back")

    def test_the_same_alerts_give_the_same_id(self) -> None:
        assert held_back_notice(held(3)).id == held_back_notice(held(3)).id != held_back_notice(held(4)).id
