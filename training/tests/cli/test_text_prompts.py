"""From a target with prompts of text to an aligned draft, with the commands that a user types."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from text_world import byte_level
from world import make_catalogue_at_random, make_histories, make_model, write_index

from cli.place import ONE_THREAD, SHORT, refused, run
from nightbeam_training.data.catalogue import Catalogue, read_catalogue
from nightbeam_training.data.histories import Histories, read_histories
from nightbeam_training.data.prompt_spec import PromptSpec
from nightbeam_training.data.teacher_files import read_teacher_file, teacher_files
from nightbeam_training.model.checkpoint import load_checkpoint, prompts_of, save_checkpoint

SPEC = {
    "levels": 3,
    "codeTokenPattern": "<{level}_{code}>",
    "prompt": {
        "kind": "chat",
        "messages": [{"role": "user", "content": "I had {history}. What's next? {column:query}"}],
        "maxItems": 4,
    },
    "end": "<|im_end|>",
}
SIZE = ["--layers", "1", "--width", "8", "--heads", "2", "--feed-forward", "8"]
FILES = ["chat_template.jinja", "nightbeam.json", "tokenizer.json", "tokenizer_config.json"]


class Text:
    """A catalogue, histories with a column of texts, and a target that reads chats."""

    def __init__(self, folder: Path) -> None:
        self.catalogue = make_catalogue_at_random()
        self.index = write_index(folder / "items.index.json", self.catalogue)
        self.histories = folder / "histories.jsonl"
        rows = [
            {"user": "u", "history": [self.catalogue.item_ids[item] for item in items], "query": q}
            for q, items in zip("ab" * 15, make_histories(self.catalogue, 30), strict=True)
        ]
        self.histories.write_text("".join(json.dumps(row) + "\n" for row in rows))
        self.target = folder / "target"
        self.target.mkdir()
        size = byte_level(self.target)
        config = json.loads((self.target / "tokenizer_config.json").read_text())
        (self.target / "chat_template.jinja").write_text(config.pop("chat_template"))
        (self.target / "tokenizer_config.json").write_text(json.dumps(config))
        checkpoint = make_model(PromptSpec.model_validate(SPEC), seed=0, vocab_size=size)
        save_checkpoint(checkpoint, self.target)

    def data(self) -> list[object]:
        return ["--catalogue", self.index, "--histories", self.histories]

    def read(self) -> tuple[Catalogue, Histories]:
        catalogue = read_catalogue(self.index)
        return catalogue, read_histories(self.histories, catalogue, columns=["query"])


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Text:
    return Text(tmp_path_factory.mktemp("text"))


def test_from_a_chat_target_to_calls(text: Text, tmp_path: Path) -> None:
    out = {name: tmp_path / name for name in ("begun", "small", "teacher", "draft")}
    run("target", "--begin-with", text.target, *text.data(), "--out", out["begun"], *SHORT)
    run("target", "--like", text.target, *SIZE, *text.data(), "--out", out["small"], *SHORT)
    asked = ["--target", out["begun"], *text.data(), "--out", out["teacher"], *ONE_THREAD]
    assert "30 examples in" in run("teacher", *asked, "--beam-width", 4)
    both = ["--teacher", out["teacher"], "--catalogue", text.index]
    widths = ["--beam-width", 3, "--draft-width", 6]
    run("align", "--draft", out["small"], *both, "--out", out["draft"], *widths, *SHORT)
    lines = run("evaluate", "--draft", out["draft"], *both, *widths, "--json", *ONE_THREAD)
    assert json.loads(lines)["calls"] >= 1
    # Whole paths are drafted too, because the closing token is asked about.
    each = ["evaluate", "--draft", out["draft"], *both, "--beam-width", 3, "--draft-width"]
    assert json.loads(run(*each, "6/6/6", "--json", *ONE_THREAD)) == {
        **json.loads(lines),
        "draftWidth": "6/6/6",
    }
    assert "give one number, or 3 with slashes" in str(refused(*each, "6/6", *ONE_THREAD))
    for name in ("begun", "small", "draft"):
        for file in FILES:
            written, given = (json_or_text(at / file) for at in (out[name], text.target))
            assert written == given, (name, file)

    catalogue, histories = text.read()
    prompts = prompts_of(load_checkpoint(out["draft"]), catalogue, out["draft"])
    (path,) = teacher_files([out["teacher"]])
    examples = read_teacher_file(path)
    stored = np.split(examples.prompt_tokens, examples.prompt_offsets[1:-1])
    whole = zip(histories.items, histories.texts, strict=True)
    asked_about = [prompts.encode(items[:-1], texts) for items, texts in whole]
    assert {tuple(tokens) for tokens in stored} == {tuple(tokens) for tokens in asked_about}


def test_a_draft_of_a_chat_target_in_one_command(text: Text, tmp_path: Path) -> None:
    small = ["--beam-width", 3, "--nodes", 12, "--minutes", 0.01, "--shape", "1x32"]
    asked = ["--target", text.target, *text.data(), "--out", tmp_path]
    output = run("draft", *asked, *small, *ONE_THREAD)
    typed = next(line for line in output.splitlines() if "nightbeam recommend" in line)
    # One per level of codes but the last, although there is a closing token.
    assert re.search(r" --draft-width \d+,\d+ ", typed)
    catalogue, histories = text.read()
    target, draft = (
        prompts_of(load_checkpoint(at), catalogue, at) for at in (text.target, tmp_path)
    )
    for items, texts in zip(histories.items, histories.texts, strict=True):
        assert np.array_equal(draft.encode(items, texts), target.encode(items, texts))


def json_or_text(path: Path) -> object:
    content = path.read_text()
    return json.loads(content) if path.suffix == ".json" else content


def test_a_draft_of_other_prompts_is_refused(text: Text, tmp_path: Path) -> None:
    run("teacher", "--target", text.target, *text.data(), "--out", tmp_path / "t", *ONE_THREAD)
    other = tmp_path / "other"
    run("target", "--like", text.target, *SIZE, *text.data(), "--out", other, *SHORT)
    messages = [{"role": "system", "content": "You recommend {history}"}]
    prompt = {**SPEC["prompt"], "messages": messages}
    (other / "nightbeam.json").write_text(json.dumps({**SPEC, "prompt": prompt}))
    evaluate = ["evaluate", "--draft", other, "--teacher", tmp_path / "t", "--beam-width", 3]
    error = refused(*evaluate, "--catalogue", text.index, *ONE_THREAD)
    assert error.code == "BAD_CHECKPOINT"
    assert "its prompts begin with other tokens" in str(error)
    assert "target --like TARGET" in str(error)


def test_prompts_that_are_too_long_are_left_out(text: Text, tmp_path: Path) -> None:
    catalogue, histories = text.read()
    checkpoint = load_checkpoint(text.target)
    prompts = prompts_of(checkpoint, catalogue, text.target)
    whole = zip(histories.items, histories.texts, strict=True)
    lengths = np.array([len(prompts.encode(items[:-1], texts)) for items, texts in whole])
    limit = int(np.sort(lengths)[20])
    short = tmp_path / "short"
    run("target", "--like", text.target, *SIZE, *text.data(), "--out", short, *SHORT)
    config = json.loads((short / "config.json").read_text())
    # The three codes and the closing token follow; the last one is never read.
    config["max_position_embeddings"] = limit + 3
    (short / "config.json").write_text(json.dumps(config))
    asked = ["--target", short, *text.data(), "--out", tmp_path / "t", *ONE_THREAD]
    left = int((lengths > limit).sum())
    assert 0 < left < 10
    assert f"{30 - left} examples in" in run("teacher", *asked)


def test_a_missing_column_is_named(text: Text, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in text.histories.read_text().splitlines()]
    del rows[3]["query"]
    histories = tmp_path / "histories.jsonl"
    histories.write_text("".join(json.dumps(row) + "\n" for row in rows))
    asked = ["--target", text.target, "--catalogue", text.index, "--out", tmp_path / "t"]
    error = refused("teacher", *asked, "--histories", histories, *ONE_THREAD)
    assert error.code == "BAD_HISTORIES"
    assert "line 4: query must be a text: the model's prompts have {column:query}" in str(error)
