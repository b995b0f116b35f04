"""Drafts to begin with: a few of the target's own layers, or a new model with its prompts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nightbeam_training.draft.cost import Size
from nightbeam_training.errors import TrainingError
from nightbeam_training.model.checkpoint import Checkpoint, new_checkpoint
from nightbeam_training.model.llama import Llama
from nightbeam_training.model.t5 import T5
from nightbeam_training.recommend.new_model import ModelSize, model_like

_LAYER = re.compile(r"^model\.layers\.(\d+)\.")
_SHAPE = re.compile(r"(?:target:(?P<of_target>[1-9]\d*)|(?P<layers>[1-9]\d*)x(?P<width>[1-9]\d*))")
HEAD_WIDTH = 32
"""Of the attention heads of a new draft."""
NEW_WIDTHS = (32, 64, 96, 128, 160, 192, 256, 384, 512, 768, 1024)


@dataclass(frozen=True)
class Shape:
    """A draft's size: `2x96` is a new model of 2 layers, 96 wide; `target:2`, 2 of the target's."""

    layers: int
    width: int | None
    """None: the layers are the target's."""

    def __str__(self) -> str:
        return f"target:{self.layers}" if self.width is None else f"{self.layers}x{self.width}"

    @property
    def words(self) -> str:
        if self.width is None:
            return f"{self.layers} of the target's own layers"
        return f"new, {self.layers} layers, {self.width} wide"


def parse_shape(text: str, target: Checkpoint) -> Shape:
    """Raises TrainingError BAD_OPTION if it is no shape, or not one of a draft for this target."""
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise TrainingError(
            "BAD_OPTION",
            f"--shape {text}: give LAYERSxWIDTH, such as 2x96, or target:LAYERS, such as target:2",
        )
    if found["of_target"] is not None:
        if isinstance(target.model, T5):
            raise TrainingError(
                "BAD_OPTION",
                f"--shape {text}: the layers of an encoder-decoder are no draft: give "
                "LAYERSxWIDTH, such as 2x96",
            )
        layers = target.model.config.num_hidden_layers
        if int(found["of_target"]) >= layers:
            raise TrainingError(
                "BAD_OPTION", f"--shape {text}: give fewer than the target's {layers} layers"
            )
        return Shape(int(found["of_target"]), None)
    if int(found["width"]) % HEAD_WIDTH != 0:
        raise TrainingError(
            "BAD_OPTION", f"--shape {text}: the width must be a multiple of {HEAD_WIDTH}"
        )
    return Shape(int(found["layers"]), int(found["width"]))


def possible_shapes(target: Checkpoint, given: Shape | None = None) -> list[tuple[Shape, Size]]:
    """Shapes worth training for a target, at most half as large, smallest first; or the given."""
    if given is not None:
        return [(given, _size(given, target))]
    whole = Size.of(target)
    config = target.model.config
    shapes = [Shape(2, width) for width in NEW_WIDTHS if width < config.hidden_size]
    if isinstance(target.model, Llama):
        shapes += [Shape(count, None) for count in (1, 2) if 2 * count <= config.num_hidden_layers]
    sized = [(shape, _size(shape, target)) for shape in shapes or [Shape(1, HEAD_WIDTH)]]
    small = [(shape, size) for shape, size in sized if 2 * size.weights <= whole.weights]
    return sorted(small or sized[:1], key=lambda one: one[1].weights)


def _size(shape: Shape, target: Checkpoint) -> Size:
    config = target.model.config
    if shape.width is None and isinstance(target.model, Llama):
        own = Size.of(target)
        in_layers = sum(weight.numel() for weight in target.model.model.layers.parameters())
        each = in_layers // own.layers
        return Size(layers=shape.layers, weights=own.weights - (own.layers - shape.layers) * each)
    width = shape.width or config.hidden_size
    inner = _feed_forward(width)
    each = 4 * width**2 + 3 * width * inner + 2 * width
    tables = 1 if config.tie_word_embeddings else 2
    weights = tables * config.vocab_size * width + width + shape.layers * each
    return Size(layers=shape.layers, weights=weights)


def initial_draft(target: Checkpoint, shape: Shape, directory: Path) -> Checkpoint:
    """A draft of this shape, with the prompts, tokens and vocabulary of the target.

    directory: of the target. Weights of a new model come from torch's global generator.
    """
    if shape.width is None:
        return _some_layers(target, shape.layers)
    size = ModelSize(
        layers=shape.layers,
        width=shape.width,
        heads=shape.width // HEAD_WIDTH,
        feed_forward=_feed_forward(shape.width),
    )
    return model_like(directory, size)


def _feed_forward(width: int) -> int:
    """8/3 of the width, as in LLaMA, rounded up to a multiple of 32."""
    return -(-8 * width // 96) * 32


def _some_layers(target: Checkpoint, count: int) -> Checkpoint:
    """The target with its first and last layer, and evenly spaced ones between.

    Embeddings, norm and output layer are the target's too, so that such a draft begins with most
    of what it has to know.
    """
    layers = target.model.config.num_hidden_layers
    chosen = np.linspace(0, layers - 1, count).round().astype(int).tolist()
    config = {**target.config, "num_hidden_layers": count}
    if isinstance(kinds := config.get("layer_types"), list):
        config["layer_types"] = [kinds[layer] for layer in chosen]
    draft = new_checkpoint(config, target.prompt)
    weights = target.model.state_dict()

    def source(name: str) -> str:
        return _LAYER.sub(lambda found: f"model.layers.{chosen[int(found[1])]}.", name)

    draft.model.load_state_dict({name: weights[source(name)] for name in draft.model.state_dict()})
    return draft
