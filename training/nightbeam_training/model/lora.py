"""LoRA (Hu et al. 2022): small trainable matrices beside frozen weights, saved as peft does."""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from nightbeam_training.data.chat_template import CHAT_TEMPLATE_FILES
from nightbeam_training.files import replacing
from nightbeam_training.model.adapter import ADAPTER_CONFIG, ADAPTER_WEIGHTS
from nightbeam_training.model.adapter_modules import WRAPPER
from nightbeam_training.model.checkpoint import (
    DESCRIBING_FILES,
    write_json,
)
from nightbeam_training.model.config import CONFIG_FILE
from nightbeam_training.model.llama import Llama
from nightbeam_training.model.open_stored import open_stored
from nightbeam_training.model.stored import WEIGHTS_FILE, save_tensors

MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
SAVED_MODULES = ["embed_tokens", "lm_head"]


@dataclass(frozen=True)
class LoraOptions:
    rank: int
    alpha: float
    """The product of the two matrices counts alpha / rank times."""
    embeddings: bool = False
    """Whether the embeddings and the output layer are trained too, as a whole."""


class LoraLinear(nn.Module):
    """x W + b + alpha / rank · x A B. A and B are float32, and B begins with zeros."""

    def __init__(self, linear: nn.Linear, options: LoraOptions) -> None:
        super().__init__()
        self.weight, self.bias = linear.weight, linear.bias
        self.scale = options.alpha / options.rank
        outputs, inputs = linear.weight.shape
        device = linear.weight.device
        self.lora_A = nn.Linear(inputs, options.rank, bias=False, device=device)
        self.lora_B = nn.Linear(options.rank, outputs, bias=False, device=device)
        nn.init.kaiming_uniform_(self.lora_A.weight, a=math.sqrt(5))
        nn.init.zeros_(self.lora_B.weight)

    def forward(self, x: Tensor) -> Tensor:
        change: Tensor = self.lora_B(self.lora_A(x))
        return F.linear(x, self.weight, self.bias) + self.scale * change


def add_lora(model: Llama, options: LoraOptions) -> None:
    """Freezes the model, and adds trainable matrices to every matrix of its layers."""
    model.requires_grad_(False)
    for layer in model.model.layers:
        for part in layer.children():
            for name, module in list(part.named_children()):
                if isinstance(module, nn.Linear):
                    setattr(part, name, LoraLinear(module, options))
    if options.embeddings:
        for module in (model.model.embed_tokens, model.lm_head):
            module.weight = nn.Parameter(module.weight.detach().float())
        if model.config.tie_word_embeddings:
            model.lm_head.weight = model.model.embed_tokens.weight


def save_adapter(model: Llama, directory: Path, *, base: Path, options: LoraOptions) -> None:
    """Writes `adapter_config.json` and `adapter_model.safetensors`, each atomically.

    base: the checkpoint that the model was loaded from.
    """
    directory.mkdir(parents=True, exist_ok=True)
    weights = {
        WRAPPER + name: tensor.detach().cpu().contiguous()
        for name, tensor in model.state_dict().items()
        if ".lora_" in name or (options.embeddings and name.split(".")[-2] in SAVED_MODULES)
    }
    if model.config.tie_word_embeddings and options.embeddings:
        # Without a copy of its own, the head would keep the numbers from before.
        weights[f"{WRAPPER}lm_head.weight"] = weights[f"{WRAPPER}lm_head.weight"].clone()
    save_tensors(weights, directory / ADAPTER_WEIGHTS)
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": str(base.resolve()),
        "r": options.rank,
        "lora_alpha": options.alpha,
        "target_modules": MODULES,
        "modules_to_save": SAVED_MODULES if options.embeddings else None,
        "ensure_weight_tying": options.embeddings and model.config.tie_word_embeddings,
        "lora_dropout": 0.0,
        "bias": "none",
        "use_rslora": False,
        "use_dora": False,
        "fan_in_fan_out": False,
        "init_lora_weights": True,
        "inference_mode": True,
    }
    write_json(directory / ADAPTER_CONFIG, config)


def save_merged(directory: Path, out: Path) -> None:
    """Writes a checkpoint with its adapter merged, in the numbers of the base."""
    stored = open_stored(directory)
    out.mkdir(parents=True, exist_ok=True)
    weights = {name: stored.read(name).contiguous() for name in stored.tensors}
    save_tensors(weights, out / WEIGHTS_FILE)
    write_json(out / CONFIG_FILE, stored.raw)
    for name in [*DESCRIBING_FILES[1:], *CHAT_TEMPLATE_FILES]:
        path = stored.place_of(name) / name
        if path.exists():
            with replacing(out / name) as partial:
                shutil.copyfile(path, partial)
