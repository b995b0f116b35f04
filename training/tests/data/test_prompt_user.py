"""Prompts with a token of the user, outside of what is compared with the runtime's."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from world import make_catalogue_at_random, make_histories

from nightbeam_training.cli.teacher_data import check_prompts
from nightbeam_training.data.catalogue import Ints
from nightbeam_training.data.histories import Histories
from nightbeam_training.data.prompt_spec import PromptSpec
from nightbeam_training.data.prompts import ModelLimits, Prompts, open_prompts, pad_left
from nightbeam_training.errors import TrainingError
from nightbeam_training.recommend.examples import examples_of

CATALOGUE = make_catalogue_at_random()
HERE = Path("here")
EOS = 99
HASHED = {"offset": 80, "buckets": 9, "by": "md5"}


def prompts_of(user: dict[str, Any] | None, **prompt: Any) -> Prompts:
    codes = CATALOGUE.trie.codes
    fields = {"kind": "items", "maxItems": 3, "suffix": [EOS], **prompt}
    spec = {
        "levels": CATALOGUE.trie.levels,
        "codeTokenOffsets": [1 + codes * level for level in range(CATALOGUE.trie.levels)],
        "prompt": fields if user is None else {**fields, "user": user},
    }
    limits = ModelLimits(vocabulary=100, positions=64)
    return open_prompts(PromptSpec.model_validate(spec), CATALOGUE, HERE, limits)


@pytest.mark.parametrize(
    ("field", "user"),
    [
        ("offset", {}),
        ("by", {"offset": 1, "buckets": 2}),
        ("by", {"offset": 1, "by": "md5"}),
        ("column", {"offset": 1, "column": "number"}),
        ("place", {"offset": 1, "place": "last"}),
    ],
)
def test_a_user_token_that_is_not_whole_is_refused(field: str, user: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        prompts_of(user)
    assert field in str(caught.value)


def test_tokens_outside_the_vocabulary_are_refused() -> None:
    with pytest.raises(TrainingError, match=r"prompt\.user: the token 100 is outside"):
        prompts_of({**HASHED, "offset": 92})


def test_a_name_is_not_empty() -> None:
    with pytest.raises(TrainingError, match=r"user is empty.*prompt\.user"):
        prompts_of(HASHED).encode(np.array([0]), {"user": ""})


@pytest.mark.parametrize("name", ["ana", "-1", "1.5", "१"])
def test_a_number_is_a_whole_number(name: str) -> None:
    prompts = prompts_of({**HASHED, "by": "number"})
    with pytest.raises(TrainingError, match=r"prompt\.user\.column") as caught:
        prompts.encode(np.array([0]), {"user": name})
    assert caught.value.code == "BAD_HISTORIES"


def test_each_example_has_the_token_of_its_user() -> None:
    prompts = prompts_of({**HASHED, "by": "number"})
    items = [history for history in make_histories(CATALOGUE, 9) if len(history) > 1]
    names = [str(user) for user in range(len(items))]
    assert prompts.spec.columns == ["user"]
    histories = Histories(users=names, items=items, texts=[{"user": name} for name in names])
    examples, rng = examples_of(histories, prompts), np.random.default_rng(0)
    for user in range(len(items)):
        assert examples.example(user, 1, rng).tokens[0] == 80 + user % 9


@pytest.mark.parametrize("bos", [None, 0])
@pytest.mark.parametrize("place", ["before-items", "after-items"])
def test_teacher_data_of_any_user_fits_a_draft(place: str, bos: int | None) -> None:
    prompts = prompts_of({**HASHED, "place": place}, bos=bos)
    histories = make_histories(CATALOGUE, 12)
    rows = [prompts.encode(items, {"user": f"u{at}"}) for at, items in enumerate(histories)]

    class Pool(SimpleNamespace):
        def __len__(self) -> int:
            return len(rows)

    def check(tokens: Ints, reader: Prompts) -> None:
        batch = SimpleNamespace(prompts=torch.from_numpy(tokens))
        check_prompts(reader, Pool(take=lambda _: batch), HERE)

    check(pad_left(rows), prompts)
    for other in (prompts_of(None, bos=bos), prompts_of({**HASHED, "offset": 70}, bos=bos)):
        with pytest.raises(TrainingError, match="other tokens for these items"):
            check(pad_left(rows), other)
