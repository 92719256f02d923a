"""The batch path overrides private parts of faust-streaming 0.15; a release that changes them fails here."""

import inspect
from functools import cache

import faust
import pytest
from faust.sensors.monitor import Monitor
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.transport.drivers import aiokafka as driver

PARAMETERS = {
    (driver.Consumer, "_getmany"): ["self", "active_partitions", "timeout"],
    (driver.Consumer, "_wait_next_records"): ["self", "timeout"],
    (driver.Consumer, "_new_consumer_thread"): ["self"],
    (driver.Consumer, "_should_commit"): ["self", "tp", "offset"],
    (driver.Consumer, "_commit"): ["self", "offsets"],
    (driver.Consumer, "perform_seek"): ["self"],
    (driver.Consumer, "seek"): ["self", "partition", "offset"],
    (driver.Consumer, "on_buffer_full"): ["self", "tp"],
    (driver.Consumer, "ack"): ["self", "message"],
    (driver.Consumer, "_add_gap"): ["self", "tp", "offset_from", "offset_to"],
    (driver.Consumer, "_filter_tps_with_pending_acks"): ["self", "topics"],
    (driver.Consumer, "_new_offset"): ["self", "tp"],
    (driver.Consumer, "on_partitions_revoked"): ["self", "revoked"],
    (driver.Consumer, "earliest_offsets"): ["self", "partitions"],
    (driver.Consumer, "verify_event_path"): ["self", "now", "tp"],
    (driver.Consumer, "commit"): ["self", "topics", "start_new_transaction"],
    (driver.AIOKafkaConsumerThread, "_create_worker_consumer"): ["self", "transport"],
    (driver.AIOKafkaConsumerThread, "on_partitions_assigned"): ["self", "assigned", "generation_id"],
    (driver.AIOKafkaConsumerThread, "seek_to_committed"): ["self"],
    (driver.AIOKafkaConsumerThread, "_fetch_records"): [
        "self",
        "consumer",
        "active_partitions",
        "timeout",
        "max_records",
    ],
    (driver.AIOKafkaConsumerThread, "call_thread"): ["self", "fun", "args", "kwargs"],
    (Recovery, "_wait"): ["self", "coro", "timeout"],
    (Recovery, "_set_recovery_started"): ["self"],
    (Recovery, "on_recovery_completed"): ["self", "generation_id"],
    (TableManager.recovery, "fget"): ["self"],
    (faust.App, "_new_transport"): ["self"],
    (faust.App, "_on_partitions_assigned"): ["self", "assigned", "generation_id"],
    (faust.App, "crash"): ["self", "reason"],
    (faust.Settings, "getenv"): ["self", "env_name"],
}

MENTIONED = {
    driver.Consumer: ("_unacked_messages", "_read_offset", "_waiting_for_ack", "_n_acked", "_thread"),
    driver.AIOKafkaConsumerThread: ("_shutdown",),
    Recovery: ("active_tps", "signal_recovery_start", "in_recovery", "_generation_id"),
    TableManager: ("_recovery", "changelog_topics"),
    Monitor: ("stream_inbound_time",),
}


@pytest.mark.parametrize(("owner", "name"), PARAMETERS, ids=lambda value: getattr(value, "__name__", value))
def test_an_overridden_method_still_takes_the_same_parameters(owner, name):
    assert list(inspect.signature(getattr(owner, name)).parameters) == PARAMETERS[owner, name]


source_of = cache(inspect.getsource)
"""Owners have bases in common, and finding a class in its file takes a while."""


@pytest.mark.parametrize("owner", [o for o in MENTIONED if inspect.isclass(o)], ids=lambda o: o.__name__)
def test_an_attribute_that_is_read_still_exists(owner):
    source = "".join(source_of(base) for base in owner.__mro__ if base.__module__.startswith(("faust", "mode")))
    missing = [name for name in MENTIONED[owner] if name not in source]
    assert not missing


TASKS = ("_restart_recovery", "_slurp_changelogs", "_publish_stats")


def test_recovery_still_has_the_tasks_that_are_replaced_and_no_others():
    tasks = Recovery._tasks[Recovery._get_class_id()]
    assert tasks == set(TASKS)


def test_the_fetcher_still_keeps_its_records_and_its_backoff_under_these_names():
    from aiokafka import AIOKafkaConsumer
    from aiokafka.consumer.fetcher import Fetcher, PartitionRecords

    assert "self._fetcher = Fetcher(" in inspect.getsource(AIOKafkaConsumer.start)
    source = inspect.getsource(Fetcher)
    assert "self._records = collections.OrderedDict()" in source
    assert "self._records[tp] = FetchResult(" in source
    assert "backoff=self._prefetch_backoff" in source
    assert "self._consumer_record(tp, record)" in inspect.getsource(PartitionRecords._unpack_records)
    assert inspect.iscoroutinefunction(driver.AIOKafkaConsumerThread.on_start)
    assert list(inspect.signature(driver.AIOKafkaConsumerThread._ensure_consumer).parameters) == ["self"]


def test_committed_offsets_are_still_found_and_checked_in_this_way():
    from aiokafka import AIOKafkaConsumer
    from aiokafka.consumer.group_coordinator import GroupCoordinator
    from aiokafka.consumer.subscription_state import Assignment, SubscriptionState

    source = inspect.getsource(AIOKafkaConsumer)
    assert "self._coordinator = GroupCoordinator(" in source
    assert "self._subscription = SubscriptionState(" in source
    assert isinstance(SubscriptionState.subscription, property)
    assert isinstance(Assignment.active, property)
    assert isinstance(Assignment.tps, property)
    assert list(inspect.signature(GroupCoordinator.fetch_committed_offsets).parameters) == ["self", "partitions"]
    assert inspect.iscoroutinefunction(GroupCoordinator.fetch_committed_offsets)


def test_faust_still_seeks_in_mid_rebalance_unless_no_records_are_given_to_it():
    source = inspect.getsource(driver.Consumer.getmany)
    assert "records, active_partitions = await self._wait_next_records(timeout)" in source
    assert "if records is None" in source


def test_the_fetch_wait_is_still_a_private_attribute_of_aiokafka():
    from aiokafka import AIOKafkaConsumer

    assert "_fetch_max_wait_ms" in inspect.getsource(AIOKafkaConsumer.__init__)
