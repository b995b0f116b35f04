"""Our decoder against `transformers`, and trees and caches against one path at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from world import World, cpu_trie, make_model, make_world, prefixes_by_node

from nightbeam_training.data.prompt_spec import PromptSpec
from nightbeam_training.model.checkpoint import Checkpoint, save_checkpoint
from nightbeam_training.model.tree import TreeInput, tree_hidden, tree_input

SHAPES: list[dict[str, object]] = [
    {},
    {"num_key_value_heads": 1},
    {"tie_word_embeddings": True},
    {"attention_bias": True, "mlp_bias": True},
    {"head_dim": 4, "rope_theta": 500.0, "rms_norm_eps": 1e-3},
    {"rope_parameters": {"rope_type": "default", "rope_theta": 300.0}},
    {
        "rope_theta": 300.0,
        "rope_scaling": {"rope_type": "default"},
        "rope_parameters": {"rope_type": "default", "rope_theta": 500.0},
    },
    {"rope_scaling": {"type": "linear", "factor": 3.0}},
    {"model_type": "qwen2", "tie_word_embeddings": True},
    {"model_type": "qwen2", "num_key_value_heads": 1, "use_sliding_window": True},
    {"model_type": "qwen3", "num_key_value_heads": 1, "head_dim": 16},
    {"model_type": "qwen3", "attention_bias": True},
    {"model_type": "mistral", "num_key_value_heads": 1, "sliding_window": 64},
    {"model_type": "mistral", "attention_bias": True, "mlp_bias": True},
]
ROPES: list[dict[str, object]] = [
    {"rope_theta": 10_000.0},
    {"rope_theta": 1_000_000.0},
    {"rope_scaling": {"type": "linear", "factor": 2.5}},
    {"rope_scaling": {"type": "dynamic", "factor": 2.0}},
    {
        "rope_theta": 500_000.0,
        "max_position_embeddings": 131_072,
        "rope_scaling": {
            "rope_type": "llama3",
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 300,
        },
    },
    {"rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128}},
    {
        "rope_parameters": {
            "rope_type": "yarn",
            "rope_theta": 500.0,
            "factor": 4.0,
            "mscale": 0.7,
            "mscale_all_dim": 1.1,
            "truncate": False,
            "original_max_position_embeddings": 64,
        }
    },
]


def random_weights(checkpoint: Checkpoint) -> Checkpoint:
    """Random norms and biases too, so that omitting one is noticed."""
    torch.manual_seed(7)
    with torch.no_grad():
        for weight in checkpoint.model.parameters():
            if weight.dim() == 1:
                weight.add_(0.3 * torch.randn_like(weight))
    return checkpoint


def causal_logits(checkpoint: Checkpoint, tokens: Tensor) -> Tensor:
    positions = torch.arange(tokens.shape[1]).expand(len(tokens), -1)
    hidden, _ = checkpoint.model.hidden(tokens, positions)
    return checkpoint.model.logits(hidden)


@pytest.mark.parametrize("fields", SHAPES, ids=lambda fields: "-".join(fields) or "plain")
@torch.no_grad()
def test_logits_are_those_of_transformers(
    world: World, tmp_path: Path, fields: dict[str, object]
) -> None:
    from transformers import AutoModelForCausalLM

    ours = random_weights(make_model(world.spec, seed=3, **fields))
    save_checkpoint(ours, tmp_path)
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path).eval()
    tokens = torch.from_numpy(np.random.default_rng(0).integers(world.spec.vocabulary, size=(3, 9)))
    torch.testing.assert_close(
        causal_logits(ours, tokens), theirs(tokens).logits, atol=1e-5, rtol=1e-5
    )


@pytest.mark.parametrize("fields", ROPES, ids=str)
def test_rotations_are_those_of_transformers_to_the_bit(
    world: World, fields: dict[str, object]
) -> None:
    from transformers import LlamaConfig
    from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

    ours = make_model(world.spec, seed=3, head_dim=64, **fields)
    config = LlamaConfig(**{**ours.config, "torch_dtype": None})
    positions = torch.arange(500)[None]
    theirs = LlamaRotaryEmbedding(config)(torch.zeros(1), positions)
    rotation = ours.model._rotation(positions)
    assert torch.equal(rotation.cos[:, 0], theirs[0])
    assert torch.equal(rotation.sin[:, 0], theirs[1])


@pytest.fixture(scope="module")
def deep() -> World:
    """Five codes per path, so that nodes have ancestors beyond their parents' parents."""
    return make_world(levels=5, codes=3)


@pytest.fixture
def tree_world(deep: World) -> tuple[Checkpoint, np.ndarray, np.ndarray]:
    """A model, prompts of three lengths, and the whole trie, a part of it, and the root."""
    model = random_weights(make_model(deep.spec, seed=3, num_key_value_heads=1))
    trie = deep.catalogue.trie
    inner = int(trie.level_start[5])
    nodes = np.full((3, inner), -1, dtype=np.int64)
    nodes[0] = np.arange(inner)
    part = [0, 2, 3, int(trie.children(np.array([3]))[1][-1]) + 1]
    nodes[1, : len(part)] = part
    nodes[2, 0] = 0
    prompts = np.full((3, 8), -1, dtype=np.int64)
    rng = np.random.default_rng(1)
    for row, length in zip(prompts, (5, 8, 1), strict=True):
        row[-length:] = rng.integers(4, deep.spec.vocabulary, size=length)
    return model, prompts, nodes


def tree_of(world: World, prompts: np.ndarray, nodes: np.ndarray) -> TreeInput:
    return tree_input(
        torch.from_numpy(prompts),
        torch.from_numpy(nodes),
        trie=cpu_trie(world.catalogue),
        tokens=world.prompts.tokens,
    )


def prefix_tokens(spec: PromptSpec, prefix: tuple[int, ...]) -> list[int]:
    return [spec.codeTokenOffsets[level] + code for level, code in enumerate(prefix)]


@torch.no_grad()
def test_a_tree_gives_what_every_path_alone_gives(
    deep: World, tree_world: tuple[Checkpoint, np.ndarray, np.ndarray]
) -> None:
    model, prompts, nodes = tree_world
    tree = tree_of(deep, prompts, nodes)
    logits = model.model.logits(tree_hidden(model.model, tree))
    assert logits.dtype == torch.float32
    assert not logits.isnan().any()
    prefixes = prefixes_by_node(deep.catalogue)
    for user in range(3):
        prompt = prompts[user][prompts[user] >= 0].tolist()
        for place, node in enumerate(nodes[user]):
            if node < 0:
                continue
            tokens = torch.tensor([prompt + prefix_tokens(deep.spec, prefixes[node])])
            alone = causal_logits(model, tokens)[0, -1]
            torch.testing.assert_close(logits[user, place], alone, atol=1e-5, rtol=1e-5)


def test_a_tree_has_depths_parents_and_codes(
    deep: World, tree_world: tuple[Checkpoint, np.ndarray, np.ndarray]
) -> None:
    _, prompts, nodes = tree_world
    tree = tree_of(deep, prompts, nodes)
    prefixes = prefixes_by_node(deep.catalogue)
    for user in range(3):
        for place, node in enumerate(nodes[user]):
            prefix = prefixes[node] if node >= 0 else ()
            assert tree.depth[user, place] == len(prefix)
            assert tree.code[user, place] == (prefix[-1] if prefix else 0)
            parent = prefixes[nodes[user, tree.parent[user, place]]]
            assert parent == prefix[:-1]


@pytest.mark.parametrize("room", [0, 2, 3])
@torch.no_grad()
def test_a_cache_is_extended(world: World, room: int) -> None:
    model = random_weights(make_model(world.spec, seed=3, num_key_value_heads=1))
    tokens = torch.randint(
        world.spec.vocabulary, (2, 9), generator=torch.Generator().manual_seed(0)
    )
    positions = torch.arange(9).expand(2, -1)
    whole, whole_cache = model.model.hidden(tokens, positions)
    _, cache = model.model.hidden(tokens[:, :6], positions[:, :6], rows=1, room=room)
    mask = torch.ones(9, 9, dtype=torch.bool).tril()[6:].expand(2, 1, -1, -1)
    rest, cache = model.model.hidden(tokens[:, 6:], positions[:, 6:], mask=mask, past=cache)
    torch.testing.assert_close(rest, whole[:, 6:], atol=1e-5, rtol=1e-5)
    for layer, whole_layer in zip(cache, whole_cache, strict=True):
        torch.testing.assert_close(layer.keys, whole_layer.keys, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(layer.values, whole_layer.values, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("rows", [1, 4, 9])
@pytest.mark.parametrize("masked", [False, True])
@torch.no_grad()
def test_the_last_rows_alone_are_the_same(world: World, rows: int, masked: bool) -> None:
    model = random_weights(make_model(world.spec, seed=3))
    tokens = torch.randint(
        world.spec.vocabulary, (2, 9), generator=torch.Generator().manual_seed(0)
    )
    positions = torch.arange(9).expand(2, -1)
    mask = torch.ones(9, 9, dtype=torch.bool).tril().expand(2, 1, -1, -1) if masked else None
    whole, _ = model.model.hidden(tokens, positions)
    last, _ = model.model.hidden(tokens, positions, mask=mask, rows=rows)
    torch.testing.assert_close(last, whole[:, -rows:], atol=1e-5, rtol=1e-5)


def test_gradient_checkpointing_changes_no_gradient_and_keeps_no_cache(world: World) -> None:
    model = random_weights(make_model(world.spec, seed=3)).model
    tokens = torch.arange(12).view(2, 6) % world.spec.vocabulary
    positions = torch.arange(6).expand(2, -1)
    gradients = []
    for on in (False, True):
        model.gradient_checkpointing = on
        hidden, cache = model.hidden(tokens, positions, rows=2)
        gradients.append(torch.autograd.grad(hidden.square().sum(), list(model.model.parameters())))
        assert len(cache) == (0 if on else 2)
    for one, other in zip(*gradients, strict=True):
        assert torch.equal(one, other)


def test_logits_are_multiplied_in_float32_under_autocast(world: World) -> None:
    model = make_model(world.spec, seed=3).model
    hidden = torch.randn(3, 16, generator=torch.Generator().manual_seed(0))
    expected = hidden @ model.lm_head.weight.T
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(model.logits(hidden), expected)
