"""Device of the tensors, and precision of matrix products."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from nightbeam_training.errors import TrainingError

Precision = Literal["fp32", "bf16"]


@dataclass(frozen=True)
class Machine:
    device: torch.device
    precision: Precision

    @property
    def product_bytes(self) -> int:
        """Bytes per number of a matrix product."""
        return 2 if self.precision == "bf16" else 4

    @property
    def freezes(self) -> bool:
        """Whether weights that are not trained are kept in 16 bits (`load_checkpoint`, frozen)."""
        return self.precision == "bf16"

    def autocast(self) -> contextlib.AbstractContextManager[object]:
        """Multiplies in bfloat16 if configured; weights and sums stay float32."""
        return torch.autocast(
            self.device.type, dtype=torch.bfloat16, enabled=self.precision == "bf16"
        )


def multiplies_bf16(cpu_info: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether this processor has instructions for bfloat16; also true where it cannot be found out.
    Without them PyTorch's products of bfloat16 are many times slower than those of float32."""
    try:
        text = cpu_info.read_text()
    except OSError:
        return True
    known = re.search(r"^(flags|Features)\s*:(.*)$", text, re.MULTILINE)
    return known is None or not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(known[2].split())


def open_machine(*, device: str, precision: Precision, threads: int | None = None) -> Machine:
    """device: auto (CUDA if available), cpu, cuda or cuda:N. Raises BAD_OPTION."""
    if threads is not None:
        torch.set_num_threads(threads)
    cuda = torch.cuda.is_available()
    chosen = ("cuda" if cuda else "cpu") if device == "auto" else device
    try:
        opened = torch.device(chosen)
    except RuntimeError as error:
        raise TrainingError("BAD_OPTION", f"--device {device}: give auto, cpu or cuda:N") from error
    if opened.type not in ("cpu", "cuda"):
        raise TrainingError("BAD_OPTION", f"--device {device}: give auto, cpu or cuda:N")
    if opened.type == "cuda" and (opened.index or 0) >= torch.cuda.device_count():
        raise TrainingError(
            "BAD_OPTION",
            f"--device {device}: PyTorch finds {torch.cuda.device_count()} CUDA devices",
        )
    if opened.type == "cuda":
        # With bf16, only the output layer still multiplies float32. Its inputs are then rounded to
        # TF32, 10 bits of fraction: an eighth of the time, and a smaller error than the layers'.
        torch.set_float32_matmul_precision("high" if precision == "bf16" else "highest")
    return Machine(device=opened, precision=precision)
