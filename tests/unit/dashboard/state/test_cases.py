from datetime import timedelta
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from dashboard.state.cases import Case, CaseBook, Wanted
from dashboard.state.labels import LabelBook
from dashboard.state.ordering import SORTS, STATUSES
from dashboard.state.suppressions import SuppressionBook
from tests.unit.dashboard.world import MOMENT, card, label, suppression


class World:
    def __init__(self, most: int = 1000) -> None:
        self.labels = LabelBook()
        self.suppressions = SuppressionBook()
        self.cases = CaseBook(self.labels, self.suppressions, most)

    def decide(self, *numbers: int) -> None:
        changed = self.labels.fold([label(number) for number in numbers])
        self.cases.rejudge(self.cases.accounts_of(changed))

    def suppress(self, **changes: object) -> None:
        self.suppressions.fold([suppression(**changes)], MOMENT)
        self.cases.rejudge(self.cases.accounts_with("NEW_DEVICE"))

    def listed(self, **wanted: object) -> list[str]:
        return [case.account_id for _, case in self.cases.listing(Wanted(**wanted))]

    def case(self, account: str) -> Case:
        found = self.cases.case(account)
        assert found is not None
        return found


def test_alerts_of_an_account_are_one_case():
    world = World()
    for number, account in enumerate(["A", "B", "A"], start=1):
        world.cases.add(card(number, account))
    assert sorted(world.listed()) == ["A", "B"]
    assert [each.id for each in world.case("A").cards] == ["a0000001", "a0000003"]


def test_an_alert_that_comes_twice_is_held_once():
    world = World()
    assert world.cases.add(card(1)) is not None
    assert world.cases.add(card(1)) is None
    assert world.cases.counts()["open"] == len(world.cases) == 1


def test_an_escalation_lifts_its_case_and_leads_it():
    world = World()
    world.cases.add(card(1, "A", fraud_risk_score=99.9))
    world.cases.add(card(2, "B", fraud_risk_score=99.5))
    world.cases.add(card(3, "B", fraud_risk_score=99.6, risk_level="critical", alert="escalation"))
    standing = world.case("B").standing
    assert world.listed() == ["B", "A"]
    assert (standing.level, standing.escalated, standing.lead.id) == ("critical", True, "a0000003")


def test_a_milder_escalation_leads_too_and_the_gravest_alert_places_the_case():
    world = World()
    world.cases.add(card(1, risk_level="critical", fraud_risk_score=99.9))
    world.cases.add(card(2, alert="escalation", fraud_risk_score=98.0))
    standing = world.case(card(1).account_id).standing
    assert (standing.level, standing.score, standing.lead.id) == ("critical", 99.9, "a0000002")


def test_a_case_is_done_when_all_is_decided_and_a_new_alert_opens_it_again():
    world = World()
    world.cases.add(card(1, "A"))
    world.cases.add(card(2, "A"))
    world.decide(1)
    assert world.listed() == ["A"]
    assert world.case("A").standing.open == 1
    world.decide(2)
    assert world.listed() == []
    assert world.listed(status="done") == ["A"]
    world.cases.add(card(3, "A", alert="escalation"))
    assert world.listed() == ["A"]
    assert world.case("A").standing.lead.id == "a0000003"


def test_what_is_decided_does_not_keep_a_case_high():
    world = World()
    world.cases.add(card(1, "A", risk_level="critical"))
    world.cases.add(card(2, "A"))
    world.decide(1)
    assert world.case("A").standing.level == "high"


def test_a_rule_hides_what_its_reason_leads_but_nothing_critical():
    world = World()
    world.cases.add(card(1, "A", codes=["NEW_DEVICE"]))
    world.cases.add(card(2, "B", codes=["NEW_DEVICE"], risk_level="critical"))
    world.cases.add(card(3, "C", codes=["TX_VELOCITY_HIGH", "NEW_DEVICE"]))
    world.suppress()
    assert world.listed() == ["B", "C"]
    assert world.listed(status="suppressed") == ["A"]
    assert world.cases.hidden_by("s1") == 1


def test_a_suppressed_case_shows_again_once_the_suppression_ends():
    world = World()
    world.cases.add(card(1, "A", codes=["NEW_DEVICE"]))
    world.suppress()
    ended = world.suppressions.tick(MOMENT + timedelta(hours=1))
    world.cases.rejudge(["A"])
    assert [each.id for each in ended] == ["s1"]
    assert world.listed() == ["A"]
    assert world.cases.hidden_by("s1") == 0


def test_another_reason_brings_a_suppressed_case_back():
    world = World()
    world.cases.add(card(1, "A", codes=["NEW_DEVICE"], fraud_risk_score=99.9))
    world.suppress()
    world.cases.add(card(2, "A", codes=["BALANCE_DRAIN"], fraud_risk_score=98.5, alert="escalation"))
    assert world.listed() == ["A"]
    assert world.case("A").standing.score == 98.5


def test_a_suppressed_account_shows_nothing_but_is_counted():
    world = World()
    world.cases.add(card(1, "A", risk_level="critical"))
    world.suppressions.fold([suppression(scope="account", account_id="A", code=None)], MOMENT)
    world.cases.rejudge(["A"])
    assert world.listed() == []
    assert world.cases.counts() | {"suppressed": 1, "open": 0} == world.cases.counts()


def test_filters_and_search_find_what_is_shown_and_whole_account_ids():
    world = World()
    world.cases.add(card(1, "ACC-1111-eac0", merchant_id="Bäckerei", location="Zürich"))
    world.cases.add(card(2, "ACC-2222-0000", risk_level="critical", codes=["BALANCE_DRAIN"]))
    first, second = "ACC-1111-eac0", "ACC-2222-0000"
    assert world.listed(query="tx000002") == [second]
    assert world.listed(query="BÄCKER") == [first]
    assert world.listed(query="zürich") == [second, first]
    assert world.listed(query="eac0") == [first]
    assert world.listed(query="acc-1111-EAC0") == [first]
    assert world.listed(query="ACC-1111") == []
    assert world.listed(level="critical") == [second]
    assert world.listed(reason="BALANCE_DRAIN") == [second]
    assert world.listed(kind="random_check") == []


def test_the_newest_order_goes_by_arrival():
    world = World()
    world.cases.add(card(1, "A", risk_level="critical"))
    world.cases.add(card(2, "B"))
    assert world.listed(sort="risk") == ["A", "B"]
    assert world.listed(sort="newest") == ["B", "A"]


def test_beyond_the_bound_the_oldest_alerts_go_in_whatever_order_they_come():
    world = World(most=2)
    for number in (3, 1, 2):
        world.cases.add(card(number, f"A{number}"))
    assert sorted(world.listed(status=None)) == ["A2", "A3"]
    assert world.cases.dropped == 1
    assert world.cases.alerts_at("M042") == 2
    assert world.cases.accounts_of(["TX000001"]) == set()


def test_pages_of_a_listing_make_up_the_whole():
    world = World()
    for number in range(1, 20):
        world.cases.add(card(number, f"A{number}", fraud_risk_score=90 + number % 4))
    whole = list(world.cases.listing(Wanted()))
    pages, after = [], None
    while page := list(islice(world.cases.listing(Wanted(), after), 3)):
        pages += page
        after = page[-1][0]
    assert [case.id for _, case in pages] == [case.id for _, case in whole]


Steps = st.lists(
    st.tuples(
        st.sampled_from(["add", "decide", "rule", "lift"]),
        st.integers(1, 12),
        st.sampled_from(["A", "B", "C"]),
        st.sampled_from(["high", "critical"]),
        st.sampled_from([["NEW_DEVICE"], ["BALANCE_DRAIN", "NEW_DEVICE"]]),
    ),
    max_size=40,
)


@given(Steps)
def test_every_case_is_on_one_shelf_and_counts_agree_with_a_recount(steps):
    """Whatever happens in whatever order, the kept order equals sorting everything anew."""
    world = World(most=8)
    for what, number, account, level, codes in steps:
        match what:
            case "add":
                world.cases.add(card(number, account, risk_level=level, codes=codes))
            case "decide":
                world.decide(number)
            case "rule":
                world.suppress()
            case _:
                world.suppress(lifted=MOMENT)
    every = [case for status in STATUSES for _, case in world.cases.listing(Wanted(status=status))]
    assert sorted(card.id for case in every for card in case.cards) == sorted(
        card.id for card in map(world.cases.card, (f"a{number:07d}" for number in range(13))) if card
    )
    for status in STATUSES:
        for sort in SORTS:
            found = [case for _, case in world.cases.listing(Wanted(status=status, sort=sort))]
            assert found == sorted(found, key=lambda case: case.standing.key(sort, case.id))
            assert all(case.standing.status == status for case in found)
    open_cases = [case for case in every if case.standing.status == "open"]
    assert world.cases.counts() == {
        "open": len(open_cases),
        "high": sum(case.standing.level == "high" for case in open_cases),
        "critical": sum(case.standing.level == "critical" for case in open_cases),
        "random_check": 0,
        "suppressed": sum(case.standing.status == "suppressed" for case in every),
        "done": sum(case.standing.status == "done" for case in every),
    }
