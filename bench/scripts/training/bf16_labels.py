"""How far a target's answers in bfloat16 are from those in float32.

    PYTHONPATH=training python3 bench/scripts/training/bf16_labels.py --target DIR \
        --catalogue FILE --histories unseen.jsonl [--users 100]

Prints one JSON object: the share of users whose K best prefixes are the same at every level, the
share of K best items that are, the share of a node's log-probabilities that are exactly equal to
another's, and the divergence at the root in nats.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from nightbeam_training.data.catalogue import read_catalogue
from nightbeam_training.data.histories import read_histories
from nightbeam_training.data.torch_trie import TorchTrie
from nightbeam_training.model.checkpoint import load_checkpoint, prompts_of
from nightbeam_training.model.precision import Precision, open_machine
from nightbeam_training.model.search_model import search_model
from nightbeam_training.search.beam_search import SearchResult, beam_search


def answers(arguments: argparse.Namespace, precision: Precision) -> SearchResult:
    machine = open_machine(device=arguments.device, precision=precision)
    catalogue = read_catalogue(arguments.catalogue)
    target = load_checkpoint(arguments.target, device=machine.device, frozen=machine.freezes)
    prompts = prompts_of(target, catalogue, arguments.target)
    histories = read_histories(
        arguments.histories, catalogue, arguments.users, columns=target.prompt.columns
    )
    padded = prompts.padded([items[:-1] for items in histories.items], histories.texts)
    with machine.autocast():
        return beam_search(
            search_model(target.model),
            torch.from_numpy(padded).to(machine.device),
            widths=[arguments.beam_width] * catalogue.trie.levels,
            trie=TorchTrie(catalogue.trie, machine.device),
            tokens=prompts.tokens,
        )


def equal_share(log_probs: torch.Tensor) -> float:
    """Of the values of a node, those that another one of them is equal to."""
    equal = total = 0
    for row in log_probs.flatten(0, 1):
        valid = row[row > -torch.inf]
        if len(valid) > 1:
            equal += len(valid) - len(valid.unique())
            total += len(valid)
    return equal / max(total, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    for name in ("--target", "--catalogue", "--histories"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--beam-width", type=int, default=20)
    arguments = parser.parse_args()
    exact, half = answers(arguments, "fp32"), answers(arguments, "bf16")
    pairs = list(zip(exact.levels, half.levels, strict=True))
    sorted_pairs = [(one.nodes.sort().values, other.nodes.sort().values) for one, other in pairs]
    items = pairs[-1][0].nodes[..., None] == pairs[-1][1].nodes[:, None, :]
    root = exact.log_probs[:, 0].double()
    divergence = root.exp() * (root - half.log_probs[:, 0]).nan_to_num(0)
    report = {
        "same sets by level": [
            round(float((one == other).all(dim=1).double().mean()), 3)
            for one, other in sorted_pairs
        ],
        "same items": round(float(items.any(dim=2).double().mean()), 4),
        "equal values": equal_share(half.log_probs),
        "equal values in float32": equal_share(exact.log_probs),
        "nats at the root": float(divergence.sum(dim=1).mean()),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
