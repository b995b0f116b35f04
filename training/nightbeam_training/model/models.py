"""The models that can be trained, by the `model_type` of their `config.json`."""

from __future__ import annotations

from torch import nn

from nightbeam_training.model.config import ModelConfig
from nightbeam_training.model.llama import Llama
from nightbeam_training.model.t5 import T5
from nightbeam_training.model.t5_config import T5Config

Model = Llama | T5


def without_dropout(model: Model) -> None:
    """For training that is not to be disturbed by it, such as learning from a target."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0


def new_network(config: ModelConfig) -> Model:
    """With new weights from torch's global generator; without any on torch's device `meta`."""
    return T5(config) if isinstance(config, T5Config) else Llama(config)
