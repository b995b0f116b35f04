"""Options of `target` for models that are too large to train as a whole."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from nightbeam_training.errors import TrainingError
from nightbeam_training.model.adapter import ADAPTER_CONFIG
from nightbeam_training.model.lora import LoraOptions


class LoraArguments(BaseModel):
    """--lora-rank and the options that need it, --gradient-checkpointing."""

    model_config = ConfigDict(frozen=True)
    lora_rank: int | None = Field(
        None,
        ge=1,
        description="Train a LoRA adapter of this rank on all layers of --begin-with, and write it "
        "as peft does.  [default: train all weights]",
    )
    lora_alpha: float | None = Field(
        None, gt=0, description="Weight of the adapter: alpha / rank.  [default: twice the rank]"
    )
    lora_embeddings: bool = Field(
        False, description="Also train the embeddings and the output layer, as new codes need."
    )
    save_merged: bool = Field(
        False, description="Also write the model with the adapter merged, to OUT/merged."
    )
    gradient_checkpointing: bool = Field(
        False,
        description="Keep only the layers' inputs for the backward pass, and compute the rest "
        "again: about a third slower, with a fraction of the memory.",
    )

    def lora(self, begin_with: Path | None) -> LoraOptions | None:
        """None without --lora-rank. Raises TrainingError BAD_OPTION, naming the option."""
        if self.lora_rank is None:
            for flag, given in (
                ("--lora-alpha", self.lora_alpha is not None),
                ("--lora-embeddings", self.lora_embeddings),
                ("--save-merged", self.save_merged),
            ):
                if given:
                    raise TrainingError("BAD_OPTION", f"{flag} changes nothing without --lora-rank")
            return None
        if begin_with is None:
            raise TrainingError(
                "BAD_OPTION", "--lora-rank trains beside the weights of --begin-with: give that too"
            )
        if (begin_with / ADAPTER_CONFIG).exists():
            raise TrainingError(
                "BAD_OPTION",
                f"--begin-with {begin_with} is an adapter itself; merge it first: "
                f"nightbeam convert --model {begin_with} --out DIR",
            )
        alpha = 2.0 * self.lora_rank if self.lora_alpha is None else self.lora_alpha
        return LoraOptions(self.lora_rank, alpha, embeddings=self.lora_embeddings)
