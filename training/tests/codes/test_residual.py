import numpy as np
import pytest

from nightbeam_training.codes.kmeans import Floats, kmeans, nearest
from nightbeam_training.codes.place import place
from nightbeam_training.codes.residual import residual_paths


def planted(*, groups: int, size: int, width: int = 8, seed: int = 0) -> tuple[Floats, np.ndarray]:
    """Well separated groups in mixed order, and the group of each point."""
    rng = np.random.default_rng(seed)
    group = rng.permutation(np.repeat(np.arange(groups), size))
    centres = rng.normal(size=(groups, width)) * 10
    points = centres[group] + rng.normal(size=(groups * size, width)) * 0.1
    return points.astype(np.float32), group


def test_kmeans_recovers_planted_clusters() -> None:
    points, group = planted(groups=6, size=30)
    codes, _ = nearest(points, kmeans(points, clusters=6, rng=np.random.default_rng(0)))
    assert len(set(zip(group.tolist(), codes.tolist(), strict=True))) == 6


def test_kmeans_leaves_no_cluster_empty() -> None:
    points, _ = planted(groups=3, size=40, seed=1)
    codes, _ = nearest(points, kmeans(points, clusters=20, rng=np.random.default_rng(0)))
    assert len(np.unique(codes)) == 20


def test_kmeans_of_equal_points_still_has_all_rows() -> None:
    points = np.ones((10, 3), dtype=np.float32)
    assert kmeans(points, clusters=4, rng=np.random.default_rng(0)).shape == (4, 3)


def test_nearest_is_the_same_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    points, _ = planted(groups=4, size=25)
    centroids = points[:5]
    whole = nearest(points, centroids)
    monkeypatch.setattr("nightbeam_training.codes.kmeans._CHUNK", 7)
    parts = nearest(points, centroids)
    assert np.array_equal(whole[0], parts[0])
    assert np.allclose(whole[1], parts[1])


def test_place_keeps_the_nearest_and_moves_the_others_to_the_next_code() -> None:
    centroids = np.array([[0.0], [1.0], [5.0]], dtype=np.float32)
    points = np.array([[0.2], [0.1], [0.3], [0.0]], dtype=np.float32)
    # The last point has its own prefix, so the others do not displace it.
    prefix = np.array([0, 0, 0, 1])
    assert place(points, centroids, prefix=prefix, capacity=1).tolist() == [1, 0, 2, 0]


def test_place_spreads_evenly_if_capacity_is_too_small() -> None:
    centroids = np.array([[0.0], [1.0]], dtype=np.float32)
    points = np.zeros((7, 1), dtype=np.float32)
    codes = place(points, centroids, prefix=np.zeros(7, dtype=np.int64), capacity=1)
    assert sorted(np.bincount(codes).tolist()) == [3, 4]


def test_similar_items_share_their_first_code() -> None:
    points, group = planted(groups=4, size=16)
    fit = residual_paths(points, codes_per_level=(4, 4, 4), seed=0)
    assert len(set(zip(group.tolist(), fit.paths[:, 0].tolist(), strict=True))) == 4
    assert fit.levels[0].explained > 0.99
    assert fit.levels[0].prefixes == 4


def test_same_seed_same_paths() -> None:
    points, _ = planted(groups=10, size=20)
    first, second = (residual_paths(points, codes_per_level=(8, 8, 8), seed=3) for _ in range(2))
    assert np.array_equal(first.paths, second.paths)
    assert first.levels == second.levels


@pytest.mark.parametrize("shape", [(3, 3, 3), (27,), (1, 27), (27, 1, 1), (9, 3)])
def test_every_item_has_its_own_path_even_if_all_paths_are_needed(
    shape: tuple[int, ...],
) -> None:
    points, _ = planted(groups=1, size=20)
    crowded = np.concatenate([points, np.zeros((7, 8), dtype=np.float32)])
    fit = residual_paths(crowded, codes_per_level=shape, seed=0)
    assert len(np.unique(fit.paths, axis=0)) == 27
    assert fit.shared_paths == fit.items_sharing == 0
    assert (fit.paths < np.array(shape)).all()


def test_items_beyond_all_paths_share_evenly_and_are_counted() -> None:
    points, _ = planted(groups=2, size=10)
    fit = residual_paths(points, codes_per_level=(2, 4), seed=0)
    sizes = np.unique(fit.paths, axis=0, return_counts=True)[1]
    assert len(sizes) == 8
    assert sizes.max() == 3
    assert fit.shared_paths == (sizes > 1).sum()
    assert fit.items_sharing == sizes[sizes > 1].sum()


def test_every_level_leaves_a_choice_to_the_levels_below() -> None:
    points, _ = planted(groups=1, size=256)
    fit = residual_paths(points, codes_per_level=(256, 256, 256, 256), seed=0)
    assert fit.levels[0].prefixes == 4
    assert 14 <= fit.levels[1].prefixes <= 20
    assert fit.levels[3].single <= fit.levels[2].prefixes // 4


def test_vectors_without_any_difference_get_distinct_paths() -> None:
    fit = residual_paths(np.ones((12, 4), dtype=np.float32), codes_per_level=(4, 4), seed=0)
    assert len(np.unique(fit.paths, axis=0)) == 12
    assert fit.levels[-1].explained == 1.0
