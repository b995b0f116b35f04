"""Estimates of memory: weights to the byte, and refusals that name the remedy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from world import MACHINE, World, make_model

from nightbeam_training.errors import TrainingError
from nightbeam_training.model import memory
from nightbeam_training.model.checkpoint import load_checkpoint, save_checkpoint
from nightbeam_training.model.lora import LoraOptions, add_lora
from nightbeam_training.model.memory import MemoryNeed, SearchBatch, Training
from nightbeam_training.model.open_stored import StoredModel, open_stored
from nightbeam_training.train.state import trainable

BF16 = replace(MACHINE, precision="bf16")
CPU = torch.device("cpu")


@pytest.fixture
def stored(world: World, tmp_path: Path) -> StoredModel:
    save_checkpoint(make_model(world.spec, seed=1), tmp_path, dtype=torch.bfloat16)
    return open_stored(tmp_path)


@pytest.mark.parametrize("frozen", [False, True])
def test_weights_are_counted_to_the_byte(stored: StoredModel, frozen: bool) -> None:
    model = load_checkpoint(stored.directory, frozen=frozen).model
    expected = sum(weight.numel() * weight.itemsize for weight in model.parameters())
    assert memory.weight_bytes(stored, frozen=frozen) == expected


@pytest.mark.parametrize("lora", [None, LoraOptions(3, 6.0), LoraOptions(3, 6.0, embeddings=True)])
def test_moments_are_those_of_what_trains(stored: StoredModel, lora: LoraOptions | None) -> None:
    model = load_checkpoint(stored.directory).model
    if lora is not None:
        add_lora(model, lora)
    weights = sum(weight.numel() for weight in trainable(model).values())
    training = Training(tokens=100, lora=lora, gradient_checkpointing=False)
    need = memory.training_memory(stored, training, machine=BF16)
    assert need.parts["gradients and moments"] == 12 * weights
    less = replace(training, gradient_checkpointing=True)
    assert memory.training_memory(stored, less, machine=BF16).total < need.total


def test_more_tokens_and_beams_need_more(stored: StoredModel) -> None:
    search = SearchBatch(users=4, tokens=80, beams=5, levels=3)
    needs = [
        memory.search_memory(stored, each, machine=machine).total
        for each, machine in [
            (search, BF16),
            (search, MACHINE),
            (replace(search, tokens=160), MACHINE),
            (replace(search, tokens=160, beams=50), MACHINE),
        ]
    ]
    assert needs == sorted(needs)
    assert len(set(needs)) == 4


def test_too_little_memory_is_said_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    need = MemoryNeed({"weights": 15.2e9, "layers": 4e9})
    monkeypatch.setattr(memory, "free_memory", lambda _: 80e9)
    assert need.check(CPU, remedy="give less") == (
        "Needs about 19.2 GB of memory (weights 15.2, layers 4.0); 80.0 GB are free"
    )
    monkeypatch.setattr(memory, "free_memory", lambda _: 16e9)
    with pytest.raises(TrainingError, match="GB are free: give less") as caught:
        need.check(CPU, remedy="give less")
    assert caught.value.code == "TOO_LARGE"
    monkeypatch.setattr(memory, "free_memory", lambda _: None)
    assert need.check(CPU, remedy="").endswith("(weights 15.2, layers 4.0)")
    assert MemoryNeed({"weights": 1e6}).check(CPU, remedy="") is None


def test_the_free_memory_of_this_machine_is_known() -> None:
    free = memory.free_memory(CPU)
    assert free is None or free > 0
