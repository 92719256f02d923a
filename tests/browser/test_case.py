"""One alert, opened: what an analyst sees of it, and what becomes of what the analyst says."""

import re
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.pages import Pages
from tests.browser.queue import all_cases, detail, members_of
from tests.browser.scene import Scene
from tests.pipeline.waiting import wait_until

ALERTS = "/alerts"
_PAINTED = """
(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const colours = new Set();
  for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 200) colours.add(data.slice(at, at + 3).join());
  return colours.size;
}
"""


def quiet_case(scene: Scene, number: int, kind: str = "alert") -> dict[str, Any]:
    """A case that nobody has decided, of one kind alone, without hostile text; tests that change one take another.

    Random checks are never suppressed, and keep a case open.
    """

    def fits(case: dict[str, Any]) -> bool:
        members = members_of(scene, case)
        return (
            case["merchant"].startswith("mer-")
            and not any(member["disposition"] for member in members)
            and {member["status"] == "random_check" for member in members} == {kind == "random_check"}
        )

    return next(islice(filter(fits, all_cases(scene, status="open", sort="risk")), number, None))


def row(page: Page, case: dict[str, Any]) -> Locator:
    """The row of a case."""
    return page.locator(f'#cases > li[data-id="{case["id"]}"]')


def opened(page: Page, case: dict[str, Any]) -> Locator:
    """Open a case by its row and return the detail side."""
    row(page, case).locator("a").click()
    shown = page.locator("#detail")
    expect(shown.locator("#detail-title")).to_be_focused()
    expect(page).to_have_url(re.compile(f"#{case['lead']}$"))
    return shown


def colours(picture: Locator) -> int:
    """How many colours a chart has painted; one that is empty has none or a single one."""
    return max(canvas.evaluate(_PAINTED) for canvas in picture.locator("canvas").all())


def test_a_click_opens_everything_that_is_known_of_an_alert(scene: Scene, pages: Pages) -> None:
    page = pages.open(ALERTS)
    case = quiet_case(scene, 0)
    known = detail(scene, case["lead"])
    shown = opened(page, case)

    assessment = known["assessment"]
    expect(shown.locator("#detail-title")).to_contain_text(f"{assessment['amount']:,.2f}")
    expect(shown.locator("#detail-title")).to_contain_text(assessment["merchant_id"])
    expect(shown).to_contain_text(assessment["transaction_id"])
    expect(shown).to_contain_text(case["account"])
    for reason in assessment["reasons"]:
        expect(shown.get_by_role("region", name="Why: exact reasons")).to_contain_text(reason["text"])
    four = shown.get_by_role("region", name="Four detectors").get_by_role("listitem")
    expect(four).to_have_count(4)
    for at, detector in enumerate(known["detectors"]):
        expect(four.nth(at)).to_contain_text(f"score {detector['score']:.2f}")
    expect(shown.get_by_role("region", name=re.compile("^Merchant"))).to_contain_text(
        f"{known['merchant']['alerts']}"
    )
    expect(shown.get_by_role("region", name="Similar past alerts").get_by_role("listitem")).to_have_count(
        len(known["similar"])
    )
    assert known["similar"]


def test_the_accounts_history_has_this_payment_marked(scene: Scene, pages: Pages) -> None:
    page = pages.open(ALERTS)
    case = quiet_case(scene, 0)
    payments = detail(scene, case["lead"])["history"]
    assert len(payments) > 3
    assert sum(payment["this"] for payment in payments) == 1
    history = opened(page, case).get_by_role("region", name=re.compile("^Account.s payments"))
    wait_until(lambda: colours(history) > 2, 5, "the chart is painted")
    history.get_by_text("Show as table").click()
    rows = history.locator("tbody tr")
    expect(rows).to_have_count(len(payments))
    expect(rows.filter(has_text="(this payment)")).to_have_count(1)
    this = next(payment for payment in payments if payment["this"])
    expect(rows.filter(has_text="(this payment)")).to_contain_text(f"{this['amount']:,.2f}")


def test_the_picture_of_lime_arrives(scene: Scene, pages: Pages) -> None:
    page = pages.open(ALERTS)
    case = quiet_case(scene, 0)
    lime = opened(page, case).locator('[data-part="lime"]')
    expect(lime).to_contain_text("R²", timeout=30_000)
    explanation = detail(scene, case["lead"])["explanation"]
    assert explanation["method"] == "lime"
    expect(lime).to_contain_text(f"R² {explanation['fused']['r2']:.2f}")
    expect(lime).to_contain_text(f"{explanation['samples']:,} samples")
    wait_until(lambda: colours(lime) > 2, 5, "the picture is painted")
    lime.get_by_role("button", name="Logistic model alone").click()
    expect(lime).to_contain_text(f"R² {explanation['logistic']['r2']:.2f}")
    lime.get_by_text("Show as table").click()
    expect(lime.locator("tbody tr").first).to_contain_text(explanation["logistic"]["features"][0]["text"])


@pytest.mark.parametrize(
    ("button", "disposition", "number"),
    [
        ("Confirmed fraud", "confirmed_fraud", 2),
        ("False positive", "false_positive", 3),
        ("Inconclusive", "inconclusive", 4),
    ],
)
def test_a_decision_reaches_the_topic_of_labels(
    scene: Scene, pages: Pages, button: str, disposition: str, number: int
) -> None:
    case = quiet_case(scene, number)
    assessment = detail(scene, case["lead"])["assessment"]
    page, other = pages.open(ALERTS), pages.open(f"{ALERTS}#{case['lead']}")
    expect(other.locator("#detail-title")).to_be_visible()
    shown = opened(page, case)
    shown.get_by_role("button", name=button).click()
    expect(shown).to_contain_text("published as a label")
    expect(shown.get_by_role("button", name=button)).to_have_attribute("aria-pressed", "true")
    # Whoever has the same alert open sees it too.
    expect(other.get_by_role("button", name=button)).to_have_attribute("aria-pressed", "true")

    (label,) = [each for each in scene.labels() if each.transaction_id == assessment["transaction_id"]]
    assert (label.disposition, label.source) == (disposition, "analyst")
    assert label.merchant_id == assessment["merchant_id"]
    assert label.account_id.endswith(case["account"].removeprefix("…"))
    assert datetime.now(UTC) - label.observed_at < timedelta(minutes=1)
    (decided,) = [each for each in all_cases(scene) if each["id"] == case["id"]]
    (member,) = [each for each in members_of(scene, decided) if each["id"] == case["lead"]]
    assert member["disposition"] == disposition


def test_the_account_is_masked_until_somebody_asks(scene: Scene, pages: Pages) -> None:
    page = pages.open(ALERTS)
    case = quiet_case(scene, 0)
    (account,) = {alert.event.data.assessment.account_id for alert in scene.alerts() if alert.id == case["lead"]}
    shown = opened(page, case)
    assert account not in page.content()
    shown.get_by_role("button", name="Reveal account").click()
    expect(shown.get_by_text(account, exact=True)).to_be_visible()
    shown.get_by_role("button", name="Hide account").click()
    expect(shown.get_by_text(account, exact=True)).to_have_count(0)
    assert "account id revealed" in scene.dashboard.log_text()
    assert account not in scene.dashboard.log_text()


def test_a_suppression_hides_a_case_until_it_is_lifted(scene: Scene, pages: Pages) -> None:
    page = pages.open(ALERTS)
    case = quiet_case(scene, 5)
    opened(page, case).get_by_role("button", name="Suppress…").click()
    form = page.get_by_role("dialog", name="Suppress alerts")
    form.get_by_role("button", name="Suppress", exact=True).click()
    expect(form).to_contain_text("Say who answers for this.")
    form.get_by_label("Owner").fill("M. Curie")
    form.get_by_label("Reason", exact=True).fill("their own test payments")
    form.get_by_role("button", name="8 hours").click()
    form.get_by_role("button", name="Suppress", exact=True).click()
    expect(form).to_be_hidden()
    page.get_by_role("button", name=re.compile("^Suppressed")).click()
    expect(row(page, case)).to_be_visible()
    page.reload()
    expect(row(page, case)).to_be_visible()
    page.get_by_role("button", name=re.compile("^Open")).click()
    expect(page.locator("#cases > li").first).to_be_visible()
    expect(row(page, case)).to_have_count(0)

    page.get_by_role("button", name="Suppressions").click()
    listed = page.get_by_role("dialog", name="Suppressions")
    expect(listed).to_contain_text("their own test payments")
    expect(listed).to_contain_text("M. Curie")
    listed.get_by_label("Your name, for the log").fill("P. Curie")
    listed.get_by_role("button", name=re.compile(f"^Lift .*{case['account']}")).click()
    expect(listed).to_contain_text("Nothing is suppressed.")
    listed.get_by_text(re.compile("^Log, ")).click()
    expect(listed.get_by_role("region", name="Log")).to_contain_text("P. Curie")
    listed.get_by_role("button", name="Close").click()
    expect(row(page, case)).to_be_visible()


def test_random_checks_are_in_the_queue_and_make_labels_of_their_own(scene: Scene, pages: Pages) -> None:
    page = pages.open(ALERTS)
    page.get_by_label("Kind", exact=True).select_option("random_check")
    case = quiet_case(scene, 0, kind="random_check")
    expect(row(page, case)).to_contain_text("random check")
    shown = opened(page, case)
    expect(shown).to_contain_text("chosen by chance among payments that raised no alert")
    shown.get_by_role("button", name="False positive").click()
    expect(shown).to_contain_text("published as a label")
    transaction = detail(scene, case["lead"])["assessment"]["transaction_id"]
    (label,) = [each for each in scene.labels() if each.transaction_id == transaction]
    assert (label.disposition, label.source) == ("false_positive", "random_review")


def test_an_escalation_is_seen_in_its_case_and_leads_it(scene: Scene, pages: Pages) -> None:
    escalated = [case for case in all_cases(scene, status="open", sort="risk") if case["escalated"]]
    assert escalated
    page = pages.open(ALERTS)
    expect(row(page, escalated[0])).to_contain_text("escalation")
    shown = opened(page, escalated[0])
    group = shown.get_by_role("region", name="Alerts of this account")
    members = members_of(scene, escalated[0])
    expect(group.get_by_role("listitem")).to_have_count(len(members))
    here = group.locator('[aria-current="true"]')
    expect(here).to_contain_text("escalation")
    (lead,) = [member for member in members if member["id"] == escalated[0]["lead"]]
    assert lead["status"] == "escalation"
    first = next(member for member in members if member["status"] == "new")
    group.locator(f'[data-member="{first["id"]}"] a').click()
    expect(page).to_have_url(re.compile(f"#{first['id']}$"))
    expect(shown.locator("#detail-title")).to_contain_text(f"{first['amount']:,.2f}")
