"""Rotary position embeddings: how fast each pair of a head's dimensions turns.

The fields are read by the rules of `transformers` 5, and every number is rounded as there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, NonNegativeFloat, PositiveFloat
from torch import Tensor

from nightbeam_training.errors import TrainingError


@dataclass(frozen=True)
class Rope:
    """Base and scaling of rotary positions; each kind uses the numbers that it has."""

    theta: float
    kind: Literal["default", "linear", "llama3", "yarn"] = "default"
    factor: float = 1.0
    original_positions: float = 0.0
    """Positions that the model was made for before the scaling."""
    low_frequency_factor: float = 1.0
    high_frequency_factor: float = 1.0
    beta_fast: float = 32.0
    beta_slow: float = 1.0
    truncate: bool = True
    amplitude: float = 1.0
    """Factor on cosines and sines."""

    def frequencies(self, head_size: int, device: torch.device) -> Tensor:
        """Radians per position of each pair of dimensions: float32 [head size / 2]."""
        powers = torch.arange(0, head_size, 2, dtype=torch.float32, device=device) / head_size
        wavelengths = self.theta**powers
        match self.kind:
            case "default":
                return 1.0 / wavelengths
            case "linear":
                return 1.0 / wavelengths / self.factor
            case "llama3":
                return self._llama3(1.0 / wavelengths)
            case "yarn":
                return self._yarn(wavelengths)

    def _llama3(self, plain: Tensor) -> Tensor:
        """Slow dimensions are stretched, fast ones kept, those in between blended."""
        low, high = self.low_frequency_factor, self.high_frequency_factor
        original = self.original_positions
        wavelength = 2 * math.pi / plain
        slow, fast = wavelength > original / low, wavelength < original / high
        stretched = torch.where(slow, plain / self.factor, plain)
        kept = (original / wavelength - low) / (high - low)
        blended = (1 - kept) * stretched / self.factor + kept * stretched
        return torch.where(slow | fast, stretched, blended)

    def _yarn(self, wavelengths: Tensor) -> Tensor:
        """A ramp over the dimensions between stretched and kept (Peng et al. 2023, section 3.2)."""
        head_size = 2 * len(wavelengths)

        def dimension_of(turns: float) -> float:
            ratio = self.original_positions / (turns * 2 * math.pi)
            return head_size * math.log(ratio) / (2 * math.log(self.theta))

        low, high = dimension_of(self.beta_fast), dimension_of(self.beta_slow)
        if self.truncate:
            low, high = math.floor(low), math.ceil(high)
        low, high = max(low, 0), min(high, head_size - 1)
        if low == high:
            high += 0.001
        pairs = torch.arange(len(wavelengths), dtype=torch.float32, device=wavelengths.device)
        kept = 1 - ((pairs - low) / (high - low)).clamp(0, 1)
        return 1.0 / (self.factor * wavelengths) * (1 - kept) + 1.0 / wavelengths * kept


class RopeParameters(BaseModel):
    """`rope_parameters` of a `config.json`, or the older `rope_scaling`."""

    model_config = ConfigDict(extra="allow", frozen=True)
    rope_type: str | None = None
    type: str | None = None
    rope_theta: PositiveFloat | None = None
    partial_rotary_factor: float | None = None
    factor: PositiveFloat | None = None
    original_max_position_embeddings: PositiveFloat | None = None
    low_freq_factor: PositiveFloat | None = None
    high_freq_factor: PositiveFloat | None = None
    beta_fast: NonNegativeFloat | None = None
    beta_slow: NonNegativeFloat | None = None
    attention_factor: PositiveFloat | None = None
    mscale: float | None = None
    mscale_all_dim: float | None = None
    truncate: bool | None = True


class RopeFields(BaseModel):
    """The fields of a `config.json` about rotary positions."""

    rope_theta: PositiveFloat | None = None
    rope_scaling: RopeParameters | None = None
    rope_parameters: RopeParameters | None = None
    partial_rotary_factor: float | None = None
    original_max_position_embeddings: PositiveFloat | None = None

    def rope(self, max_positions: int, place: str) -> Rope:
        """A `rope_scaling` that is not empty replaces `rope_parameters` as a whole.

        Raises TrainingError BAD_CHECKPOINT for an unknown kind, and for a number that is missing.
        """
        old = self.rope_scaling
        is_old = old is not None and bool(old.model_dump(exclude_unset=True))
        field = "rope_scaling" if is_old else "rope_parameters"
        given = (old if is_old else self.rope_parameters) or RopeParameters()
        for name, value in (given.model_extra or {}).items():
            if isinstance(value, dict):
                raise _bad(f"{place}: {field}.{name} is for some layers only: not supported")
        for part in (self.partial_rotary_factor, given.partial_rotary_factor):
            if part not in (None, 1):
                raise _bad(f"{place}: partial_rotary_factor is {part}; training supports 1")
        theta = given.rope_theta or self.rope_theta or 10_000.0

        def need(name: str, value: float | None) -> float:
            if value is None:
                raise _bad(f"{place}: {field}.{name} is missing for {kind}")
            return value

        def original() -> float:
            name = "original_max_position_embeddings"
            if name in self.model_fields_set:
                return need(name, self.original_max_position_embeddings)
            return given.original_max_position_embeddings or max_positions

        match kind := given.rope_type or given.type or "default":
            # Dynamic scaling changes nothing up to max_position_embeddings.
            case "default" | "dynamic":
                return Rope(theta)
            case "linear":
                return Rope(theta, kind, factor=need("factor", given.factor))
            case "llama3":
                return Rope(
                    theta,
                    kind,
                    factor=need("factor", given.factor),
                    low_frequency_factor=need("low_freq_factor", given.low_freq_factor),
                    high_frequency_factor=need("high_freq_factor", given.high_freq_factor),
                    original_positions=original(),
                )
            case "yarn":
                derived = given.factor is None and "factor" in given.model_fields_set
                factor = max_positions / original() if derived else need("factor", given.factor)
                return Rope(
                    theta,
                    kind,
                    factor=factor,
                    original_positions=original(),
                    beta_fast=given.beta_fast or 32.0,
                    beta_slow=given.beta_slow or 1.0,
                    truncate=bool(given.truncate),
                    amplitude=given.attention_factor or _yarn_amplitude(factor, given),
                )
            case _:
                raise _bad(
                    f"{place}: RoPE scaling is {kind}; training supports default, linear, "
                    "dynamic, llama3 and yarn"
                )


def _yarn_amplitude(factor: float, given: RopeParameters) -> float:
    def scale(m: float) -> float:
        return 1.0 if factor <= 1 else 0.1 * m * math.log(factor) + 1.0

    if given.mscale and given.mscale_all_dim:
        return scale(given.mscale) / scale(given.mscale_all_dim)
    return scale(1.0)


def _bad(message: str) -> TrainingError:
    return TrainingError("BAD_CHECKPOINT", message)
