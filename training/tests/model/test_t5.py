"""Our T5 against `transformers`, and trees and searches against one path at a time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from world import World, cpu_trie, make_t5, make_world, prefixes_by_node

from nightbeam_training.errors import TrainingError
from nightbeam_training.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from nightbeam_training.model.search_model import search_model
from nightbeam_training.model.stored import WEIGHTS_FILE, read_header, save_tensors
from nightbeam_training.model.t5 import T5
from nightbeam_training.model.tree import tree_hidden, tree_input
from nightbeam_training.search.beam_search import beam_search

SHAPES: list[dict[str, object]] = [
    {},
    {"d_kv": 5, "num_heads": 3, "num_layers": 1, "num_decoder_layers": 3},
    {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False},
    {
        "feed_forward_proj": "gated-silu",
        "tie_word_embeddings": False,
        "scale_decoder_outputs": True,
    },
    {"feed_forward_proj": "gelu", "scale_decoder_outputs": False},
    {"relative_attention_num_buckets": 8, "relative_attention_max_distance": 12},
    {"decoder_start_token_id": 3, "layer_norm_epsilon": 1e-3},
]


def model_of(checkpoint: Checkpoint) -> T5:
    assert isinstance(checkpoint.model, T5)
    return checkpoint.model


def prompts_of_lengths(vocabulary: int, lengths: list[int]) -> Tensor:
    rng = np.random.default_rng(0)
    prompts = np.full((len(lengths), max(lengths)), -1, dtype=np.int64)
    for row, length in zip(prompts, lengths, strict=True):
        row[-length:] = rng.integers(3, vocabulary, size=length)
    return torch.from_numpy(prompts)


def their_logits(directory: Path, prompts: Tensor, answers: Tensor) -> Tensor:
    from transformers import T5ForConditionalGeneration

    theirs = T5ForConditionalGeneration.from_pretrained(directory).eval()
    logits: Tensor = theirs(
        input_ids=prompts.clamp(min=0), attention_mask=(prompts >= 0).long(), labels=answers
    ).logits
    return logits


@pytest.mark.parametrize("fields", SHAPES, ids=lambda fields: "-".join(fields) or "plain")
@torch.no_grad()
def test_logits_are_those_of_transformers(
    world: World, tmp_path: Path, fields: dict[str, object]
) -> None:
    ours = make_t5(world.catalogue, seed=3, **fields)
    save_checkpoint(ours, tmp_path)
    prompts = prompts_of_lengths(world.spec.vocabulary, [40, 7, 1])
    answers = torch.arange(12).view(3, 4) + 3
    expected = their_logits(tmp_path, prompts, answers)
    model = model_of(ours)
    logits = model.logits(model.answer_hidden(prompts, answers))
    assert logits.std() > 0.3
    torch.testing.assert_close(logits, expected, atol=2e-5, rtol=1e-5)
    loaded = model_of(load_checkpoint(tmp_path))
    assert torch.equal(loaded.logits(loaded.answer_hidden(prompts, answers)), logits)


@pytest.mark.parametrize("tied", [True, False], ids=["tied", "own head"])
@pytest.mark.parametrize("stored", ["encoder.embed_tokens.weight", "shared.weight"])
@torch.no_grad()
def test_stored_heads_and_names_are_read_as_transformers_reads_them(
    world: World, tmp_path: Path, tied: bool, stored: str
) -> None:
    from safetensors.torch import load_file

    ours = make_t5(world.catalogue, seed=3, tie_word_embeddings=False)
    save_checkpoint(ours, tmp_path)
    weights = load_file(tmp_path / WEIGHTS_FILE)
    table = weights.pop("shared.weight")
    if tied:
        weights["lm_head.weight"] = table.clone()
    extra = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"
    save_tensors({**weights, stored: table, extra: torch.ones(2, 2)}, tmp_path / WEIGHTS_FILE)
    prompts = prompts_of_lengths(world.spec.vocabulary, [9, 4])
    answers = torch.arange(6).view(2, 3) + 3
    loaded = load_checkpoint(tmp_path)
    model = model_of(loaded)
    logits = model.logits(model.answer_hidden(prompts, answers))
    if stored == "shared.weight":
        expected = their_logits(tmp_path, prompts, answers)
        torch.testing.assert_close(logits, expected, atol=2e-5, rtol=1e-5)
    save_checkpoint(loaded, tmp_path / "again")
    again = their_logits(tmp_path / "again", prompts, answers)
    torch.testing.assert_close(logits, again, atol=2e-5, rtol=1e-5)
    assert ("lm_head.weight" in read_header(tmp_path / "again" / WEIGHTS_FILE)) is not tied


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"feed_forward_proj": "gated-tanh"}, "feed_forward_proj is gated-tanh"),
        ({"relative_attention_max_distance": 16}, "relative_attention_max_distance 16"),
        ({"decoder_start_token_id": 90_000}, "decoder_start_token_id 90000"),
        ({"num_heads": 0}, "num_heads"),
        ({"is_encoder_decoder": False}, "is_encoder_decoder"),
        ({"quantization_config": {"bits": 8}}, "quantization_config"),
    ],
)
def test_configurations_that_cannot_be_computed_are_refused(
    world: World, tmp_path: Path, fields: dict[str, object], named: str
) -> None:
    checkpoint = make_t5(world.catalogue, seed=3)
    save_checkpoint(replace(checkpoint, config={**checkpoint.config, **fields}), tmp_path)
    with pytest.raises(TrainingError, match=named) as caught:
        load_checkpoint(tmp_path)
    assert caught.value.code == "BAD_CHECKPOINT"
    assert str(tmp_path / "config.json") in str(caught.value)


@torch.no_grad()
def test_a_tree_and_a_search_give_what_every_path_alone_gives() -> None:
    deep = make_world(levels=4, codes=3)
    checkpoint = make_t5(deep.catalogue, seed=3)
    model, trie = model_of(checkpoint), cpu_trie(deep.catalogue)
    prefixes = prefixes_by_node(deep.catalogue)
    prompts = prompts_of_lengths(checkpoint.prompt.vocabulary, [5, 8, 1])
    inner = int(trie.level_start[4])
    nodes = torch.full((3, inner), -1)
    nodes[0] = torch.arange(inner)
    nodes[1, :3] = torch.tensor([0, 2, 3])
    nodes[2, 0] = 0
    tokens = deep.prompts.tokens
    tree = tree_input(prompts, nodes, trie=trie, tokens=tokens)
    logits = model.logits(tree_hidden(model, tree))

    def alone(user: int, node: int) -> Tensor:
        prefix = prefixes[node]
        codes = [tokens.table[level, code] for level, code in enumerate(prefix)]
        prompt = prompts[user][prompts[user] >= 0][None]
        return model.logits(model.answer_hidden(prompt, torch.tensor([[*codes, 0]])))[0, -1]

    for user in range(3):
        for place, node in enumerate(nodes[user].tolist()):
            if node >= 0:
                expected = alone(user, node)
                torch.testing.assert_close(logits[user, place], expected, atol=2e-5, rtol=1e-5)
    found = beam_search(
        search_model(model), prompts, widths=[4] * 4, trie=trie, tokens=tokens, scoring="full"
    )
    for user in range(3):
        for place, node in enumerate(found.expanded[user].tolist()):
            if node < 0:
                continue
            codes = found.log_probs[user, place].isfinite().nonzero()[:, 0]
            row = alone(user, node).log_softmax(dim=-1)
            expected = row[torch.from_numpy(tokens.table)[len(prefixes[node])][codes]]
            torch.testing.assert_close(
                found.log_probs[user, place, codes], expected, atol=2e-5, rtol=1e-5
            )
