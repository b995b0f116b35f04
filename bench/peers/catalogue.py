"""The catalogue of the Python peers, read from an LC-Rec index and nightbeam.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch

Prefix = tuple[int, ...]


@dataclass(frozen=True)
class Catalogue:
    levels: int
    #: Token id of code 0, per level.
    offsets: list[int]
    #: Token ids of every item's path.
    paths: dict[str, list[int]]
    #: Prefix of token ids -> the token ids that may follow.
    children: dict[Prefix, list[int]]
    bos: int | None
    max_items: int

    def prompt(self, history: list[str]) -> list[int]:
        """BOS, then the codes of the last items, oldest first."""
        start = [] if self.bos is None else [self.bos]
        return start + [token for item in history[-self.max_items :] for token in self.paths[item]]


def read_catalogue(spec_path: Path, index_path: Path) -> Catalogue:
    spec = json.loads(spec_path.read_text())
    offsets: list[int] = spec["codeTokenOffsets"]
    if spec["prompt"]["kind"] != "items":
        raise SystemExit("only prompts of kind items are known here")
    index: dict[str, list[str]] = json.loads(index_path.read_text())
    paths = {
        item: [offsets[level] + int(code[3:-1]) for level, code in enumerate(codes)]
        for item, codes in index.items()
    }
    children: dict[Prefix, set[int]] = {}
    for path in paths.values():
        for depth, token in enumerate(path):
            children.setdefault(tuple(path[:depth]), set()).add(token)
    return Catalogue(
        levels=spec["levels"],
        offsets=offsets,
        paths=paths,
        children={prefix: sorted(tokens) for prefix, tokens in children.items()},
        bos=spec["prompt"].get("bos"),
        max_items=spec["prompt"]["maxItems"],
    )


class TrieTable:
    """Forbidden tokens after each prefix: bool [prefixes, vocabulary]."""

    def __init__(self, catalogue: Catalogue, vocabulary: int) -> None:
        self.rows = {prefix: row for row, prefix in enumerate(catalogue.children)}
        self.forbidden = torch.ones(len(self.rows), vocabulary, dtype=torch.bool)
        for prefix, tokens in catalogue.children.items():
            self.forbidden[self.rows[prefix], tokens] = False

    def processor(self, prompt_length: int) -> TrieProcessor:
        return TrieProcessor(self, prompt_length)


class TrieProcessor:
    """A logits processor that looks up all beams at once."""

    def __init__(self, table: TrieTable, prompt_length: int) -> None:
        self.table = table
        self.prompt_length = prompt_length

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        prefixes = input_ids[:, self.prompt_length :].tolist()
        rows = [self.table.rows[tuple(prefix)] for prefix in prefixes]
        return scores.masked_fill(self.table.forbidden[rows], float("-inf"))
