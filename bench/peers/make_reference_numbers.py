"""Write the numbers of transformers that the TypeScript reference model is tested against.

    node make-checkpoints.mjs /tmp/checkpoints
    python make_reference_numbers.py --checkpoints /tmp/checkpoints \
        --out ../../packages/model/test/reference-numbers.json

The first command, run after `npm run build`, writes one tiny checkpoint of every kind. For each
kind the file has some logits after the last token of one prompt, float32, rounded to six decimals.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM

from logits_parity import values

#: BOS, then the codes of 24 items in a vocabulary of 4 + 4 · 16: long enough to tell rotary
#: embeddings of one kind from those of another.
PROMPT = [1] + [4 + 16 * (i % 4) + (7 * i + i // 4) % 16 for i in range(96)]
TOKENS = [0, 2, 5, 17, 30, 44, 58, 67]


def main() -> None:
    parser = argparse.ArgumentParser(description="Numbers for the reference model's test.")
    parser.add_argument("--checkpoints", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()

    logits: dict[str, list[float]] = {}
    for directory in sorted(options.checkpoints.iterdir()):
        model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()
        row = values(model, PROMPT, log_softmax=False)[-1]
        logits[directory.name] = [round(float(row[token]), 6) for token in TOKENS]
    numbers = {"prompt": PROMPT, "tokens": TOKENS, "logits": logits}
    options.out.write_text(json.dumps(numbers, indent=2) + "\n")


if __name__ == "__main__":
    main()
