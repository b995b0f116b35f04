"""The pool against a loop over the files' arrays, and batches that cover every example."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from world import World, label, prefixes_by_node, source_of

from nightbeam_training.data.teacher_files import (
    TeacherExamples,
    read_teacher_file,
    write_teacher_file,
)
from nightbeam_training.data.teacher_pool import TeacherPool


@pytest.fixture
def files(world: World, tmp_path: Path) -> list[Path]:
    found = []
    for number, cut in enumerate((slice(0, 7), slice(7, 8), slice(8, 30))):
        found.append(tmp_path / f"{number}.safetensors")
        labels = label(world, world.histories[cut])
        write_teacher_file(found[-1], labels.examples, source_of(world.catalogue))
    return found


def naive(examples: TeacherExamples, user: int, world: World):
    """(prompt, {prefix: {code: value}}, truth) of one user of a file."""
    prefixes: list[tuple[int, ...]] = []
    log_probs = {}
    for node in range(examples.node_offsets[user], examples.node_offsets[user + 1]):
        parent = examples.node_parent[node]
        prefix = () if parent < 0 else (*prefixes[parent], int(examples.node_code[node]))
        prefixes.append(prefix)
        values = examples.values[examples.value_offsets[node] : examples.value_offsets[node + 1]]
        paths = {tuple(path) for path in world.catalogue.codes.tolist()}
        at = len(prefix)
        codes = sorted({path[at] for path in paths if path[:at] == prefix})
        log_probs[prefix] = dict(zip(codes, values.tolist(), strict=True))
    prompt = examples.prompt_tokens[
        examples.prompt_offsets[user] : examples.prompt_offsets[user + 1]
    ]
    return prompt.tolist(), log_probs, examples.truth[user].tolist()


def test_the_pool_returns_the_contents_of_the_files(world: World, files: list[Path]) -> None:
    pool = TeacherPool(files, world.catalogue.trie)
    users = [
        naive(examples, user, world)
        for examples in map(read_teacher_file, files)
        for user in range(len(examples))
    ]
    assert len(pool) == len(users) == 30
    assert pool.prompt_lengths.tolist() == [len(prompt) for prompt, _, _ in users]
    order = np.array([29, 3, 7, 8, 0, 3])
    batch = pool.take(order)
    prefixes = prefixes_by_node(world.catalogue)
    for row, user in enumerate(order):
        prompt, log_probs, truth = users[user]
        padding = batch.prompts.shape[1] - len(prompt)
        assert batch.prompts[row].tolist() == [-1] * padding + prompt
        assert batch.truth[row].tolist() == truth
        nodes = [prefixes[node] for node in batch.nodes[row] if node >= 0]
        assert nodes == list(log_probs)
        assert (batch.nodes[row, len(nodes) :] == -1).all()
        for place in range(batch.nodes.shape[1]):
            values = log_probs[nodes[place]] if place < len(nodes) else {}
            expected = [values.get(code, -np.inf) for code in range(world.catalogue.trie.codes)]
            assert batch.log_p[row, place].tolist() == expected


@pytest.mark.parametrize("size", [1, 4, 7, 30, 100])
def test_batches_cover_every_example_once(world: World, files: list[Path], size: int) -> None:
    pool = TeacherPool(files, world.catalogue.trie)
    chosen = np.arange(2, 29)

    def batches(seed: int) -> list[list[int]]:
        rng = np.random.default_rng(seed)
        return [batch.tolist() for batch in pool.batches(chosen, size=size, rng=rng)]

    found = batches(0)
    assert sorted(example for batch in found for example in batch) == chosen.tolist()
    assert len(found) == -(-27 // size)
    assert all(0 < len(batch) <= size for batch in found)
    assert batches(0) == found
    if size < 27:
        assert batches(1) != found


def test_prompts_of_a_batch_are_of_similar_length(world: World, files: list[Path]) -> None:
    pool = TeacherPool(files, world.catalogue.trie)
    rng = np.random.default_rng(0)
    lengths = [pool.prompt_lengths[b] for b in pool.batches(np.arange(30), size=5, rng=rng)]
    within = sum(int(length.max() - length.min()) for length in lengths)
    shuffled = pool.prompt_lengths[rng.permutation(30)].reshape(6, 5)
    assert within < 0.5 * int((shuffled.max(axis=1) - shuffled.min(axis=1)).sum())
