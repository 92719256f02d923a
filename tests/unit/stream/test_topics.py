"""The declared topics, and the comparison with what a cluster has."""

from dataclasses import replace
from pathlib import Path

import pytest

from stream.settings import Settings
from stream.topics import MIB, ExistingTopic, Mismatch, Topic, changelog_of, check_topics, declared_topics

DOCUMENTATION = (Path(__file__).resolve().parents[3] / "docs" / "kafka.md").read_text()
TOPICS = declared_topics(partitions=8, app_id="riskstream")


def as_declared(*topics: Topic) -> dict[str, ExistingTopic]:
    return {topic.name: ExistingTopic(topic.partitions, topic.config()) for topic in topics}


def kinds(mismatches: list[Mismatch]) -> list[tuple[str, str]]:
    return [(mismatch.topic, mismatch.kind) for mismatch in mismatches]


def test_partition_i_of_one_topic_feeds_partition_i_of_the_next() -> None:
    assert {topic.partitions for topic in TOPICS} == {8}


def test_memories_are_compacted_and_events_are_not() -> None:
    compacted = [topic.name for topic in TOPICS if topic.cleanup == "compact"]
    assert compacted == [
        "merchant-profiles",
        "merchant-progress",
        "kinesis-checkpoints",
        "suppressions",
        "riskstream-memories-changelog",
    ]


def test_the_changelog_is_named_as_the_settings_name_it() -> None:
    settings = Settings.model_construct(app_id="other")

    assert changelog_of(settings.app_id) == settings.changelog_topic


def test_a_compacted_topic_has_no_retention() -> None:
    assert "retention.ms" not in TOPICS[-1].config()


def test_retention_is_told_in_milliseconds() -> None:
    assert TOPICS[0].config()["retention.ms"] == "604800000"


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_the_largest_batch_fits_into_a_segment(topic: Topic) -> None:
    assert topic.max_message_bytes < topic.segment_bytes


def test_the_input_topic_takes_more_than_ten_megabytes() -> None:
    assert TOPICS[0].max_message_bytes > 10 * MIB


@pytest.mark.parametrize("topic", declared_topics(8, app_id="<app id>"), ids=lambda topic: topic.name)
def test_the_documentation_describes_every_topic(topic: Topic) -> None:
    kept = "the last of each key, for ever" if topic.cleanup == "compact" else f"{topic.retention.days} days"

    assert f"| `{topic.name}` | {topic.key} | {topic.holds} | {kept} |" in DOCUMENTATION


def test_what_is_as_declared_has_no_mismatch() -> None:
    assert check_topics(TOPICS, as_declared(*TOPICS)) == []


def test_a_missing_topic_is_mended_by_create_topics() -> None:
    (mismatch,) = check_topics(TOPICS, as_declared(*TOPICS[1:]))

    assert mismatch == Mismatch(
        "transactions", "missing", "topic transactions is missing: run `riskstream create-topics`"
    )


def test_other_partitions_are_mended_by_the_setting_or_by_deleting() -> None:
    (mismatch,) = check_topics(TOPICS[:1], as_declared(replace(TOPICS[0], partitions=4)))

    assert mismatch.kind == "partitions"
    assert "has 4 partitions, 8 are expected" in mismatch.message
    assert "set RISKSTREAM_PARTITIONS=4" in mismatch.message


def test_a_changelog_that_expires_is_a_mismatch() -> None:
    (mismatch,) = check_topics(TOPICS[-1:], as_declared(replace(TOPICS[-1], cleanup="delete")))

    assert mismatch.kind == "cleanup"
    assert "cleanup.policy=delete, compact is expected, or memories would expire" in mismatch.message
    assert "kafka-configs.sh" in mismatch.message


def test_a_topic_that_takes_larger_batches_is_no_mismatch() -> None:
    assert check_topics(TOPICS[:1], as_declared(replace(TOPICS[0], max_message_bytes=20 * MIB))) == []


def test_a_topic_that_takes_only_smaller_batches_is_a_mismatch() -> None:
    assert kinds(check_topics(TOPICS[:1], as_declared(replace(TOPICS[0], max_message_bytes=MIB)))) == [
        ("transactions", "size")
    ]


def test_settings_that_the_broker_does_not_tell_are_not_judged() -> None:
    assert check_topics(TOPICS, {topic.name: ExistingTopic(8, {}) for topic in TOPICS}) == []
