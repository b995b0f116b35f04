"""Write the numbers of transformers that the TypeScript reference models are tested against.

    node make-checkpoints.mjs t5 /tmp/checkpoints
    python make_reference_numbers.py --checkpoints /tmp/checkpoints \
        --out ../../packages/model/test/reference-numbers-t5.json

The first command, run after `npm run build`, writes one tiny checkpoint of every kind of a family:
`llama`, whose numbers are in `reference-numbers.json`, or `t5`. For each kind the file has some
logits after the last token of one prompt and a path, float32, rounded to six decimals.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM

from logits_parity import values

#: The codes of 24 items in a vocabulary of 4 + 4 · 16: long enough to tell rotary embeddings of one
#: kind, or buckets of distances, from those of another.
ITEMS = [4 + 16 * (i % 4) + (7 * i + i // 4) % 16 for i in range(96)]
BOS, EOS = 1, 2
PATH = [9, 27, 40]
TOKENS = [0, 2, 5, 17, 30, 44, 58, 67]


def main() -> None:
    parser = argparse.ArgumentParser(description="Numbers for the reference model's test.")
    parser.add_argument("--checkpoints", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()

    prompt: list[int] = []
    path: list[int] = []
    logits: dict[str, list[float]] = {}
    for directory in sorted(options.checkpoints.iterdir()):
        if AutoConfig.from_pretrained(directory).is_encoder_decoder:
            prompt, path = [*ITEMS, EOS], PATH
            row = after_path(directory, prompt, path)
        else:
            prompt, path = [BOS, *ITEMS], []
            model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()
            row = values(model, prompt, log_softmax=False)[-1].tolist()
        logits[directory.name] = [round(row[token], 6) for token in TOKENS]
    numbers = {"prompt": prompt, "path": path, "tokens": TOKENS, "logits": logits}
    options.out.write_text(json.dumps(numbers, indent=2) + "\n")


@torch.inference_mode()
def after_path(directory: Path, prompt: list[int], path: list[int]) -> list[float]:
    """Logits [vocabulary] of a decoder after its start token and the path."""
    model = AutoModelForSeq2SeqLM.from_pretrained(directory, dtype=torch.float32).eval()
    start = model.config.decoder_start_token_id
    outputs = model(
        input_ids=torch.tensor([prompt]), decoder_input_ids=torch.tensor([[start, *path]])
    )
    row: list[float] = outputs.logits[0, -1].tolist()
    return row


if __name__ == "__main__":
    main()
