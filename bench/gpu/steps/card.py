"""What the card can do: the rate of matrix products and of memory, by PyTorch.

    python bench/gpu/steps/card.py --device cuda

Prints a JSON line per figure: TFLOP/s of a square product, GB/s of a copy on the device (read and write).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable

import torch


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cuda")
    device = torch.device(parser.parse_args().device)
    is_gpu = device.type == "cuda"
    name = torch.cuda.get_device_name(device) if is_gpu else "cpu"
    print(json.dumps({"card": name, "torch": torch.__version__, "cuda": torch.version.cuda}))
    side = 8192 if is_gpu else 512
    kinds = {
        "fp32": (torch.float32, False),
        "tf32": (torch.float32, True),
        "fp16": (torch.float16, False),
        "bf16": (torch.bfloat16, False),
    }
    for kind, (dtype, tf32) in kinds.items():
        torch.backends.cuda.matmul.allow_tf32 = tf32
        one = torch.randn(side, side, device=device).to(dtype)
        seconds = median_seconds(lambda one=one: one @ one, is_gpu)
        print(json.dumps({"kind": kind, "teraflops": 2 * side**3 / seconds / 1e12}), flush=True)
    data = torch.empty(2**30 if is_gpu else 2**24, dtype=torch.float32, device=device)
    other = torch.empty_like(data)
    seconds = median_seconds(lambda: other.copy_(data), is_gpu)
    print(json.dumps({"kind": "memory", "gigabytes": 8 * data.numel() / seconds / 1e9}))


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
