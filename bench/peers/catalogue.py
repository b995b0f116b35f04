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
    #: Tokens that close an answer and count in its score.
    end: list[int]
    #: Prefix of token ids -> the token ids that may follow, over paths and what closes them.
    children: dict[Prefix, list[int]]
    bos: int | None
    #: Tokens after the last item, such as EOS for an encoder.
    suffix: list[int]
    max_items: int

    def prompt(self, history: list[str]) -> list[int]:
        """BOS, the codes of the last items, oldest first, and the suffix."""
        start = [] if self.bos is None else [self.bos]
        items = history[-self.max_items :]
        return [*start, *(token for item in items for token in self.paths[item]), *self.suffix]

    @property
    def new_tokens(self) -> int:
        """Tokens of an answer."""
        return self.levels + len(self.end)


def read_catalogue(spec_path: Path, index_path: Path) -> Catalogue:
    spec = json.loads(spec_path.read_text())
    offsets: list[int] = spec["codeTokenOffsets"]
    prompt = spec["prompt"]
    known = {"kind", "bos", "suffix", "maxItems"}
    if prompt["kind"] != "items" or not prompt.keys() <= known:
        raise SystemExit(f"only prompts of items with {', '.join(sorted(known))} are known here")
    given = spec.get("end", [])
    end = given if isinstance(given, list) else [given]
    index: dict[str, list[str]] = json.loads(index_path.read_text())
    paths = {
        item: [offsets[level] + int(code[3:-1]) for level, code in enumerate(codes)]
        for item, codes in index.items()
    }
    children: dict[Prefix, set[int]] = {}
    for path in paths.values():
        answer = [*path, *end]
        for depth, token in enumerate(answer):
            children.setdefault(tuple(answer[:depth]), set()).add(token)
    return Catalogue(
        levels=spec["levels"],
        offsets=offsets,
        paths=paths,
        end=end,
        children={prefix: sorted(tokens) for prefix, tokens in children.items()},
        bos=prompt.get("bos"),
        suffix=prompt.get("suffix", []),
        max_items=prompt["maxItems"],
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
