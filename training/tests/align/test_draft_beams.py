"""The draft's own beams, scored by the target."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from world import MACHINE, World, cpu_trie, make_pool, opinion_of, prefixes_by_node, search

from nightbeam_training.align.draft_beams import DraftBeams
from nightbeam_training.data.teacher_files import Scoring


@pytest.mark.parametrize("scoring", ["full", "renormalized"])
def test_beams_are_the_drafts_and_log_probabilities_are_of_both(
    world: World, tmp_path: Path, scoring: Scoring
) -> None:
    beams = DraftBeams(
        world.target.model,
        trie=cpu_trie(world.catalogue),
        tokens=world.prompts.tokens,
        machine=MACHINE,
        scoring=scoring,
    )
    given = make_pool(world, tmp_path).take(np.arange(5))
    given.truth[1] = -1
    examples, log_q = beams.of(world.draft.model, given, 3)
    prefixes = prefixes_by_node(world.catalogue)
    for user, truth in enumerate(examples.truth.tolist()):
        prompt = examples.prompts[user]
        prompt = prompt[prompt >= 0].numpy()
        draft, target = (
            opinion_of(model, world.catalogue, prompt, scoring)
            for model in (world.draft, world.target)
        )
        wanted = {()} | {prefix for level in search(draft, [3, 3]) for _, prefix in level}
        if truth[0] >= 0:
            wanted |= {tuple(truth[:1]), tuple(truth[:2])}
        nodes = [node for node in examples.nodes[user].tolist() if node >= 0]
        assert nodes == sorted(nodes)
        assert {prefixes[node] for node in nodes} == wanted
        for place, node in enumerate(nodes):
            for opinion, row in (
                (target, examples.log_p[user, place]),
                (draft, log_q[user, place]),
            ):
                answers = opinion(prefixes[node])
                expected = [
                    answers.get(code, -np.inf) for code in range(world.catalogue.trie.codes)
                ]
                np.testing.assert_allclose(np.asarray(row), expected, atol=1e-4)
