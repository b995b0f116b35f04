"""Small random catalogues, models and histories, and searches written the obvious way."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from nightbeam_training.data.augment import Question
from nightbeam_training.data.catalogue import Catalogue, Ints, make_catalogue
from nightbeam_training.data.histories import Histories
from nightbeam_training.data.prompt_spec import PromptSpec, default_prompt_spec
from nightbeam_training.data.prompts import Prompts, open_prompts
from nightbeam_training.data.teacher_files import Scoring, TeacherSource, write_teacher_file
from nightbeam_training.data.teacher_pool import TeacherPool
from nightbeam_training.data.torch_trie import TorchTrie
from nightbeam_training.model.checkpoint import Checkpoint, new_checkpoint
from nightbeam_training.model.config import new_config
from nightbeam_training.model.precision import Machine
from nightbeam_training.recommend.new_model import T5Size, new_model
from nightbeam_training.teach.label import Labels, Teacher

MACHINE = Machine(device=torch.device("cpu"), precision="fp32")
Path_ = tuple[int, ...]
"""Codes of a prefix."""
Opinion = Callable[[Path_], dict[int, float]]
"""Log-probability of every child, by code, after a prefix."""


@dataclass(frozen=True)
class World:
    catalogue: Catalogue
    spec: PromptSpec
    prompts: Prompts
    target: Checkpoint
    draft: Checkpoint
    histories: list[Ints]


def cpu_trie(catalogue: Catalogue) -> TorchTrie:
    return TorchTrie(catalogue.trie, MACHINE.device)


def make_catalogue_at_random(
    *, items: int = 40, levels: int = 3, codes: int = 5, seed: int = 0
) -> Catalogue:
    """Some items share a path, some prefixes have one child."""
    paths = np.random.default_rng(seed).integers(codes, size=(items, levels))
    return make_catalogue([f"item {number}" for number in range(items)], paths.astype(np.int64))


def make_model(spec: PromptSpec, *, seed: int, width: int = 16, **fields: object) -> Checkpoint:
    config = new_config(vocabulary=spec.vocabulary, layers=2, width=width, heads=2, feed_forward=24)
    torch.manual_seed(seed)
    # Weights that are large enough for scores to differ.
    return new_checkpoint({**config, "initializer_range": 0.4, **fields}, spec)


def make_t5(catalogue: Catalogue, *, seed: int, max_items: int = 4, **fields: object) -> Checkpoint:
    """Without dropout. Weights are those of T5's own start, and random norms and biases."""
    size = T5Size(
        layers=2,
        decoder_layers=2,
        width=16,
        heads=2,
        head_width=8,
        feed_forward=24,
        dropout=0.0,
    )
    torch.manual_seed(seed)
    begun = new_model(catalogue, size, max_items=max_items)
    config = {**begun.config, **fields}
    made = new_checkpoint(config, begun.prompt)
    with torch.no_grad():
        for name, weight in made.model.named_parameters():
            if "norm" in name or "bias" in name:
                weight.add_(0.5 * torch.randn_like(weight))
    return made


def make_histories(catalogue: Catalogue, users: int, *, seed: int = 0) -> list[Ints]:
    rng = np.random.default_rng(seed)
    items = len(catalogue.item_ids)
    return [rng.integers(items, size=int(rng.integers(2, 9))) for _ in range(users)]


def make_world(
    seed: int = 0, *, levels: int = 3, codes: int = 5, catalogue: Catalogue | None = None
) -> World:
    """Without a catalogue, one of random paths of `levels` codes below `codes`."""
    if catalogue is None:
        catalogue = make_catalogue_at_random(levels=levels, codes=codes, seed=seed)
    spec = default_prompt_spec(catalogue, max_items=4)
    return World(
        catalogue=catalogue,
        spec=spec,
        prompts=open_prompts(spec, catalogue, Path("world")),
        target=make_model(spec, seed=seed, num_key_value_heads=1),
        draft=make_model(spec, seed=seed + 1, width=8),
        histories=make_histories(catalogue, 30, seed=seed),
    )


def index_of(catalogue: Catalogue) -> dict[str, list[str]]:
    """The LC-Rec index."""
    return {
        item: [f"<{chr(97 + level)}_{code}>" for level, code in enumerate(codes)]
        for item, codes in zip(catalogue.item_ids, catalogue.codes.tolist(), strict=True)
    }


def as_users(items: list[Ints]) -> Histories:
    """Users with these items and without texts."""
    return Histories(
        users=[f"u{number}" for number, _ in enumerate(items)],
        items=items,
        texts=[{} for _ in items],
    )


def write_index(path: Path, catalogue: Catalogue) -> Path:
    path.write_text(json.dumps(index_of(catalogue)))
    return path


def write_histories(path: Path, catalogue: Catalogue, histories: list[Ints]) -> Path:
    rows = [
        {"user": f"u{number}", "history": [catalogue.item_ids[item] for item in history]}
        for number, history in enumerate(histories)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def asked_about(histories: list[Ints]) -> list[Question]:
    """Every history without its last item, which is the next item."""
    return [Question(history[:-1], int(history[-1])) for history in histories]


def label(
    world: World, histories: list[Ints], *, width: int = 4, scoring: Scoring = "full"
) -> Labels:
    teacher = Teacher(world.target, world.prompts, machine=MACHINE, scoring=scoring)
    return teacher.label(asked_about(histories), width=width)


def source_of(catalogue: Catalogue, scoring: Scoring = "full") -> TeacherSource:
    return TeacherSource(
        target="t" * 64, catalogue=catalogue.hash, scoring=scoring, levels=catalogue.trie.levels
    )


def make_pool(
    world: World, folder: Path, *, width: int = 4, scoring: Scoring = "full"
) -> TeacherPool:
    path = folder / "teacher.safetensors"
    labels = label(world, world.histories, width=width, scoring=scoring)
    write_teacher_file(path, labels.examples, source_of(world.catalogue, scoring))
    return TeacherPool([path], world.catalogue.trie)


def children_of(catalogue: Catalogue) -> Callable[[Path_], list[int]]:
    """Codes that may follow a prefix, ascending, found in the list of all paths."""
    paths = {tuple(path) for path in catalogue.codes.tolist()}

    def children(prefix: Path_) -> list[int]:
        at = len(prefix)
        return sorted({path[at] for path in paths if path[:at] == prefix})

    return children


def prefixes_by_node(catalogue: Catalogue) -> list[Path_]:
    """Breadth first, and within a level in order of the paths: the index is the node."""
    paths = {tuple(path) for path in catalogue.codes.tolist()}
    levels = catalogue.trie.levels
    all_prefixes = {path[:length] for path in paths for length in range(levels + 1)}
    return sorted(all_prefixes, key=lambda one: (len(one), one))


@torch.no_grad()
def opinion_of(
    checkpoint: Checkpoint, catalogue: Catalogue, prompt: Ints, scoring: Scoring = "full"
) -> Opinion:
    """Each prefix in its own causal pass: no tree, no cache, no padding."""
    children, spec = children_of(catalogue), checkpoint.prompt
    memory: dict[Path_, dict[int, float]] = {}

    def after(prefix: Path_) -> dict[int, float]:
        if prefix not in memory:
            codes = np.array(prefix, dtype=np.int64) + np.array(
                spec.codeTokenOffsets[: len(prefix)], dtype=np.int64
            )
            tokens = torch.from_numpy(np.concatenate([prompt, codes]))[None]
            with torch.no_grad():
                hidden, _ = checkpoint.model.hidden(tokens, torch.arange(tokens.shape[1])[None])
                logits = checkpoint.model.logits(hidden[0, -1]).double()
            offset = spec.codeTokenOffsets[len(prefix)]
            valid = children(prefix)
            chosen = logits[[offset + code for code in valid]]
            whole = logits if scoring == "full" else chosen
            log_probs = (chosen - whole.logsumexp(0)).tolist()
            memory[prefix] = dict(zip(valid, log_probs, strict=True))
        return memory[prefix]

    return after


def search(opinion: Opinion, widths: list[int]) -> list[list[tuple[float, Path_]]]:
    """Plain beam search: per level the best prefixes with their scores, best first."""
    beams: list[tuple[float, Path_]] = [(0.0, ())]
    levels = []
    for width in widths:
        candidates = [
            (score + log_prob, (*prefix, code))
            for score, prefix in beams
            for code, log_prob in opinion(prefix).items()
        ]
        beams = sorted(candidates, key=lambda one: (-one[0], one[1]))[:width]
        levels.append(beams)
    return levels


def shared_data() -> Path:
    """Real data from outside the repository; the test is skipped with a message if it is absent."""
    default = Path(__file__).resolve().parents[3] / "shared"
    folder = Path(os.environ.get("NIGHTBEAM_SHARED", default))
    if not (folder / "data" / "beauty").is_dir():
        pytest.skip(f"no real data in {folder}; NIGHTBEAM_SHARED names another folder")
    return folder
