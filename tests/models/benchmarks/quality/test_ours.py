from pathlib import Path

import numpy as np

from benchmarks.quality.known import some_frauds
from benchmarks.quality.ours import PARTITIONS, assessed, kmeans_alone
from benchmarks.quality.protocol import split, start_of
from detectors.assessment import DETECTORS
from tests.unit.benchmarks.quality import worlds


def test_k_means_alone_is_the_products_at_its_partition_count(tmp_path: Path) -> None:
    payments = worlds.payments(tmp_path)
    weeks = split(payments, start_of(worlds.TRAIN_START))
    found = assessed(payments, weeks, "label_free", payments.fraud)
    until = payments.where(slice(weeks.test.stop))
    said = kmeans_alone(until, found, PARTITIONS)
    assert np.array_equal(said, found.detectors[:, DETECTORS.index("kmeans")])
    assert not np.array_equal(said, kmeans_alone(until, found, 1))


def test_more_known_frauds_include_fewer(tmp_path: Path) -> None:
    payments = worlds.payments(tmp_path)
    weeks = split(payments, start_of(worlds.TRAIN_START))
    few, many, all_of_them = (some_frauds(payments, weeks, count) for count in (5, 10, 10_000))
    assert (few[weeks.train].sum(), many[weeks.train].sum()) == (5, 10)
    assert ((many | few) == many).all()
    assert 0 < few.sum() < many.sum() < payments.fraud.sum()
    assert (all_of_them == payments.fraud).all()
