"""From an untrained text target to exact lists with a draft, in a fresh directory, timed.

    training/.venv/bin/python bench/scripts/training/text_rehearsal.py \
        --data ../shared/data/instruments --out DIR [--epochs 4] [--minutes 20] [--users 100]

Makes a target of Qwen2's shape that reads LC-Rec's prompts (text_target.py), trains it, makes its
draft with `nightbeam-train draft`, and compares lists: of plain and of drafted search, for all
unseen users, and for --users of them those of `generate` of transformers. A step whose log is
complete is skipped, so it can be run again after an interruption. Exits with 1 if a list differs.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import torch
from steps import HERE, NIGHTBEAM, TRAIN, step

BEAMS, ITEMS = 20, 10


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=4, help="Of the target.")
    parser.add_argument("--minutes", type=float, default=20, help="For the draft.")
    parser.add_argument("--users", type=int, default=100, help="Compared with transformers.")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    out = given.out
    out.mkdir(parents=True, exist_ok=True)
    data = ["--catalogue", out / "items.index.json", "--histories"]
    threads = ["--threads", given.threads]
    step(
        out, "1-files", sys.executable, HERE / "text_target.py", "--data", given.data, "--out", out
    )
    step(
        *(out, "2-target", *TRAIN, "target", "--preset", "small", "--precision", "fp32"),
        *("--begin-with", out / "base", *data, out / "histories.jsonl", "--out", out / "target"),
        *("--epochs", given.epochs, "--learning-rate", 3e-3, "--validation", 300, *threads),
    )
    step(
        *(out, "3-draft", *TRAIN, "draft", "--target", out / "target", *data),
        *(out / "histories.jsonl", "--out", out / "draft", "--cost", "cpu"),
        *("--minutes", given.minutes, *threads),
    )
    run = ["recommend", "--target", out / "target", *data, out / "unseen.jsonl"]
    run += ["--beam-width", BEAMS, "--top-k", ITEMS, "--format", "jsonl"]
    step(out, "4-plain", *NIGHTBEAM, *run, "--out", out / "plain")
    # A fixed width: for a target as small as this one, no draft is worth its time.
    drafted = ["--draft", out / "draft", "--draft-width", 40, "--out", out / "drafted"]
    step(out, "5-drafted", *NIGHTBEAM, *run, *drafted)
    step(out, "6-compare", *NIGHTBEAM, "compare", out / "plain", out / "drafted")
    bench = ["bench", "--target", out / "target", "--draft", out / "draft", *data]
    step(out, "7-calls", *NIGHTBEAM, *bench, out / "unseen.jsonl", "--beam-width", "10,20")
    sys.exit(0 if compare_with_transformers(out, given.users) else 1)


def compare_with_transformers(out: Path, users: int) -> bool:
    """Whether the code paths of the best items are those that `generate` finds."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(out / "target")
    model = AutoModelForCausalLM.from_pretrained(out / "target", dtype=torch.float32).eval()
    index = json.loads((out / "items.index.json").read_text())
    spec = json.loads((out / "target" / "nightbeam.json").read_text())["prompt"]
    following = allowed_tokens(index.values(), tokenizer)
    histories = [json.loads(line) for line in (out / "unseen.jsonl").read_text().splitlines()]
    lists = {row["user"]: row for part in parts(out / "plain") for row in part}
    same = 0
    for row in histories[:users]:
        items = ["".join(index[item]) for item in row["history"][-spec["maxItems"] :]]
        text = spec["template"].replace("{history}", spec["separator"].join(items))
        prompt = tokenizer(text, return_tensors="pt")["input_ids"]
        size = prompt.shape[1]
        with torch.no_grad():
            found = model.generate(
                prompt,
                attention_mask=torch.ones_like(prompt),
                num_beams=BEAMS,
                num_return_sequences=BEAMS,
                max_new_tokens=len(next(iter(index.values()))),
                do_sample=False,
                length_penalty=0.0,
                early_stopping=False,
                eos_token_id=None,
                pad_token_id=tokenizer.eos_token_id,
                prefix_allowed_tokens_fn=lambda _, sent, size=size: list(
                    following[tuple(sent[size:].tolist())]
                ),
            )
        theirs = [tokenizer.decode(sequence[size:]).replace(" ", "") for sequence in found]
        ours = ["".join(index[item["item"]]) for item in lists[row["user"]]["items"]]
        # Several items may have one path.
        same += list(dict.fromkeys(ours)) == theirs[: len(dict.fromkeys(ours))]
    print(f"\ntransformers: {same} of {min(users, len(histories))} lists are those of generate()")
    return same == min(users, len(histories))


def allowed_tokens(paths, tokenizer) -> dict[tuple[int, ...], set[int]]:
    """Tokens that may follow each prefix of a path."""
    following: dict[tuple[int, ...], set[int]] = {}
    for path in paths:
        tokens = tuple(tokenizer.convert_tokens_to_ids(path))
        for length, token in enumerate(tokens):
            following.setdefault(tokens[:length], set()).add(token)
    return following


def parts(run: Path) -> list[list[dict]]:
    files = sorted((run / "parts").glob("*.jsonl"))
    return [[json.loads(line) for line in file.read_text().splitlines()] for file in files]


main()
