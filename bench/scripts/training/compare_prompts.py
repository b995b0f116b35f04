"""Compares prompts as nightbeam-train and as the runtime write them, token by token.

    training/.venv/bin/python bench/scripts/training/compare_prompts.py \
        --model DIR [--model DIR …] --catalogue FILE --histories FILE

Prints a line per model, and exits with 1 if anything differs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from nightbeam_training.data.catalogue import Catalogue, read_catalogue
from nightbeam_training.data.histories import read_histories
from nightbeam_training.data.prompt_spec import read_prompt_spec
from nightbeam_training.data.prompts import ModelLimits, open_prompts

SCRIPT = Path(__file__).with_name("prompt-tokens.mjs")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", action="append", type=Path, required=True)
    parser.add_argument("--catalogue", type=Path, required=True)
    parser.add_argument("--histories", type=Path, required=True)
    given = parser.parse_args()
    models = [word for model in given.model for word in ("--model", str(model))]
    command = [
        "node",
        SCRIPT,
        *models,
        "--catalogue",
        given.catalogue,
        "--histories",
        given.histories,
    ]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    catalogue = read_catalogue(given.catalogue)
    equal = [compare(json.loads(line), catalogue, given.histories) for line in printed.splitlines()]
    sys.exit(0 if all(equal) else 1)


def compare(theirs: dict, catalogue: Catalogue, histories: Path) -> bool:
    """Whether all that the runtime printed about a model is what training reads."""
    directory = Path(theirs["model"])
    spec = read_prompt_spec(directory)
    config = json.loads((directory / "config.json").read_text())
    limits = ModelLimits(config["vocab_size"], config["max_position_embeddings"])
    prompts = open_prompts(spec, catalogue, directory, limits)
    read = read_histories(histories, catalogue, columns=spec.columns)
    ours = [prompts.encode(*each).tolist() for each in zip(read.items, read.texts, strict=True)]
    same = sum(one == other for one, other in zip(ours, theirs["prompts"], strict=True))
    codes = all(
        token < 0 or token == theirs["codes"][level][code]
        for level, row in enumerate(prompts.tokens.table.tolist())
        for code, token in enumerate(row)
    )
    rest = codes and prompts.closing == theirs["end"]
    # The runtime has at most 4,096 positions unless more are asked for.
    rest = rest and min(prompts.max_tokens or 0, 4096) >= theirs["maxTokens"]
    print(
        f"{directory}: {same:,} of {len(ours):,} prompts equal ({spec.prompt.kind}), "
        f"codes and closing tokens {'equal' if rest else 'DIFFER'}"
    )
    return rest and same == len(ours)


main()
