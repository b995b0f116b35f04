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
from nightbeam_training.recommend.new_model import ModelSize, T5Size
from nightbeam_training.recommend.run import HoldBack

OF_T5 = ("decoder_layers", "head_width", "dropout")
NEW_MODEL = ("architecture", "layers", "width", "heads", "feed_forward", *OF_T5)
"""Options about the kind and the size of a new model."""


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
    architecture: Literal["llama", "t5"] = Field(
        "llama",
        description="Of a new model: a decoder, or an encoder-decoder as TIGER is.",
    )
    layers: int = Field(6, ge=1, description="Of a new model; of a T5, of its encoder.")
    decoder_layers: int | None = Field(None, ge=1, description="Of a new T5.  [default: --layers]")
    width: int = Field(256, ge=2, description="Of a new model.")
    heads: int = Field(4, ge=1, description="Of a new model.")
    head_width: int | None = Field(
        None, ge=1, description="Of a new T5 (d_kv).  [default: --width / --heads]"
    )
    feed_forward: int = Field(768, ge=1, description="Of a new model.")
    dropout: float | None = Field(
        None, ge=0, lt=1, description="Of a new T5, while it is trained.  [default: 0.1]"
    )
    max_items: int = Field(
        20, ge=1, description="Maximum items of the history in the prompt, of a new model."
    )
    validation: int = Field(1000, ge=1, description="Users that each epoch is validated on.")
    hold_back: HoldBack = Field(
        "users",
        description="What is not trained on: the users of --validation, or the last item of every "
        "user (leave-one-out), which those users are validated on.",
    )
    epoch_size: int | None = Field(
        None,
        ge=1,
        description="Examples per epoch, drawn again for each: for models that are to be validated "
        "and saved more often.  [default: all]",
    )
    next_items: int | None = Field(
        None,
        ge=1,
        description="Of a T5: items that an answer has in training, the next one and those after "
        "it. More of them teach more per prompt.  [default: 1]",
    )
    save_as: Literal["float32", "bfloat16"] | None = Field(
        None,
        description="Number format of the saved weights.  [default: float32; that of --begin-with "
        "if an adapter is trained]",
    )


class TargetArguments(MachineArguments, FitArguments, LoraArguments, TargetOptions):
    """The options as given."""

    def size(self) -> ModelSize | T5Size:
        """Raises TrainingError BAD_OPTION for options of another architecture."""
        if self.architecture == "t5":
            if self.head_width is None and self.width % self.heads != 0:
                raise TrainingError(
                    "BAD_OPTION",
                    f"--width {self.width} is not a multiple of --heads {self.heads}: give "
                    "--head-width, such as 64",
                )
            return T5Size(
                layers=self.layers,
                decoder_layers=self.decoder_layers or self.layers,
                width=self.width,
                heads=self.heads,
                head_width=self.head_width or self.width // self.heads,
                feed_forward=self.feed_forward,
                dropout=0.1 if self.dropout is None else self.dropout,
            )
        for name in OF_T5:
            if getattr(self, name) is not None:
                raise TrainingError(
                    "BAD_OPTION",
                    f"--{name.replace('_', '-')} changes nothing without --architecture t5",
                )
        return ModelSize(
            layers=self.layers, width=self.width, heads=self.heads, feed_forward=self.feed_forward
        )

    @property
    def held_back(self) -> str:
        """How many users are validated on, in words."""
        return "held back" if self.hold_back == "users" else "validated on their last items"

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
