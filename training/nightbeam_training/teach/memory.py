"""The memory that a target needs to label questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nightbeam_training.data.catalogue import Ints
from nightbeam_training.data.prompt_text import UserTexts
from nightbeam_training.data.prompts import Prompts, longest_prompt
from nightbeam_training.model.memory import SearchBatch, search_memory
from nightbeam_training.model.open_stored import StoredModel
from nightbeam_training.model.precision import Machine
from nightbeam_training.teach.write import BATCH_TOKENS


@dataclass(frozen=True)
class Labelling:
    """How questions are asked, see `WriteOptions`."""

    beam_width: int
    batch_size: int
    batch_tokens: int = BATCH_TOKENS


def labelling_memory(
    stored: StoredModel,
    asked: Sequence[tuple[Ints, UserTexts]],
    *,
    prompts: Prompts,
    labelling: Labelling,
    machine: Machine,
    remedy: str,
) -> str | None:
    """A line about the memory of the batch with the longest prompts; None for a small model.

    Raises TrainingError TOO_LARGE, with the remedy, if the device has too little memory free.
    """
    users = min(labelling.batch_size, len(asked))
    longest = longest_prompt(asked, prompts)
    search = SearchBatch(
        users=users,
        tokens=min(users * longest, max(labelling.batch_tokens, longest)),
        beams=labelling.beam_width + 1,
        levels=prompts.spec.levels,
    )
    need = search_memory(stored, search, machine=machine)
    return need.check(machine.device, remedy=remedy)
