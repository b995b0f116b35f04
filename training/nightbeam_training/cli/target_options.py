"""Options of `nightbeam-train target`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import click
from click.core import ParameterSource
from pydantic import BaseModel, ConfigDict, Field

from nightbeam_training.cli.fit_options import FitArguments
from nightbeam_training.cli.lora_options import LoraArguments
from nightbeam_training.cli.options import DIRECTORY, FILE, NEW_DIRECTORY, MachineArguments
from nightbeam_training.errors import TrainingError
from nightbeam_training.model.lora import LoraOptions
from nightbeam_training.recommend.new_model import ModelSize

NEW_MODEL = ("layers", "width", "heads", "feed_forward")
"""Options about the size of a new model."""


class TargetOptions(BaseModel):
    """What is trained on what."""

    model_config = ConfigDict(frozen=True)
    histories: Annotated[Path, FILE] = Field(description='JSONL {"user": …, "history": [item]}.')
    catalogue: Annotated[Path, FILE] = Field(description="LC-Rec index: item -> codes.")
    out: Annotated[Path, NEW_DIRECTORY] = Field(description="Directory for the model.")
    begin_with: Annotated[Path | None, DIRECTORY] = Field(
        None, description="Checkpoint to fine-tune. Default: new weights."
    )
    like: Annotated[Path | None, DIRECTORY] = Field(
        None,
        description="Checkpoint whose prompts a new model reads, such as the target of an initial "
        "draft.",
    )
    layers: int = Field(6, ge=1, description="Of a new model.")
    width: int = Field(256, ge=2, description="Of a new model.")
    heads: int = Field(4, ge=1, description="Of a new model.")
    feed_forward: int = Field(768, ge=1, description="Of a new model.")
    max_items: int = Field(
        20, ge=1, description="Maximum items of the history in the prompt, of a new model."
    )
    validation: int = Field(1000, ge=1, description="Users held back for validation.")
    save_as: Literal["float32", "bfloat16"] | None = Field(
        None,
        description="Number format of the saved weights.  [default: float32; that of --begin-with "
        "if an adapter is trained]",
    )


class TargetArguments(MachineArguments, FitArguments, LoraArguments, TargetOptions):
    """The options as given."""

    def size(self) -> ModelSize:
        return ModelSize(
            layers=self.layers, width=self.width, heads=self.heads, feed_forward=self.feed_forward
        )

    def adapter(self) -> LoraOptions | None:
        """None if all weights are trained.

        Raises TrainingError BAD_OPTION for options that exclude each other or change nothing.
        """
        if self.begin_with is not None and self.like is not None:
            raise TrainingError("BAD_OPTION", "give either --begin-with or --like")
        unused: tuple[str, ...] = ()
        if self.begin_with is not None:
            unused = (*NEW_MODEL, "max_items")
        elif self.like is not None:
            unused = ("max_items",)
        context = click.get_current_context()
        for name in unused:
            if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
                raise TrainingError(
                    "BAD_OPTION",
                    f"--{name.replace('_', '-')} is of new models: the checkpoint "
                    f"{self.begin_with or self.like} has its own",
                )
        lora = self.lora(self.begin_with)
        if lora is not None and self.save_as is not None:
            raise TrainingError(
                "BAD_OPTION",
                "--save-as changes nothing with --lora-rank: adapters are float32, merged weights "
                "keep the numbers of --begin-with",
            )
        return lora
