"""LoRA: what is trained, and that peft, the runtime's rules and a merged copy say the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from world import World, make_model

from nightbeam_training.model.checkpoint import load_checkpoint, save_checkpoint
from nightbeam_training.model.llama import Llama
from nightbeam_training.model.lora import LoraOptions, add_lora, save_adapter, save_merged
from nightbeam_training.train.state import trainable

OPTIONS = LoraOptions(rank=3, alpha=5.0)


def logits_of(model: Llama) -> Tensor:
    tokens = torch.arange(12).view(2, 6)
    hidden, _ = model.hidden(tokens, torch.arange(6).expand(2, -1))
    return model.logits(hidden)


def trained(world: World, base: Path, options: LoraOptions, *, tied: bool = False) -> Llama:
    """A model with an adapter that two steps have changed."""
    checkpoint = make_model(world.spec, seed=1, model_type="qwen2", tie_word_embeddings=tied)
    save_checkpoint(checkpoint, base)
    model = load_checkpoint(base).model
    before = logits_of(model)
    torch.manual_seed(0)
    add_lora(model, options)
    assert torch.equal(logits_of(model), before)
    optimizer = torch.optim.SGD(trainable(model).values(), lr=0.1)
    for _ in range(2):
        logits_of(model).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    return model


def test_only_the_adapter_trains(world: World, tmp_path: Path) -> None:
    model = trained(world, tmp_path, OPTIONS)
    assert len(trainable(model)) == 2 * 7 * 2
    assert all(".lora_" in name for name in trainable(model))
    base = load_file(tmp_path / "model.safetensors")
    now = model.state_dict()
    assert all(torch.equal(now[name], base[name]) for name in base)
    assert not torch.equal(logits_of(model), logits_of(load_checkpoint(tmp_path).model))


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("embeddings", [False, True])
@pytest.mark.filterwarnings("ignore")
@torch.no_grad()
def test_a_saved_adapter_gives_what_training_gave(
    world: World, tmp_path: Path, embeddings: bool, tied: bool
) -> None:
    base, saved = tmp_path / "base", tmp_path / "adapter"
    options = LoraOptions(rank=3, alpha=5.0, embeddings=embeddings)
    with torch.enable_grad():
        model = trained(world, base, options, tied=tied)
    save_adapter(model, saved, base=base, options=options)
    expected = logits_of(model)
    torch.testing.assert_close(logits_of(load_checkpoint(saved).model), expected)
    save_merged(saved, tmp_path / "merged")
    merged = load_checkpoint(tmp_path / "merged")
    torch.testing.assert_close(logits_of(merged.model), expected)
    assert merged.model.config.tie_word_embeddings == tied

    peft = pytest.importorskip("peft", reason="peft is not installed: pip install peft")
    theirs = peft.AutoPeftModelForCausalLM.from_pretrained(saved)
    torch.testing.assert_close(
        theirs(torch.arange(12).view(2, 6)).logits, expected, atol=1e-5, rtol=1e-5
    )


@torch.no_grad()
def test_a_merged_copy_has_the_numbers_of_its_base(world: World, tmp_path: Path) -> None:
    base, saved = tmp_path / "base", tmp_path / "adapter"
    save_checkpoint(make_model(world.spec, seed=1), base, dtype=torch.bfloat16)
    model = load_checkpoint(base, frozen=True).model
    add_lora(model, OPTIONS)
    save_adapter(model, saved, base=base, options=OPTIONS)
    save_merged(saved, tmp_path / "merged")
    one, other = (load_file(path / "model.safetensors") for path in (base, tmp_path / "merged"))
    assert one.keys() == other.keys()
    # B is zero before the first step.
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert {tensor.dtype for tensor in other.values()} == {torch.bfloat16}
