"""Write the logits of Hugging Face transformers, for comparison with Nightbeam's graphs.

    python logits_parity.py --model DIR --prompts prompts.jsonl --out logits.f32

`prompts.jsonl` has one list of token ids per line. `logits.f32` is raw little-endian float32, the
prompts one after another, each [tokens, vocabulary]; `logits.json` has the sizes:
`{"vocabulary": 1028, "lengths": [81, 5], "of": "logits"}`. With --log-softmax the values are
log-probabilities instead, computed in float64 and rounded to float32.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForCausalLM


def main() -> None:
    parser = argparse.ArgumentParser(description="Dump the logits of transformers.")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--prompts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--log-softmax", action="store_true")
    parser.add_argument("--float64", action="store_true", help="compute in float64")
    options = parser.parse_args()

    dtype = torch.float64 if options.float64 else torch.float32
    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=dtype).eval()
    lines = options.prompts.read_text().splitlines()
    prompts: list[list[int]] = [json.loads(line) for line in lines]
    with options.out.open("wb") as out:
        for prompt in prompts:
            out.write(values(model, prompt, options.log_softmax).tobytes())
    sizes = {
        "vocabulary": model.config.vocab_size,
        "lengths": [len(prompt) for prompt in prompts],
        "of": "log-softmax" if options.log_softmax else "logits",
    }
    options.out.with_suffix(".json").write_text(json.dumps(sizes) + "\n")


@torch.inference_mode()
def values(model: torch.nn.Module, prompt: list[int], log_softmax: bool) -> np.ndarray:
    """Logits or log-probabilities after every token: little-endian float32 [tokens, vocabulary]."""
    logits = model(input_ids=torch.tensor([prompt])).logits[0].double()
    if log_softmax:
        logits = logits.log_softmax(-1)
    return logits.numpy().astype("<f4")


if __name__ == "__main__":
    main()
