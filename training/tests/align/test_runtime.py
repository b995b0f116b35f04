"""Calls, accepted steps and nodes against the runtime's decoder, user by user."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import torch
from world import (
    Path_,
    World,
    children_of,
    index_of,
    make_catalogue_at_random,
    make_world,
    opinion_of,
    prefixes_by_node,
)

from align.test_accept import evaluator_of, one_user
from nightbeam_training.data.teacher_files import Scoring
from nightbeam_training.data.teacher_pool import ExampleBatch

SCRIPT = Path(__file__).with_name("runtime.mjs")
DECODER = SCRIPT.parents[3] / "packages" / "decoding" / "dist" / "index.js"
USERS = 12
WIDTHS = [(1, [2, 2]), (3, [4, 3]), (4, [6, 5]), (5, [9, 12])]
Cost = dict[str, int]


@pytest.fixture(scope="module", params=["full", "renormalized"])
def scoring(request: pytest.FixtureRequest) -> Scoring:
    return request.param


@pytest.fixture(scope="module")
def world() -> World:
    """Many prefixes have one child, on every level but the first."""
    return make_world(catalogue=make_catalogue_at_random(items=30, codes=6, seed=4))


@pytest.fixture(scope="module")
def examples(world: World, scoring: Scoring) -> ExampleBatch:
    """The target's answers for every prefix of the catalogue: as much as a run could ask for."""
    prefixes = [path for path in prefixes_by_node(world.catalogue) if len(path) < 3]
    codes, children = world.catalogue.trie.codes, children_of(world.catalogue)
    log_p = torch.full((USERS, len(prefixes), codes), -torch.inf)
    prompts = world.prompts.padded([history[:-1] for history in world.histories[:USERS]])
    for user, prompt in enumerate(prompts):
        opinion = opinion_of(world.target, world.catalogue, prompt[prompt >= 0], scoring)
        for node, prefix in enumerate(prefixes):
            log_p[user, node, children(prefix)] = torch.tensor([*opinion(prefix).values()])
    return ExampleBatch(
        prompts=torch.from_numpy(prompts),
        nodes=torch.arange(len(prefixes)).expand(USERS, -1),
        log_p=log_p,
        truth=torch.full((USERS, 3), -1),
    )


def tables_of(world: World, examples: ExampleBatch, scoring: Scoring) -> list[object]:
    """Per user: what target and draft know about each prefix's children, by node."""
    prefixes: list[Path_] = prefixes_by_node(world.catalogue)
    children = children_of(world.catalogue)
    tables: list[object] = []
    for prompt, log_p in zip(examples.prompts.numpy(), examples.log_p, strict=True):
        draft = opinion_of(world.draft, world.catalogue, prompt[prompt >= 0], scoring)
        rows = range(len(log_p))
        tables.append(
            {
                "target": [log_p[row, children(prefixes[row])].tolist() for row in rows],
                "draft": [list(draft(prefixes[row]).values()) for row in rows],
            }
        )
    return tables


@pytest.fixture(scope="module")
def of_runtime(world: World, examples: ExampleBatch, scoring: Scoring) -> list[list[Cost]]:
    node = shutil.which("node")
    if node is None or not DECODER.exists():
        pytest.skip("needs Node.js and the built runtime: npm run build")
    users = tables_of(world, examples, scoring)
    shared = {"index": index_of(world.catalogue), "scoring": scoring, "users": users}
    cases = [{**shared, "beamWidth": width, "widths": widths} for width, widths in WIDTHS]
    ended = subprocess.run(
        [node, str(SCRIPT)], input=json.dumps(cases), capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    costs: list[list[Cost]] = json.loads(ended.stdout)
    assert {cost["calls"] for case in costs for cost in case} >= {1, 2, 3}
    return costs


@pytest.mark.parametrize("case", range(len(WIDTHS)), ids=lambda at: f"K={WIDTHS[at][0]}")
def test_counts_as_the_runtime_does(
    world: World,
    examples: ExampleBatch,
    scoring: Scoring,
    of_runtime: list[list[Cost]],
    case: int,
) -> None:
    width, widths = WIDTHS[case]
    evaluator = evaluator_of(world, world.draft, scoring)
    for user, cost in enumerate(of_runtime[case]):
        found = evaluator.acceptance(
            one_user(examples, user), beam_width=width, draft_widths=widths
        )
        assert (found.calls, found.accepted_steps, found.nodes) == (
            cost["calls"],
            cost["firstCallAcceptedSteps"],
            cost["nodes"],
        )
