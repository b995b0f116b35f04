"""The baseline: transformers' own beam search over the catalogue trie, in users per second.

    python hf_generate.py --model DIR --index index.json --histories histories.jsonl --beams 20

`histories.jsonl` has one `{"user": …, "history": [item, …]}` per line, oldest first; items are keys
of the LC-Rec index. float32, key-value cache, sdpa attention, inference mode. Modes timed, each
after a warm-up:

    one     one user per call
    padded  --batch users per call in file order, prompts padded on the left, with a mask
    sorted  the same, the users sorted by prompt length first: little padding
    equal   --batch users per call, all with prompts of the same length: no padding

`--constraint callback` is generate()'s prefix_allowed_tokens_fn; `table` is a logits processor that
looks up all beams at once, the fastest way that we found. `--prefill beams` is unmodified
generate(), which runs every prompt once per beam; `once` runs it once per user and passes the cache
to generate(), repeated for the beams. An encoder runs once per user in any case; `once` does the
same for the keys and values of cross-attention. The defaults are the plain call. Prints JSON; with
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
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    DynamicCache,
    EncoderDecoderCache,
    LogitsProcessorList,
    PreTrainedModel,
)

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
    encodes = AutoConfig.from_pretrained(options.model).is_encoder_decoder
    loader = AutoModelForSeq2SeqLM if encodes else AutoModelForCausalLM
    model = loader.from_pretrained(
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
    # What generate() returns starts with the prompt, or with a decoder's start token.
    first = 1 if search.model.config.is_encoder_decoder else length

    def allowed(_batch: int, row: torch.Tensor) -> list[int]:
        return children[tuple(row[first:].tolist())]

    if search.table is None:
        constraint = {"prefix_allowed_tokens_fn": allowed}
    else:
        processor = search.table.processor(first)
        constraint = {"logits_processor": LogitsProcessorList([processor])}
    result = search.model.generate(
        input_ids=ids,
        attention_mask=mask,
        num_beams=search.beams,
        num_return_sequences=search.beams,
        max_new_tokens=search.catalogue.new_tokens,
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
    rows = result.sequences[:, first : first + search.catalogue.levels].tolist()
    offsets = search.catalogue.offsets
    codes = [[token - offsets[level] for level, token in enumerate(row)] for row in rows]
    lists: dict[str, dict] = {}
    for place, user in enumerate(batch):
        own = slice(place * search.beams, (place + 1) * search.beams)
        lists[user.name] = {"codes": codes[own]}
        if search.scores:
            lists[user.name]["scores"] = result.sequences_scores[own].tolist()
    return lists


def prompt_cache(search: Search, ids: torch.Tensor, mask: torch.Tensor) -> dict[str, object]:
    """What generate() need not compute once per beam: further arguments of it, or none."""
    config = search.model.config
    if config.is_encoder_decoder and search.prefill_once:
        return cross_cache(search, ids, mask)
    if config.is_encoder_decoder and config.num_decoder_layers > config.num_layers:
        # generate() would make a cache with as many layers as the encoder has.
        return {"past_key_values": EncoderDecoderCache(DynamicCache(), DynamicCache())}
    if not search.prefill_once:
        return {}
    if ids.shape[1] == 1:
        return {}
    # Keys and values of all prompt tokens but the last, one row per beam.
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


def cross_cache(search: Search, ids: torch.Tensor, mask: torch.Tensor) -> dict[str, object]:
    """A T5's encoded prompts, and each decoder layer's keys and values of them, a row per beam."""
    model = search.model
    encoded = model.encoder(input_ids=ids, attention_mask=mask)
    states = encoded.last_hidden_state
    shape = (*states.shape[:2], model.config.num_heads, model.config.d_kv)
    crossed = DynamicCache()
    for layer, block in enumerate(model.decoder.block):
        attention = block.layer[1].EncDecAttention
        keys, values = (
            projection(states).view(shape).transpose(1, 2)
            for projection in (attention.k, attention.v)
        )
        crossed.update(keys, values, layer)
    crossed.batch_repeat_interleave(search.beams)
    cache = EncoderDecoderCache(DynamicCache(), crossed)
    return {"encoder_outputs": encoded, "past_key_values": cache}


def cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), "?")


if __name__ == "__main__":
    main()
