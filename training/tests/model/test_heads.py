"""Heads of a draft: initialisation, computation and files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from world import World, cpu_trie, make_model

from nightbeam_training.errors import TrainingError
from nightbeam_training.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from nightbeam_training.model.heads import levels_hidden, with_heads
from nightbeam_training.model.llama import Llama
from nightbeam_training.model.search_model import search_model
from nightbeam_training.search.beam_search import beam_search


def level_logits(model: Llama, hidden: torch.Tensor) -> torch.Tensor:
    return model.logits(levels_hidden(model, hidden))


def trained(world: World) -> Checkpoint:
    """A draft whose blocks are not the identity."""
    draft = with_heads(world.draft)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in draft.model.nightbeam_heads.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator))
    return draft


@torch.no_grad()
def last_hidden(draft: Checkpoint, prompt: list[int]) -> Tensor:
    tokens = torch.tensor([prompt])
    hidden, _ = draft.model.hidden(tokens, torch.arange(len(prompt))[None])
    return hidden[:, -1]


def test_heads_are_initialised_to_the_model_itself(world: World) -> None:
    draft = with_heads(world.draft)
    hidden = last_hidden(world.draft, [1, 4, 9, 14])
    assert torch.equal(last_hidden(draft, [1, 4, 9, 14]), hidden)
    logits = level_logits(draft.model, hidden)
    assert logits.shape == (1, 2, world.spec.vocabulary)
    for level in range(2):
        torch.testing.assert_close(logits[:, level], world.draft.model.logits(hidden))
    assert with_heads(draft) is draft


def test_a_block_adds_to_the_input_of_the_output_layer(world: World) -> None:
    draft = trained(world)
    hidden = last_hidden(draft, [1, 4, 9, 14])
    h = hidden[0].double().numpy()
    block = draft.model.nightbeam_heads[0]
    inner = block.weight.detach().double().numpy() @ h + block.bias.detach().double().numpy()
    changed = h + inner / (1 + np.exp(-inner))
    expected = draft.model.lm_head.weight.detach().double().numpy() @ changed
    first, second = level_logits(draft.model, hidden)[0]
    torch.testing.assert_close(first, draft.model.logits(hidden)[0])
    np.testing.assert_allclose(second.detach().numpy(), expected, rtol=1e-4, atol=1e-5)


def test_saved_heads_are_loaded_unchanged(world: World, tmp_path: Path) -> None:
    draft = trained(world)
    save_checkpoint(draft, tmp_path / "a")
    assert json.loads((tmp_path / "a" / "config.json").read_text())["nightbeam_heads"] == 1
    stored = load_file(tmp_path / "a" / "model.safetensors")
    assert stored["nightbeam_heads.0.weight"].shape == (8, 8)
    assert stored["nightbeam_heads.0.bias"].shape == (8,)
    loaded = load_checkpoint(tmp_path / "a", heads=True)
    hidden = last_hidden(draft, [1, 4, 9])
    assert torch.equal(level_logits(loaded.model, hidden), level_logits(draft.model, hidden))
    save_checkpoint(loaded, tmp_path / "b")
    for name in ("config.json", "model.safetensors", "nightbeam.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_two_levels_need_no_block(tmp_path: Path, world: World) -> None:
    spec = world.spec.model_copy(
        update={"levels": 2, "codeTokenOffsets": world.spec.codeTokenOffsets[:2]}
    )
    draft = with_heads(make_model(spec, seed=1))
    save_checkpoint(draft, tmp_path)
    loaded = load_checkpoint(tmp_path, heads=True)
    assert level_logits(loaded.model, last_hidden(draft, [1, 4])).shape[1] == 1


@pytest.mark.parametrize("heads", [0, 2, "many", -1])
def test_another_number_of_blocks_is_refused(world: World, tmp_path: Path, heads: object) -> None:
    save_checkpoint(with_heads(world.draft), tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "nightbeam_heads": heads}))
    with pytest.raises(TrainingError, match="nightbeam_heads") as caught:
        load_checkpoint(tmp_path, heads=True)
    assert caught.value.code == "BAD_CHECKPOINT"


def test_a_heads_draft_is_refused_as_an_ordinary_model(world: World, tmp_path: Path) -> None:
    save_checkpoint(with_heads(world.draft), tmp_path)
    with pytest.raises(TrainingError, match="is a heads draft") as caught:
        load_checkpoint(tmp_path)
    assert caught.value.code == "BAD_CHECKPOINT"
    assert str(tmp_path) in str(caught.value)


def test_a_search_adds_up_the_heads_log_probabilities(world: World) -> None:
    """Every pair of codes that exists, scored by hand; prompts of two lengths."""
    draft = trained(world)
    prompts = torch.tensor([[1, 4, 9, 14], [-1, 1, 5, 11]])
    found = beam_search(
        search_model(draft.model),
        prompts,
        widths=[100, 100],
        trie=cpu_trie(world.catalogue),
        tokens=world.prompts.tokens,
    )
    offsets = world.spec.codeTokenOffsets
    pairs = {(int(a), int(b)) for a, b, _ in world.catalogue.codes}
    for user, prompt in enumerate([[1, 4, 9, 14], [1, 5, 11]]):
        logits = level_logits(draft.model, last_hidden(draft, prompt))[0].detach().log_softmax(-1)
        expected = sorted(
            (float(logits[0, offsets[0] + a] + logits[1, offsets[1] + b]) for a, b in pairs),
            reverse=True,
        )
        scores = found.levels[1].scores[user]
        np.testing.assert_allclose(scores[: len(pairs)].tolist(), expected, rtol=1e-4)
        assert bool((scores[len(pairs) :] == -torch.inf).all())
