"""What is sent: payments of some days with their labels, the poison among them, and records that are none."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import msgspec

from detectors.labels import Label, labels_from_truth
from detectors.transaction import EnrichedTransaction, Transaction
from stream.partitioning import partition_of
from stream.simulation import SimulationConfig, simulate
from tests.chaos.plan import Variant
from tests.pipeline.bad_records import TEN_MEGABYTES, bad_records
from tests.pipeline.faulty import POISON
from tests.pipeline.topics import Sending

PARTITIONS = 8
DAYS = 3
LABEL_DELAY = timedelta(hours=24)
"""Of the small bundle: short, so that in three days labels come in and matter."""
_POISON_A_PARTITION = 3


@dataclass(frozen=True, slots=True)
class Traffic:
    """Three days of payments, and the labels that become known in them."""

    payments: Sequence[Transaction]
    """Those that can be assessed."""
    poison: Sequence[Transaction]
    """Those that make the pure stage raise."""
    labels: Sequence[Label]


def draw_traffic(seed: int, accounts: int, variant: Variant) -> Traffic:
    """Draw the traffic of a seed: some 4.3 payments an account."""
    rng = random.Random(f"{seed} traffic")
    simulated = simulate(SimulationConfig(seed=seed, accounts=accounts, days=DAYS, fraud_rate=0.01))
    drawn = [each.transaction for each in simulated]
    chosen = _one_in_each_partition(drawn, rng) if variant is Variant.POISON else frozenset()
    payments = [payment for payment in drawn if payment.transaction_id not in chosen]
    poison = [_poisoned(payment) for payment in drawn if payment.transaction_id in chosen]
    end = payments[-1].event_time
    return Traffic(payments, poison, [label for label in _labels(payments) if label.observed_at < end])


def is_poison(event: object) -> bool:
    """Tell whether an event makes the pure stage raise."""
    return isinstance(event, EnrichedTransaction) and event.transaction_id.startswith(POISON)


@cache
def malformed() -> tuple[Sending, ...]:
    """Every kind of bad input but the giant, for each partition; the same bytes in the whole run."""
    small = [record for record in bad_records() if len(record.value or b"") < TEN_MEGABYTES]
    return tuple(
        Sending(record.key, record.value, partition) for record in small for partition in range(PARTITIONS)
    )


def _labels(payments: Sequence[Transaction]) -> list[Label]:
    """One payment in twelve is reported as fraud a day later; one report in five is taken back after an hour."""
    reported = labels_from_truth(payments, {each.transaction_id: True for each in payments[::12]}, LABEL_DELAY)
    hour = timedelta(hours=1)
    withdrawn: dict[str, Any] = {"disposition": "false_positive", "source": "analyst"}
    return [
        *reported,
        *(
            msgspec.structs.replace(label, observed_at=label.observed_at + hour, **withdrawn)
            for label in reported[::5]
        ),
    ]


def _one_in_each_partition(payments: Sequence[Transaction], rng: random.Random) -> frozenset[str]:
    """Choose some payments of every partition, by id."""
    dealt: list[list[str]] = [[] for _ in range(PARTITIONS)]
    for payment in payments:
        dealt[partition_of(payment.account_id, PARTITIONS)].append(payment.transaction_id)
    return frozenset(chosen for ids in dealt for chosen in rng.sample(ids, _POISON_A_PARTITION))


def _poisoned(payment: Transaction) -> Transaction:
    return msgspec.structs.replace(payment, transaction_id=f"{POISON}-{payment.transaction_id}")
