"""Facts about sorting samples into rooms."""

import pytest

from benchmarks.profile.rooms import START_UP, Stack, parse, room_of, shares

LOOP = ("MainThread", "run_forever (asyncio/base_events.py)", "_run (asyncio/events.py)")
ASSESS = (*LOOP, "Lanes._carry (stream/stages/lanes.py)", "AssessStage.compute (stream/stages/assess.py)")
FETCH = (*LOOP, "Fetcher._proc_fetch_request (aiokafka/consumer/fetcher.py)")


@pytest.mark.parametrize(
    ("frames", "room"),
    [
        (ASSESS, "assess stage's shell"),
        (
            (*ASSESS, "assess (detectors/assess.py)", "where (numpy/_core/multiarray.py)"),
            "core: observe and judge",
        ),
        ((*ASSESS, "AssessStage._count (stream/stages/assess.py)"), "metrics"),
        ((*ASSESS, "tell_merchants (stream/stages/activity.py)"), "merchants' fold"),
        ((*LOOP, "_decode (detectors/decoding.py)"), "decode and enrich"),
        ((*LOOP, "send_records (stream/batching/producer.py)"), "produce"),
        ((*FETCH, "AIOKafkaConnection.send (aiokafka/conn.py)"), "consume"),
        ((*LOOP, "AIOKafkaConnection._read (aiokafka/conn.py)"), "sockets"),
        ((*LOOP, "Conductor.on_message (faust/transport/conductor.py)"), "Faust"),
        (("asyncio_0", "ParquetArchive.upload (sinks/archive.py)", "_api_call (botocore/client.py)"), "archive"),
        ((*LOOP, "Replica.take_up (stream/replica.py)"), "replica"),
        (LOOP, "event loop"),
        (("Thread-9", "poll (somewhere.py)"), "other"),
    ],
)
def test_the_innermost_frame_that_belongs_to_a_room_decides(frames: tuple[str, ...], room: str) -> None:
    assert room_of(frames) == room


def test_imports_are_start_up_wherever_they_happen() -> None:
    assert (
        room_of((*ASSESS, "_find_and_load (<frozen importlib._bootstrap>)", "<module> (numpy/x.py)")) == START_UP
    )


def test_shares_add_up_without_start_up() -> None:
    stacks = [Stack(ASSESS, 3), Stack(LOOP, 1), Stack(("<module> (x.py)", "f (<frozen importlib._bootstrap>)"), 9)]

    assert shares(stacks) == {"assess stage's shell": 0.75, "event loop": 0.25}


def test_lines_of_one_function_are_one_frame() -> None:
    found = parse(["thread (7): main;work (app.py:3) 2", "thread (7): main;work (app.py:9) 5"])

    assert [stack.frames for stack in found] == [["thread (7): main", "work (app.py)"]] * 2
    assert [stack.samples for stack in found] == [2, 5]
