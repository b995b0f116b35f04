"""Heads drafts: one pass over the prompt, and every level's codes from its last hidden state.

The first level uses the model's output layer directly, as usual. Each further level but the last,
whose codes are not drafted, has a block before it, h + SiLU(W h + b) (Medusa, Cai et al., 2024). So
L levels have L - 2 blocks: `nightbeam_heads.<n>.weight` and `.bias`, counted by `nightbeam_heads`
in config.json.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from nightbeam_training.data.prompts import Prompts
from nightbeam_training.data.teacher_files import Scoring
from nightbeam_training.errors import TrainingError
from nightbeam_training.model.checkpoint import Checkpoint
from nightbeam_training.model.config import HEADS_FIELD, parse_llama_config
from nightbeam_training.model.llama import Llama
from nightbeam_training.model.t5 import T5


def with_heads(draft: Checkpoint) -> Checkpoint:
    """The same draft with blocks initialised to the identity; unchanged if it has blocks.

    Raises TrainingError BAD_OPTION for an encoder-decoder.
    """
    if isinstance(draft.model, T5):
        raise TrainingError(
            "BAD_OPTION",
            "--objective heads makes drafts of decoders, and the draft is a T5: give another "
            "objective, or a draft with --architecture llama",
        )
    if draft.model.config.nightbeam_heads is not None:
        return draft
    config = {**draft.config, HEADS_FIELD: draft.prompt.levels - 2}
    model = Llama(parse_llama_config(config, "config"))
    model.load_state_dict({**model.state_dict(), **draft.model.state_dict()})
    return Checkpoint(model=model, config=config, prompt=draft.prompt)


def level_hidden(model: Llama, hidden: Tensor, level: int) -> Tensor:
    """Input of the output layer for a level, counted from 0: [..., width] -> [..., width]."""
    if level == 0:
        return hidden
    block = model.nightbeam_heads[level - 1]
    changed: Tensor = hidden + F.silu(block(hidden))
    return changed


def levels_hidden(model: Llama, hidden: Tensor) -> Tensor:
    """Input of the output layer for every level but the last: [users, width] -> [users, levels - 1,
    width]."""
    levels = (model.config.nightbeam_heads or 0) + 1
    return torch.stack([level_hidden(model, hidden, level) for level in range(levels)], dim=1)


def searched_prompts(draft: Checkpoint, prompts: Prompts, scoring: Scoring) -> Prompts:
    """With the levels that the draft's search has. Heads predict codes alone: for them, closing
    tokens are left out, and calls count without them."""
    return prompts if draft.model.config.nightbeam_heads is not None else prompts.searched(scoring)
