from confluent_kafka import TopicPartition

from dashboard.feeds.watch import ClusterWatch, Sight, behind, stages_of
from stream.settings import Settings

HELD = [TopicPartition("labels", 0), TopicPartition("labels", 1)]


def test_lag_is_what_lies_between_commits_and_ends():
    assert behind(HELD, {("labels", 0): 10, ("labels", 1): 5}, {("labels", 0): 7, ("labels", 1): 5}) == 3


def test_lag_is_unknown_without_a_commit_or_an_end():
    assert behind(HELD, {}, {("labels", 0): 7}) is None
    assert behind(HELD, {("labels", 0): 10}, {}) is None


def test_a_commit_ahead_of_an_end_that_was_asked_earlier_is_no_lag():
    assert behind(HELD, {("labels", 0): 10}, {("labels", 0): 12}) == 0


def test_stages_are_those_of_the_settings():
    names = [stage.name for stage in stages_of(Settings(merchant_memory=False))]
    assert names == ["enrich", "labels", "assess", "archive", "explain"]
    arn = "arn:aws:sns:eu-west-1:123456789012:alerts"
    assert [stage.name for stage in stages_of(Settings(sns_topic_arn=arn))][-2:] == ["notify", "explain"]


def test_a_broker_that_does_not_answer_is_shown_since_when(monkeypatch):
    monkeypatch.setattr("dashboard.feeds.watch.ANSWER_SECONDS", 0.01)
    watch = ClusterWatch({"bootstrap.servers": "127.0.0.1:1", "log_level": "0"}, "riskstream", ())
    watch.sight = Sight(True, 50.0)
    for now in (100.0, 102.0):
        watch.look(now)
    assert watch.sight.snapshot(catching_up=False)["broker"] == {
        "reachable": False,
        "since": "1970-01-01T00:01:40.000Z",
        "catching_up": False,
    }
