"""What a LoRA adapter makes of a checkpoint's tensors, as peft's `merge_and_unload` does.

Sums and products are float32, rounded to the base's numbers at the end.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from nightbeam_training.errors import TrainingError
from nightbeam_training.model.adapter import Adapter
from nightbeam_training.model.adapter_modules import (
    DELTA,
    EMBEDDINGS,
    HEAD,
    ORIGINAL,
    AdaptedModule,
    AdapterBase,
    adapted_modules,
    unfit,
)
from nightbeam_training.model.stored import FLOATS, StoredTensor


@dataclass(frozen=True)
class Change:
    """What an adapter does to a tensor of the base: W + scale · B·A, then rows are replaced."""

    type: str
    """Numbers of the base, to which the result is rounded."""
    a: StoredTensor | None = None
    b: StoredTensor | None = None
    scale: float = 1.0
    transposed: bool = False
    """Whether it is B·A transposed, as for embeddings."""
    rows: list[int] = field(default_factory=list)
    values: StoredTensor | None = None
    """The rows: [rows, inputs]."""

    @property
    def computes(self) -> bool:
        return self.a is not None or self.values is not None

    def apply(self, tensor: StoredTensor) -> Tensor:
        """Raises TrainingError BAD_CHECKPOINT for results outside the range of F16."""
        result = tensor.read().float()
        if self.a is not None and self.b is not None:
            product = self.b.read().float() @ self.a.read().float()
            result += self.scale * (product.T if self.transposed else product)
        if self.values is not None:
            result[self.rows] = self.values.read().float()
        rounded = result.to(FLOATS[self.type])
        if self.type == "F16" and not torch.equal(rounded.isinf(), result.isinf()):
            raise TrainingError(
                "BAD_CHECKPOINT",
                f"{tensor.path}: {tensor.name} with the adapter is larger than F16 holds: convert "
                "the base to bfloat16",
            )
        return rounded


def adapt_tensors(
    base: AdapterBase, adapter: Adapter
) -> tuple[dict[str, StoredTensor], dict[str, Change]]:
    """The base's tensors with the adapter: some are its own, others change while they are read.

    Raises TrainingError BAD_CHECKPOINT for an adapter that does not fit the base.
    """
    modules = adapted_modules(base, adapter)
    tensors = _replaced(base, modules)

    def type_of(name: str) -> str:
        # The base's numbers, also for a head that the base does not store.
        stored = base.tensors.get(name) or base.tensors.get(EMBEDDINGS)
        if stored is None or stored.type not in FLOATS:
            raise unfit(adapter, f"changes {name}, which is not F32, F16 or BF16 in its base")
        return stored.type

    changes = {
        name: Change(type_of(name))
        for name, tensor in tensors.items()
        if tensor is not base.tensors.get(name)
    }
    for plain, module in modules.items():
        # A tied head and its embeddings are one tensor, which peft changes for both.
        name = EMBEDDINGS if plain == HEAD and base.tied and HEAD not in tensors else plain
        change = _change(module, type_of(name), adapter)
        if not change.computes:
            continue
        if name not in tensors:
            raise unfit(adapter, f"has {module.name}, and {adapter.base} not")
        _check_shapes(change, tensors[name], module.name, adapter)
        before = changes.get(name)
        if before is not None and before.computes:
            raise unfit(adapter, f"changes {EMBEDDINGS} and {HEAD}, which are one tensor")
        changes[name] = change
    return tensors, changes


def _replaced(base: AdapterBase, modules: Mapping[str, AdaptedModule]) -> dict[str, StoredTensor]:
    """Tensors that the adapter has as a whole: trained copies, and a larger vocabulary."""
    result = dict(base.tensors)
    for name, module in modules.items():
        if (whole := module.whole) is not None:
            result[name] = whole
    if not base.tied:
        return result
    table, head = modules.get(EMBEDDINGS), modules.get(HEAD)
    trained = None if table is None else table.whole
    own = None if head is None else head.whole
    if table is not None and trained is not None and own is None and table.is_saved:
        # The copy is trained, and the head keeps the numbers from before.
        before = table.parts.get(ORIGINAL) or base.tensors.get(EMBEDDINGS)
        if before is not None:
            result[HEAD] = before
    if head is not None and own is not None and trained is None and not head.is_saved:
        result[EMBEDDINGS] = own
        result.pop(HEAD, None)
    return result


def _change(module: AdaptedModule, type_: str, adapter: Adapter) -> Change:
    settings, parts = adapter.settings, module.parts
    rows: list[int] = []
    if DELTA in parts:
        named = settings.token_rows().items()
        found = (at for key, at in named if f".{module.name}".endswith(f".{key}"))
        chosen = next(found, None)
        if chosen is None:
            raise unfit(
                adapter, f"has rows of {module.name}, which trainable_token_indices does not name"
            )
        rows = chosen
    for first, second, transposed in (
        ("lora_A.weight", "lora_B.weight", False),
        ("lora_embedding_A", "lora_embedding_B", True),
    ):
        a, b = parts.get(first), parts.get(second)
        if a is None and b is None:
            continue
        if a is None or b is None:
            raise unfit(adapter, f"has only one of the matrices A and B of {module.name}")
        rank = _patterned(settings.rank_pattern, module.name, adapter) or settings.r
        alpha = _patterned(settings.alpha_pattern, module.name, adapter)
        if a.shape[0] != rank:
            raise unfit(
                adapter, f"has rank {a.shape[0]} for {module.name}, its adapter_config.json {rank}"
            )
        scale = (settings.lora_alpha if alpha is None else alpha) / (
            math.sqrt(rank) if settings.use_rslora else rank
        )
        return Change(type_, a, b, scale, transposed, rows, parts.get(DELTA))
    return Change(type_, rows=rows, values=parts.get(DELTA))


def _patterned(patterns: Mapping[str, float] | None, name: str, adapter: Adapter) -> float | None:
    """The value of the first pattern that a module's name ends with, as peft looks it up."""
    for pattern, value in (patterns or {}).items():
        try:
            if re.fullmatch(rf"(.*\.)?({pattern})", name):
                return value
        except re.error as error:
            raise unfit(adapter, f"has {pattern}, which is not a regular expression") from error
    return None


def _check_shapes(change: Change, tensor: StoredTensor, module: str, adapter: Adapter) -> None:
    outputs, inputs = tensor.shape

    def check(part: StoredTensor, shape: tuple[int, ...]) -> None:
        if part.shape != shape:
            raise unfit(
                adapter,
                f"has {part.name} of shape {part.shape}; {module} of its base makes it {shape}",
            )

    if change.a is not None and change.b is not None:
        rank = change.a.shape[0]
        check(change.a, (rank, outputs if change.transposed else inputs))
        check(change.b, (inputs if change.transposed else outputs, rank))
    if change.values is not None:
        check(change.values, (len(change.rows), inputs))
        if any(row >= outputs for row in change.rows):
            raise unfit(adapter, f"replaces row {max(change.rows)} of {module}")
