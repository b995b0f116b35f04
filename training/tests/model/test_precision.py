"""Devices that exist, and processors that multiply bfloat16."""

from __future__ import annotations

from pathlib import Path

import pytest

from nightbeam_training.errors import TrainingError
from nightbeam_training.model.precision import multiplies_bf16, open_machine


@pytest.mark.parametrize("device", ["mps", "meta", "cuda:99", "abacus"])
def test_refuses_devices_that_are_not_there(device: str) -> None:
    with pytest.raises(TrainingError, match=f"--device {device}") as caught:
        open_machine(device=device, precision="fp32")
    assert caught.value.code == "BAD_OPTION"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("processor : 0\nflags\t\t: fpu avx512f amx_bf16 amx_tile\n", True),
        ("flags : fpu avx2 avx512f\n", False),
        ("Features\t: fp asimd bf16\n", True),
        ("Features : fp asimd\n", False),
        ("Processor: another kind of system\n", True),
    ],
)
def test_knows_processors_that_multiply_bfloat16(text: str, expected: bool, tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    assert multiplies_bf16(tmp_path / "cpuinfo") == expected
    assert multiplies_bf16(tmp_path / "missing")
