"""The baseline: transformers' own beam search over the catalogue trie, in users per second.

    python hf_generate.py --model DIR --index index.json --histories histories.jsonl --beams 20

`histories.jsonl` has one `{"user": …, "history": [item, …]}` per line, oldest first; items are keys
of the LC-Rec index. float32, key-value cache, sdpa attention, inference mode. Modes timed, each
after a warm-up:

    one     one user per call
    padded  --batch users per call in file order, prompts padded on the left
    sorted  the same, the users sorted by prompt length first: little padding
    equal   --batch users per call, all with prompts of the same length: no padding

`--constraint callback` is generate()'s prefix_allowed_tokens_fn; `table` is a logits processor that
looks up all beams at once, the fastest way that we found. `--prefill beams` is unmodified
generate(), which runs every prompt once per beam; `once` runs it once per user and passes the cache
to generate(), repeated for the beams. The defaults are the plain call. Prints JSON; with
`--out lists.jsonl` also writes the lists of the last mode: `{"user": …, "codes": [[…], …]}`, best
first, and with --scores their log-probabilities (which makes generate() a little slower).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

import torch
import transformers
from transformers import AutoModelForCausalLM, DynamicCache, LogitsProcessorList, PreTrainedModel

from catalogue import Catalogue, TrieTable, read_catalogue
from users import User, batches_of, read_users


@dataclass(frozen=True)
class Search:
    """Shared by all calls of generate()."""

    model: PreTrainedModel
    catalogue: Catalogue
    beams: int
    table: TrieTable | None
    prefill_once: bool
    scores: bool


def main() -> None:
    options = parse_arguments()
    torch.set_num_threads(options.threads)
    model = AutoModelForCausalLM.from_pretrained(
        options.model, dtype=torch.float32, attn_implementation="sdpa"
    ).eval()
    catalogue = read_catalogue(options.model / "nightbeam.json", options.index)
    users = read_users(options.histories, catalogue)[: options.users]
    table = TrieTable(catalogue, model.config.vocab_size) if options.constraint == "table" else None
    search = Search(
        model, catalogue, options.beams, table, options.prefill == "once", options.scores
    )

    rates: dict[str, float] = {}
    lists: dict[str, dict] = {}
    for mode in options.modes.split(","):
        batches = list(batches_of(users, mode, options.batch))
        for batch in batches[:2]:
            recommend(search, batch)
        start = time.perf_counter()
        for batch in batches:
            lists.update(recommend(search, batch))
        rates[mode] = round(len(users) / (time.perf_counter() - start), 2)

    if options.out is not None:
        with options.out.open("w") as out:
            for user in users:
                out.write(json.dumps({"user": user.name, **lists[user.name]}) + "\n")
    report = {
        "usersPerSecond": rates,
        "users": len(users),
        "beams": options.beams,
        "batch": options.batch,
        "constraint": options.constraint,
        "prefill": options.prefill,
        "threads": options.threads,
        "model": options.model.name,
        "machine": {"cpu": cpu_name(), "cores": os.cpu_count(), "system": platform.system()},
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
    }
    print(json.dumps(report, indent=2))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Beam search by transformers' generate().")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--histories", type=Path, required=True)
    parser.add_argument("--beams", type=int, default=20)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--users", type=int, default=None, help="only the first N; default all")
    parser.add_argument("--modes", default="one,padded,sorted,equal")
    parser.add_argument("--constraint", choices=["callback", "table"], default="callback")
    parser.add_argument("--prefill", choices=["beams", "once"], default="beams")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--scores", action="store_true")
    return parser.parse_args()


@torch.inference_mode()
def recommend(search: Search, batch: list[User]) -> dict[str, dict]:
    """The lists of a batch by user: `codes` [beams][levels], best first; `scores` if requested."""
    length = max(len(user.prompt) for user in batch)
    padding = [length - len(user.prompt) for user in batch]
    ids = torch.tensor([[0] * pad + user.prompt for pad, user in zip(padding, batch, strict=True)])
    mask = torch.tensor([[0] * pad + [1] * (length - pad) for pad in padding])
    children = search.catalogue.children

    def allowed(_batch: int, row: torch.Tensor) -> list[int]:
        return children[tuple(row[length:].tolist())]

    if search.table is None:
        constraint = {"prefix_allowed_tokens_fn": allowed}
    else:
        processor = search.table.processor(length)
        constraint = {"logits_processor": LogitsProcessorList([processor])}
    result = search.model.generate(
        input_ids=ids,
        attention_mask=mask,
        num_beams=search.beams,
        num_return_sequences=search.beams,
        max_new_tokens=search.catalogue.levels,
        do_sample=False,
        use_cache=True,
        # All list entries have the same length: without a penalty a score is a sum of
        # log-probabilities.
        length_penalty=0.0,
        eos_token_id=None,
        pad_token_id=0,
        return_dict_in_generate=True,
        output_scores=search.scores,
        **constraint,
        **prompt_cache(search, ids, mask),
    )
    rows = result.sequences[:, length:].tolist()
    offsets = search.catalogue.offsets
    codes = [[token - offsets[level] for level, token in enumerate(row)] for row in rows]
    lists: dict[str, dict] = {}
    for place, user in enumerate(batch):
        own = slice(place * search.beams, (place + 1) * search.beams)
        lists[user.name] = {"codes": codes[own]}
        if search.scores:
            lists[user.name]["scores"] = result.sequences_scores[own].tolist()
    return lists


def prompt_cache(search: Search, ids: torch.Tensor, mask: torch.Tensor) -> dict[str, DynamicCache]:
    """Keys and values of all prompt tokens but the last, one row per beam; or nothing."""
    if not search.prefill_once or ids.shape[1] == 1:
        return {}
    cache = DynamicCache(config=search.model.config)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    search.model.model(
        input_ids=ids[:, :-1],
        attention_mask=mask[:, :-1],
        position_ids=positions[:, :-1],
        past_key_values=cache,
    )
    cache.batch_repeat_interleave(search.beams)
    return {"past_key_values": cache}


def cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), "?")


if __name__ == "__main__":
    main()
