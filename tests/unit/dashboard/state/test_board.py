from datetime import timedelta

import msgspec

from dashboard.state.board import Board, News
from dashboard.state.cases import Wanted
from tests.unit.dashboard.world import MOMENT, NOW, PACKING, alert, card, label, passed, suppression


def test_news_that_come_twice_change_nothing():
    board, news = Board(1.0), News(cards=[card(1)], passed=[passed(2)], labels=[label(1)])
    board.fold(news, NOW)
    board.take_changes()
    before = board.live.snapshot(NOW, None)
    board.fold(news, NOW)
    assert board.changed == 0
    assert board.live.snapshot(NOW, None) == before
    assert len(board.cases) == 2


def test_a_sampled_payment_joins_the_queue_as_a_random_check():
    board = Board(1.0)
    board.fold(News(passed=[passed(1, account_id="A")]), NOW)
    ((_, case),) = board.cases.listing(Wanted(kind="random_check"))
    assert (case.account_id, case.standing.lead.status) == ("A", "random_check")
    assert board.cases.counts() | {"open": 1, "random_check": 1, "high": 0} == board.cases.counts()


def test_a_random_check_is_never_hidden():
    board = Board(1.0)
    board.fold(
        News(
            passed=[passed(1, account_id="A", reasons=alert(1, codes=["NEW_DEVICE"]).reasons)],
            suppressions=[suppression(), suppression(id="s2", scope="account", account_id="A", code=None)],
        ),
        NOW,
    )
    assert board.cases.counts()["random_check"] == 1


def test_alerts_and_backfill_are_not_sampled():
    board = Board(1.0)
    board.fold(News(passed=[passed(1, alert="folded", risk_level="high"), passed(2, backfill=True)]), NOW)
    assert len(board.cases) == 0


def test_a_label_decides_an_alert_that_comes_later():
    board = Board(0.0)
    board.fold(News(labels=[label(1)]), NOW)
    board.fold(News(cards=[card(1)]), NOW)
    assert board.cases.counts()["done"] == 1


def test_an_expired_suppression_lets_go_with_the_clock_alone():
    board = Board(0.0)
    board.fold(News(cards=[card(1, codes=["NEW_DEVICE"])], suppressions=[suppression()]), NOW)
    assert board.cases.counts()["suppressed"] == 1
    board.take_changes()
    board.tick(NOW + timedelta(minutes=59).total_seconds())
    assert board.changed == 0
    board.tick(NOW + timedelta(hours=1).total_seconds())
    assert board.cases.counts() | {"suppressed": 0, "open": 1} == board.cases.counts()
    assert board.take_changes().suppressions


def test_a_rebuilt_board_knows_the_same_suppressions():
    made, lifted = suppression(), suppression(lifted=MOMENT, lifted_by="ola")
    board, rebuilt = Board(0.0), Board(0.0)
    board.fold(News(suppressions=[made]), NOW)
    board.fold(News(suppressions=[lifted]), NOW)
    rebuilt.fold(News(suppressions=[lifted]), NOW)  # what compaction leaves
    assert board.suppressions.log() == rebuilt.suppressions.log() == [lifted]


def test_explanations_are_found_by_their_assessment():
    board = Board(0.0)
    board.fold(News(explained=[("a0000001", PACKING.pack(b'{"samples":1000}'))]), NOW)
    assert board.explanation("a0000001") == b'{"samples":1000}'
    assert board.explanation("a0000002") is None
    assert board.take_changes().explained == ["a0000001"]


def test_a_sampled_assessment_of_another_kind_is_counted_and_left_out():
    board, strange = Board(1.0), passed(1)
    fields = msgspec.json.decode(strange.value)
    del fields["reasons"]
    board.fold(News(passed=[strange._replace(value=msgspec.json.encode(fields))]), NOW)
    assert (board.unreadable, len(board.cases)) == (1, 0)
