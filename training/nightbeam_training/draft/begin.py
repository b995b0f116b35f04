"""Drafts to begin with: some of the target's own layers, or a new model with the target's prompts."""

from __future__ import annotations

import re

import numpy as np

from nightbeam_training.model.checkpoint import Checkpoint, new_checkpoint
from nightbeam_training.model.config import new_config

_LAYER = re.compile(r"^model\.layers\.(\d+)\.")


def some_layers(target: Checkpoint, count: int) -> Checkpoint:
    """The target with `count` of its layers: the first, the last, and evenly spaced ones between.

    Embeddings, norm and output layer are the target's. A draft of them learns in a fraction of the
    time that new weights take.
    """
    layers = target.model.config.num_hidden_layers
    chosen = np.linspace(0, layers - 1, count).round().astype(int).tolist() if count > 1 else [0]
    config = {**target.config, "num_hidden_layers": count}
    if isinstance(kinds := config.get("layer_types"), list):
        config["layer_types"] = [kinds[layer] for layer in chosen]
    draft = new_checkpoint(config, target.prompt)
    weights = target.model.state_dict()

    def source(name: str) -> str:
        return _LAYER.sub(lambda found: f"model.layers.{chosen[int(found[1])]}.", name)

    draft.model.load_state_dict({name: weights[source(name)] for name in draft.model.state_dict()})
    return draft


def new_draft(target: Checkpoint, *, layers: int, width: int, heads: int) -> Checkpoint:
    """A model with new weights, and the prompts, tokens and vocabulary of the target."""
    config = new_config(
        vocabulary=target.model.config.vocab_size,
        layers=layers,
        width=width,
        heads=heads,
        feed_forward=-(-8 * width // 3 // 32) * 32,
    )
    return new_checkpoint(config, target.prompt)
