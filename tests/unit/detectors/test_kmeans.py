from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from river import cluster

from detectors.errors import MemoryFormatError
from detectors.kmeans import (
    CentroidMemory,
    Clusters,
    decode_centroids,
    encode_centroids,
    score_and_learn,
    score_frozen,
    standardise,
    start_centroids,
)


def clusters(centroids: list[list[float]], rate: float = 0.1, guard: float = float("inf")) -> Clusters:
    start = np.array(centroids)
    width = start.shape[1]
    return Clusters(
        columns=np.arange(width),
        mean=np.zeros(width),
        scale=np.ones(width),
        low=np.full(width, -10.0),
        centroids=start,
        rate=rate,
        guard=guard,
    )


def centres(memory: CentroidMemory) -> list[float]:
    return [float(value) for value in np.frombuffer(memory.centroids, dtype="<f8")]


@pytest.mark.parametrize("seed", range(5))
def test_with_the_guard_off_it_is_rivers_k_means(seed: int) -> None:
    """Centres are equal to the last bit over a random stream; river draws its first ones from a normal."""
    stream = np.random.default_rng(seed).normal(size=(400, 4))
    peer: Any = cluster.KMeans(n_clusters=5, halflife=0.1, sigma=1.5, seed=seed)
    peer.predict_one(dict(enumerate(stream[0].tolist())))  # makes it draw them
    ours = clusters([[peer.centers[k][j] for j in range(4)] for k in range(5)])

    distances, memory = score_and_learn(stream, None, ours)
    for point, distance in zip(stream.tolist(), distances, strict=True):
        x = dict(enumerate(point))
        nearest = peer.centers[peer.predict_one(x)]
        assert distance == pytest.approx(sum((nearest[j] - point[j]) ** 2 for j in range(4)) ** 0.5, rel=1e-12)
        peer.learn_one(x)

    assert centres(memory) == [peer.centers[k][j] for k in range(5) for j in range(4)]
    assert memory.learned == len(stream)


def test_of_equally_near_centres_the_first_moves_as_in_river() -> None:
    _, memory = score_and_learn(np.array([[0.0]]), None, clusters([[-1.0], [1.0]], rate=0.5))
    assert centres(memory) == [-0.5, 1.0]


def test_a_payment_is_scored_before_it_is_learned() -> None:
    distances, memory = score_and_learn(np.array([[4.0], [4.0]]), None, clusters([[0.0]], rate=0.25))
    assert distances.tolist() == [4.0, 3.0]
    assert centres(memory) == [1.75]


def test_an_outlier_is_scored_but_does_not_move_a_centre() -> None:
    distances, memory = score_and_learn(np.array([[6.0]]), None, clusters([[0.0]], guard=5.0))
    assert distances.tolist() == [6.0]
    assert centres(memory) == [0.0]
    assert memory.learned == 0


def test_a_missing_value_counts_as_the_mean_and_a_giant_one_is_clipped() -> None:
    model = replace(clusters([[0.0, 0.0]]), mean=np.array([5.0, 5.0]), scale=np.array([2.0, 2.0]))
    assert standardise(np.array([[np.nan, 1e9]]), model).tolist() == [[0.0, 10.0]]


def test_the_frozen_form_equals_a_rate_of_nothing() -> None:
    stream = np.random.default_rng(3).normal(size=(50, 2))
    model = clusters([[0.0, 1.0], [1.0, 0.0]], rate=0.0)
    assert score_frozen(stream, model).tolist() == score_and_learn(stream, None, model)[0].tolist()


def test_centres_of_another_bundle_are_left_behind() -> None:
    old, new = clusters([[0.0]]), clusters([[9.0]])
    _, memory = score_and_learn(np.array([[1.0]]), None, old)
    distances, moved = score_and_learn(np.array([[9.0]]), memory, new)
    assert distances.tolist() == [0.0]
    assert moved.origin == new.fingerprint != old.fingerprint


def test_a_memory_survives_its_bytes() -> None:
    memory = start_centroids(clusters([[0.1, 0.2], [0.3, 0.4]]))
    assert decode_centroids(encode_centroids(memory)) == memory


@pytest.mark.parametrize(
    "data", [b"", b"\x80", b"\xc1", encode_centroids(start_centroids(clusters([[0.0]])))[:-3]]
)
def test_bytes_that_are_no_memory_are_refused(data: bytes) -> None:
    with pytest.raises(MemoryFormatError, match="rebuild"):
        decode_centroids(data)


def test_a_memory_of_another_version_is_refused() -> None:
    later = CentroidMemory(version=2, origin="", learned=0, centroids=b"")
    with pytest.raises(MemoryFormatError, match="version 2"):
        decode_centroids(encode_centroids(later))
