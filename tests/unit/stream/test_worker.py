"""What a worker says of itself before it can do its work."""

from types import SimpleNamespace
from typing import Any

import pytest

from stream.settings import Settings
from stream.worker import Worker
from tests.unit.detectors.histories import rarity_bundle


def pipeline(*, caught_up: bool | None = True, rebalancing: bool = False, recovering: bool = False) -> Any:
    """As much of a pipeline as readiness looks at; `caught_up` None is one without merchant memory."""
    recovery = SimpleNamespace(recovery=SimpleNamespace(in_recovery=recovering))
    replica = SimpleNamespace(replica=SimpleNamespace(caught_up=caught_up))
    app = SimpleNamespace(rebalancing=rebalancing, tables=recovery, crashed=False)
    return SimpleNamespace(app=app, merchants=None if caught_up is None else replica)


@pytest.mark.parametrize(
    ("made", "assigned", "why"),
    [
        (None, False, "starting"),
        (pipeline(caught_up=False), False, "learning merchants"),
        (pipeline(caught_up=False), True, "learning merchants"),
        (pipeline(), False, "waiting for partitions"),
        (pipeline(rebalancing=True), True, "rebalancing"),
        (pipeline(recovering=True), True, "recovering memories"),
        (pipeline(), True, None),
        (pipeline(caught_up=None), True, None),
    ],
)
def test_a_worker_is_ready_when_it_knows_merchants_and_has_its_partitions(
    made: Any, assigned: bool, why: str | None
) -> None:
    worker = Worker(Settings(), rarity_bundle())
    worker._pipeline, worker._assigned = made, assigned
    assert worker._not_ready_because() == why
