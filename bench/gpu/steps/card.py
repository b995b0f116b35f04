"""What the card can do: the rate of matrix products and of memory, by PyTorch.

    python bench/gpu/steps/card.py --device cuda

Prints a JSON line per figure: TFLOP/s of a square product, GB/s of a copy on the device (read and write).
TF32 is measured in a process without NVIDIA_TF32_OVERRIDE, which would switch it off.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable

import torch


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tf32", action="store_true", help="nothing but the rate of TF32")
    options = parser.parse_args()
    device = torch.device(options.device)
    is_gpu = device.type == "cuda"
    if options.tf32:
        torch.backends.cuda.matmul.allow_tf32 = True
        print_rate("tf32", torch.float32, device)
        return
    name = torch.cuda.get_device_name(device) if is_gpu else "cpu"
    print(
        json.dumps({"card": name, "torch": torch.__version__, "cuda": torch.version.cuda}),
        flush=True,
    )
    print_rate("fp32", torch.float32, device)
    environment = {key: value for key, value in os.environ.items() if key != "NVIDIA_TF32_OVERRIDE"}
    itself = [sys.executable, __file__, "--device", options.device, "--tf32"]
    subprocess.run(itself, env=environment, check=True)
    print_rate("fp16", torch.float16, device)
    print_rate("bf16", torch.bfloat16, device)
    data = torch.empty(2**30 if is_gpu else 2**24, dtype=torch.float32, device=device)
    other = torch.empty_like(data)
    seconds = median_seconds(lambda: other.copy_(data), is_gpu)
    print(json.dumps({"kind": "memory", "gigabytes": 8 * data.numel() / seconds / 1e9}))


def print_rate(kind: str, dtype: torch.dtype, device: torch.device) -> None:
    side = 8192 if device.type == "cuda" else 512
    one = torch.randn(side, side, device=device).to(dtype)
    seconds = median_seconds(lambda: one @ one, device.type == "cuda")
    print(json.dumps({"kind": kind, "teraflops": 2 * side**3 / seconds / 1e12}), flush=True)


def median_seconds(work: Callable[[], object], is_gpu: bool) -> float:
    times = []
    for _ in range(12):
        start = time.perf_counter()
        work()
        if is_gpu:
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return sorted(times[2:])[5]


if __name__ == "__main__":
    main()
