"""Prompts of items, templates and chats against the runtime's, token by token."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from text_world import CHATML, byte_level, metaspace, unigram, unigram_first, words
from world import make_catalogue_at_random, write_index

from nightbeam_training.data.catalogue import Catalogue
from nightbeam_training.data.histories import read_histories
from nightbeam_training.data.prompt_spec import read_prompt_spec
from nightbeam_training.data.prompts import ModelLimits, open_prompts

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "bench/scripts/training/prompt-tokens.mjs"
USERS = 170
POSITIONS = 512
PATTERN = {"levels": 3, "codeTokenPattern": "<{level}_{code}>"}
MESSAGES = [
    {"role": "system", "content": "You recommend items to {column:name}.\n"},
    {"role": "user", "content": "I had {history}. What's next? {column:query}"},
]
ITEMS = {
    "kind": "items",
    "maxItems": 4,
    "bos": 1,
    "itemPrefix": [2],
    "itemSuffix": [3, 0],
    "separator": [2, 2],
    "suffix": [1, 3],
    "order": "newest-first",
}
BUCKETS = {"offset": 50, "buckets": 9}
TIGER = {"kind": "items", "maxItems": 4, "suffix": [63], "user": {**BUCKETS, "by": "md5"}}
USER_LAST = {**ITEMS, "user": {"offset": 1, "buckets": 7, "by": "murmur3", "place": "after-items"}}
NUMBERS = {"offset": 2, "buckets": 5, "by": "number", "column": "number"}
LC_REC = {
    "kind": "template",
    "template": "Below is an instruction.\n\n### Instruction:\nThe user has interacted with items "
    "{history} in chronological order.\n\n### Response:",
    "maxItems": 6,
}
LETTER_TIGER = {"kind": "template", "template": "{history}", "separator": "", "maxItems": 20}
NUMBERED = {
    "kind": "template",
    "template": "{column:query}: {history}",
    "item": "{index}. {codes}",
    "separator": "\n",
    "codeSeparator": " ",
    "emptyHistory": "nothing",
    "order": "newest-first",
    "addSpecialTokens": False,
    "maxItems": 12,
}
CHAT = {"kind": "chat", "messages": MESSAGES, "maxItems": 5, "answerPrefix": "Next: "}
SPECS: dict[str, tuple[Any, dict[str, Any]]] = {
    "offsets": (None, {"levels": 3, "codeTokenOffsets": [4, 20, 40], "prompt": ITEMS, "end": 2}),
    "user": (None, {"levels": 3, "codeTokenOffsets": [1, 15, 29], "prompt": TIGER, "end": 63}),
    "user by text": (words, {**PATTERN, "prompt": {**USER_LAST, "bos": None}}),
    "user by number": (words, {**PATTERN, "prompt": {**ITEMS, "bos": 2, "user": NUMBERS}}),
    "items by text": (words, {**PATTERN, "prompt": ITEMS}),
    "template, merges": (byte_level, {**PATTERN, "prompt": LC_REC, "end": ["\n", "<|im_end|>"]}),
    "template, metaspace": (metaspace, {**PATTERN, "prompt": LC_REC, "end": "</s>"}),
    "template, unigram": (unigram, {**PATTERN, "prompt": LETTER_TIGER, "end": "</s>"}),
    "numbered, unigram": (unigram, {**PATTERN, "prompt": {**NUMBERED, "addSpecialTokens": True}}),
    "numbered, first": (unigram_first, {**PATTERN, "prompt": NUMBERED, "end": "</s>"}),
    "numbered": (byte_level, {**PATTERN, "prompt": NUMBERED}),
    "chat": (byte_level, {**PATTERN, "prompt": CHAT, "end": "<|im_end|>"}),
    "chat, metaspace": (metaspace, {**PATTERN, "prompt": {**CHAT, "chatTemplate": CHATML}}),
}


@dataclass(frozen=True)
class Runtime:
    catalogue: Catalogue
    histories: Path
    directories: dict[str, Path]
    printed: dict[str, Any]


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    node = shutil.which("node")
    if node is None or not (ROOT / "packages/model/dist/index.js").exists():
        pytest.skip("needs Node.js and a build: npm run setup")
    folder = tmp_path_factory.mktemp("prompts")
    catalogue = make_catalogue_at_random(codes=14)
    index = write_index(folder / "items.index.json", catalogue)
    histories = folder / "histories.jsonl"
    histories.write_text("".join(rows(catalogue)), encoding="utf-8")
    directories = {name: write_model(folder / name, *spec) for name, spec in SPECS.items()}
    models = [word for path in directories.values() for word in ("--model", str(path))]
    command = [node, SCRIPT, *models, "--catalogue", index, "--histories", histories]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    lines = [json.loads(line) for line in printed.splitlines()]
    return Runtime(catalogue, histories, directories, dict(zip(directories, lines, strict=True)))


def rows(catalogue: Catalogue) -> list[str]:
    rng = np.random.default_rng(7)
    words = [
        "Ana",
        "  two  words ",
        "it's",
        "ünï 推荐",
        "{history}",
        "<a_1>",
        "47",
        "{codes}\n",
        "",
    ]
    written = []
    for user in range(USERS):
        items = rng.integers(len(catalogue.item_ids), size=int(rng.integers(1, 16)))
        texts = {name: str(words[rng.integers(len(words))]) for name in ("name", "query")}
        history = [catalogue.item_ids[item] for item in items]
        texts["number"] = str(int(rng.integers(1 << 62)))
        written.append(json.dumps({"user": f"u{user}", "history": history, **texts}) + "\n")
    return written


def write_model(directory: Path, tokenizer: Any, spec: dict[str, Any]) -> Path:
    directory.mkdir()
    size = tokenizer(directory) if tokenizer else 64
    config = {
        "model_type": "llama",
        "vocab_size": size,
        "hidden_size": 8,
        "intermediate_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 1,
        "max_position_embeddings": POSITIONS,
        "rms_norm_eps": 1e-6,
        "tie_word_embeddings": True,
    }
    (directory / "config.json").write_text(json.dumps(config))
    (directory / "nightbeam.json").write_text(json.dumps(spec))
    return directory


def test_tokens_of_t5_are_those_of_transformers(runtime: Runtime) -> None:
    from transformers import AutoTokenizer

    name = "template, unigram"
    tokenizer = AutoTokenizer.from_pretrained(runtime.directories[name])
    read = read_histories(runtime.histories, runtime.catalogue)
    codes = [runtime.catalogue.codes[items[-20:]] for items in read.items]
    texts = ["".join(f"<a_{a}><b_{b}><c_{c}>" for a, b, c in paths) for paths in codes]
    assert tokenizer(texts)["input_ids"] == runtime.printed[name]["prompts"]


@pytest.mark.parametrize("name", SPECS)
def test_all_tokens_are_the_runtimes(runtime: Runtime, name: str) -> None:
    directory, printed = runtime.directories[name], runtime.printed[name]
    spec = read_prompt_spec(directory)
    size = json.loads((directory / "config.json").read_text())["vocab_size"]
    limits = ModelLimits(vocabulary=size, positions=POSITIONS)
    prompts = open_prompts(spec, runtime.catalogue, directory, limits)
    read = read_histories(runtime.histories, runtime.catalogue, columns=spec.columns)
    ours = [prompts.encode(*each).tolist() for each in zip(read.items, read.texts, strict=True)]
    assert len(ours) == USERS
    assert len({tuple(prompt) for prompt in ours}) > USERS // 2
    assert ours == printed["prompts"]
    assert prompts.closing == printed["end"]
    assert prompts.max_tokens == printed["maxTokens"]
    for level, tokens in enumerate(prompts.tokens.table):
        known = np.flatnonzero(tokens >= 0)
        assert tokens[known].tolist() == [printed["codes"][level][code] for code in known]
