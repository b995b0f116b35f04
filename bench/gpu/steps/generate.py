"""transformers' generate() over the catalogue's paths, for the cells of steps/speed.mjs.

    python bench/gpu/steps/generate.py --model DIR --index FILE --dtype float16 --device cuda
        --cells 80x10x1,80x20x64

A cell is prompt tokens x beams x users; prompts are random. Two ways: `callback` is generate()'s
prefix_allowed_tokens_fn, `table` looks up all beams at once. Prints a JSON line per cell and way: the
median of at least two calls, and of up to eleven for which the limit leaves time, after one that is not counted.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, LogitsProcessorList, PreTrainedModel

sys.path.insert(0, str(Path(__file__).parents[2] / "peers"))
from catalogue import Catalogue, TrieTable, read_catalogue  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--dtype", default="float16")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--cells", required=True)
    parser.add_argument("--cell-seconds", type=float, default=4)
    options = parser.parse_args()
    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=getattr(torch, options.dtype))
    model = model.to(options.device).eval()
    catalogue = read_catalogue(options.model / "nightbeam.json", options.index)
    table = TrieTable(catalogue, model.config.vocab_size)
    table.forbidden = table.forbidden.to(options.device)
    for cell in options.cells.split(","):
        prompt, beams, users = map(int, cell.split("x"))
        for way in ("callback", "table"):
            row = {"way": way, "promptTokens": prompt, "beamWidth": beams, "users": users}
            try:
                ids = torch.randint(4, 1004, (users, prompt), device=options.device)
                constraint = constraint_of(catalogue, table if way == "table" else None, prompt)
                seconds, times = measure(model, ids, beams, catalogue, constraint, options.cell_seconds)
                row |= {"milliseconds": 1000 * seconds, "usersPerSecond": users / seconds}
                row["times"] = times
            except (RuntimeError, ValueError) as error:
                row["failed"] = str(error)[:300]
            print(json.dumps(row), flush=True)


def constraint_of(catalogue: Catalogue, table: TrieTable | None, prompt: int) -> dict:
    if table is not None:
        return {"logits_processor": LogitsProcessorList([table.processor(prompt)])}
    children = catalogue.children
    return {"prefix_allowed_tokens_fn": lambda _, row: children[tuple(row[prompt:].tolist())]}


@torch.inference_mode()
def measure(
    model: PreTrainedModel,
    ids: torch.Tensor,
    beams: int,
    catalogue: Catalogue,
    constraint: dict,
    limit: float,
) -> tuple[float, int]:
    """The median of the calls, and their number."""

    def call() -> None:
        result = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            num_beams=beams,
            num_return_sequences=beams,
            max_new_tokens=catalogue.levels,
            do_sample=False,
            length_penalty=0.0,
            eos_token_id=None,
            pad_token_id=0,
            **constraint,
        )
        # Brings the lists to the processor, as a user would.
        result.tolist()

    call()
    begin = time.perf_counter()
    times: list[float] = []
    while len(times) < 2 or (len(times) < 11 and time.perf_counter() - begin + times[-1] < limit):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2], len(times)


if __name__ == "__main__":
    main()
