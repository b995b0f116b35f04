"""The optimizer's learning rates, weight decay and clipped gradients."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from nightbeam_training.train import fit as fit_module
from nightbeam_training.train.fit import FitOptions
from train.straight_line import OPTIONS, Run


def rates(options: FitOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []
    real = torch.optim.AdamW.step

    def step(self: torch.optim.AdamW, *more: object) -> object:
        found.extend({group["lr"] for group in self.param_groups})
        return real(self, *more)

    monkeypatch.setattr(torch.optim.AdamW, "step", step)
    Run(tmp_path, options=options).go()
    return found


def test_a_constant_rate_warms_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = rates(replace(OPTIONS, schedule="constant"), tmp_path, monkeypatch)
    assert found == pytest.approx([0.025] + [0.05] * 14)


def test_a_cosine_falls_to_zero(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = rates(replace(OPTIONS, warmup_steps=0), tmp_path, monkeypatch)
    assert found == pytest.approx(
        [0.05 * (1 + math.cos(math.pi * step / 15)) / 2 for step in range(15)]
    )


def test_matrices_decay_and_vectors_do_not() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.RMSNorm(4))
    groups = fit_module._optimizer(model, OPTIONS).param_groups
    decay = {id(weight): group["weight_decay"] for group in groups for weight in group["params"]}
    assert decay == {id(w): 0.1 if w.dim() > 1 else 0.0 for w in model.parameters()}


def test_gradients_are_clipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    norms: list[float] = []
    real = torch.optim.AdamW.step

    def step(self: torch.optim.AdamW, *more: object) -> object:
        squares = [w.grad.square().sum() for group in self.param_groups for w in group["params"]]
        norms.append(float(sum(squares)) ** 0.5)
        return real(self, *more)

    monkeypatch.setattr(torch.optim.AdamW, "step", step)
    Run(tmp_path, options=replace(OPTIONS, clip=0.1)).go()
    assert max(norms) <= 0.1 + 1e-6
