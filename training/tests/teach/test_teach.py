"""The target's recorded answers against one path at a time; shards, and extended histories."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from world import (
    MACHINE,
    World,
    asked_about,
    label,
    opinion_of,
    prefixes_by_node,
    search,
    source_of,
)

from nightbeam_training.data.augment import Question
from nightbeam_training.data.teacher_files import Scoring, TeacherExamples
from nightbeam_training.teach.label import Labels, Teacher, joined
from nightbeam_training.teach.write import WriteOptions, with_sampled_item, write_teacher_data


def nodes_of(examples: TeacherExamples, user: int) -> list[tuple[int, tuple[int, ...]]]:
    """(index in the flat arrays, prefix), from parents and codes alone."""
    start, end = examples.node_offsets[user : user + 2]
    found: list[tuple[int, tuple[int, ...]]] = []
    for node in range(start, end):
        parent = int(examples.node_parent[node])
        prefix = () if parent < 0 else (*found[parent][1], int(examples.node_code[node]))
        found.append((node, prefix))
    return found


@pytest.mark.parametrize("scoring", ["full", "renormalized"])
@pytest.mark.parametrize("width", [1, 3, 100])
def test_records_the_targets_answers(world: World, scoring: Scoring, width: int) -> None:
    """All its beams and the true path; in the format's order; each child's own log-probability."""
    histories = world.histories[:6]
    labels = label(world, histories, width=width, scoring=scoring)
    examples = labels.examples
    assert len(examples) == 6
    for user, history in enumerate(histories):
        prompt = world.prompts.encode(history[:-1])
        start, end = examples.prompt_offsets[user : user + 2]
        assert examples.prompt_tokens[start:end].tolist() == prompt.tolist()
        truth = tuple(world.catalogue.codes[history[-1]].tolist())
        assert tuple(examples.truth[user].tolist()) == truth
        opinion = opinion_of(world.target, world.catalogue, prompt, scoring)
        levels = search(opinion, [width] * 3)
        wanted = {(), truth[:1], truth[:2]}
        wanted |= {prefix for level in levels[:2] for _, prefix in level}
        nodes = nodes_of(examples, user)
        in_order = sorted(wanted, key=lambda prefix: (len(prefix), prefix))
        assert [prefix for _, prefix in nodes] == in_order
        for node, prefix in nodes:
            values = examples.values[
                examples.value_offsets[node] : examples.value_offsets[node + 1]
            ]
            expected = opinion(prefix)
            assert list(expected) == sorted(expected)
            np.testing.assert_allclose(values, list(expected.values()), atol=1e-5, rtol=1e-3)
        leaves = [leaf for leaf in labels.best[user].tolist() if leaf >= 0]
        prefixes = prefixes_by_node(world.catalogue)
        assert [prefixes[leaf] for leaf in leaves] == [path for _, path in levels[-1]]
        scores = labels.scores[user][: len(leaves)]
        np.testing.assert_allclose(scores, [score for score, _ in levels[-1]], atol=1e-5)


def test_an_unknown_true_path_is_left_out(world: World) -> None:
    teacher = Teacher(world.target, world.prompts, machine=MACHINE, scoring="full")
    asked = asked_about(world.histories[:3])
    asked[1] = Question(asked[1].history, None)
    examples = teacher.label(asked, width=1).examples
    assert examples.truth[1].tolist() == [-1, -1, -1]
    assert [len(prefix) for _, prefix in nodes_of(examples, 1)] == [0, 1, 2]


def test_batches_joined_are_one_batch(world: World) -> None:
    whole = label(world, world.histories[:9]).examples
    parts = [label(world, world.histories[start : start + 3]).examples for start in range(0, 9, 3)]
    one = joined(parts)
    for name, array in vars(whole).items():
        if name != "values":
            assert np.array_equal(getattr(one, name), array), name
    np.testing.assert_allclose(one.values, whole.values, rtol=2e-3)


def write(world: World, out: Path, *, roll: int = 1, seed: int = 0) -> list[tuple[int, int]]:
    calls: list[tuple[int, int]] = []
    write_teacher_data(
        out,
        asked_about(world.histories[:23]),
        teacher=Teacher(world.target, world.prompts, machine=MACHINE, scoring="full"),
        catalogue=world.catalogue,
        source=source_of(world.catalogue),
        options=WriteOptions(beam_width=3, shard_size=10, batch_size=4, roll=roll, seed=seed),
        progress=lambda done, total: calls.append((done, total)),
    )
    return calls


def test_writes_missing_shards_with_the_same_bytes(world: World, tmp_path: Path) -> None:
    done = [4, 8, 10, 14, 18, 20, 23]
    assert write(world, tmp_path) == [(each, 23) for each in done]
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert sorted(before) == [f"teacher-0000{shard}.safetensors" for shard in range(3)]
    (tmp_path / "teacher-00001.safetensors").unlink()
    kept = (tmp_path / "teacher-00002.safetensors").stat().st_mtime_ns
    assert write(world, tmp_path) == [(14, 23), (18, 23), (20, 23)]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert (tmp_path / "teacher-00002.safetensors").stat().st_mtime_ns == kept


@pytest.mark.parametrize(
    ("tokens", "sizes"), [(10**6, [4, 4, 2]), (26, [2, 2, 2, 2, 2]), (1, [1] * 10)]
)
def test_batches_are_limited_by_tokens(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tokens: int, sizes: list[int]
) -> None:
    found: list[int] = []
    real = Teacher.label

    def label(self: Teacher, questions: list[Question], *, width: int) -> Labels:
        found.append(len(questions))
        return real(self, questions, width=width)

    monkeypatch.setattr(Teacher, "label", label)
    history = world.histories[0][:2]
    write_teacher_data(
        tmp_path,
        # Prompts of 13 tokens.
        [Question(np.resize(history, 4), None)] * 10,
        teacher=Teacher(world.target, world.prompts, machine=MACHINE, scoring="full"),
        catalogue=world.catalogue,
        source=source_of(world.catalogue),
        options=WriteOptions(
            beam_width=3, shard_size=10, batch_size=4, roll=0, seed=0, batch_tokens=tokens
        ),
        progress=lambda *_: None,
    )
    assert found == sizes


def test_the_seed_determines_the_appended_items(world: World, tmp_path: Path) -> None:
    for name, seed, roll in (("a", 0, 1), ("b", 1, 1), ("c", 0, 0), ("d", 1, 0)):
        write(world, tmp_path / name, roll=roll, seed=seed)
    a, b, c, d = ((tmp_path / name / "teacher-00000.safetensors").read_bytes() for name in "abcd")
    assert a != b
    assert c == d
    assert len(a) > 1.5 * len(c)


def test_rolled_histories_continue_with_the_targets_items(world: World) -> None:
    batch = asked_about(world.histories[:8])
    labels = label(world, world.histories[:8], width=3)
    rng = np.random.default_rng(0)
    drawn: list[set[int]] = [set() for _ in batch]
    for _ in range(40):
        longer = with_sampled_item(batch, labels, catalogue=world.catalogue, rng=rng)
        for before, after, items in zip(batch, longer, drawn, strict=True):
            assert after.history[:-1].tolist() == before.history.tolist()
            assert after.next_item is None
            items.add(int(after.history[-1]))
    for items, leaves in zip(drawn, labels.best.tolist(), strict=True):
        listed = set(np.flatnonzero(np.isin(world.catalogue.leaf_of, leaves)).tolist())
        assert items <= listed
    assert sum(len(items) for items in drawn) > 2 * len(drawn)


def test_items_are_drawn_by_their_probabilities(world: World) -> None:
    """Three to one; the third is a dead beam."""
    labels = label(world, world.histories[:1], width=3)
    scores = np.array([[np.log(0.3), np.log(0.1), -np.inf]])
    leaves = np.array([[*labels.best[0, :2], -1]])
    rng = np.random.default_rng(0)
    asked = asked_about(world.histories[:1])
    found = []
    for _ in range(400):
        drawn = Labels(examples=labels.examples, best=leaves, scores=scores)
        longer = with_sampled_item(asked, drawn, catalogue=world.catalogue, rng=rng)
        found.append(int(world.catalogue.leaf_of[longer[0].history[-1]]))
    first = sum(leaf == leaves[0, 0] for leaf in found)
    assert 270 < first < 330
    assert set(found) == set(leaves[0, :2].tolist())


def test_draws_from_a_list_shorter_than_the_width(world: World) -> None:
    labels = label(world, world.histories[:2], width=500)
    longer = with_sampled_item(
        asked_about(world.histories[:2]),
        labels,
        catalogue=world.catalogue,
        rng=np.random.default_rng(0),
    )
    assert all(0 <= question.history[-1] < 40 for question in longer)
