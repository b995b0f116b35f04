"""T5 models from end to end on a world of forty items."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from cli.place import ONE_THREAD, SHORT, SMALL, Place, refused, run
from nightbeam_training.data.catalogue import read_catalogue
from nightbeam_training.model.checkpoint import load_checkpoint, prompts_of
from nightbeam_training.model.t5 import T5

NEW_T5 = [
    *("--architecture", "t5", "--layers", 1, "--decoder-layers", 2, "--width", 8),
    *("--heads", 2, "--head-width", 6, "--feed-forward", 12),
]


@pytest.fixture(scope="module")
def target(place: Place) -> Path:
    out = place.folder / "t5"
    output = run(
        *("target", *place.data(), *NEW_T5, "--max-items", 3, "--out", out, *SHORT),
        *("--epoch-size", 24),
    )
    assert "on 25 histories (5 held back), 3 steps per epoch" in output
    return out


@pytest.fixture(scope="module")
def teacher(place: Place, target: Path) -> Path:
    out = place.folder / "t5-teacher"
    asked = ["teacher", "--target", target, *place.data(), "--out", out]
    run(*asked, "--beam-width", 4, *ONE_THREAD)
    return out


def test_a_new_t5_has_the_configuration_that_was_asked_for(place: Place, target: Path) -> None:
    from transformers import AutoConfig, T5ForConditionalGeneration

    config = AutoConfig.from_pretrained(target)
    shape = (config.num_layers, config.num_decoder_layers, config.d_kv, config.num_heads)
    assert shape == (1, 2, 6, 2)
    _, problems = T5ForConditionalGeneration.from_pretrained(target, output_loading_info=True)
    assert not problems["missing_keys"]
    assert not problems["unexpected_keys"]
    checkpoint, catalogue = load_checkpoint(target), read_catalogue(place.catalogue)
    prompts = prompts_of(checkpoint, catalogue, target)
    history = place.world.histories[0][:2]
    codes = prompts.tokens.of(catalogue.codes[history]).ravel().tolist()
    assert prompts.encode(history).tolist() == [*codes, 2]
    assert prompts.max_tokens == 4096


@pytest.mark.parametrize("architecture", ["llama", "t5"])
def test_drafts_of_either_architecture_learn_from_a_t5(
    place: Place, target: Path, teacher: Path, tmp_path: Path, architecture: str
) -> None:
    begun, aligned = tmp_path / "begun", tmp_path / "aligned"
    size = SMALL[:-2] if architecture == "llama" else NEW_T5
    run("target", "--like", target, *place.data(), *size, "--out", begun, *SHORT)
    align = ["align", "--draft", begun, "--teacher", teacher, "--catalogue", place.catalogue]
    align += ["--beam-width", 4, "--draft-width", 6, *SHORT]
    output = run(*align, "--objective", "atspeed-r", "--out", aligned)
    assert ("predicts answers alone" in output) is (architecture == "t5")
    before, after = (load_file(each / "model.safetensors") for each in (begun, aligned))
    assert any(not torch.equal(after[name], before[name]) for name in before)
    evaluated = run(
        *("evaluate", "--draft", aligned, "--teacher", teacher, "--catalogue", place.catalogue),
        *("--beam-width", "2,4", "--draft-width", 6, "--json", *ONE_THREAD),
    )
    calls = [json.loads(line)["calls"] for line in evaluated.splitlines()[-2:]]
    assert all(1 <= each <= 3 for each in calls)
    if architecture == "t5":
        assert isinstance(load_checkpoint(aligned).model, T5)
        wrong = refused(*align, "--rec-scope", "all", "--out", tmp_path / "no")
        assert "give --rec-scope answer" in str(wrong)
        assert "decoders" in str(refused(*align, "--objective", "heads", "--out", tmp_path / "no"))


def test_a_draft_is_made_for_a_t5(place: Place, target: Path, tmp_path: Path) -> None:
    output = run(
        *("draft", "--target", target, *place.data(), "--out", tmp_path / "draft"),
        *("--shape", "1x32", "--beam-width", 3, "--nodes", 16, "--minutes", 0.05, *ONE_THREAD),
    )
    assert "nightbeam recommend" in output
    error = refused(
        *("draft", "--target", target, *place.data(), "--out", tmp_path / "no"),
        *("--shape", "target:1", "--beam-width", 3, "--nodes", 16, *ONE_THREAD),
    )
    assert "encoder-decoder" in str(error)


def test_what_only_decoders_have_is_refused(place: Place, target: Path, tmp_path: Path) -> None:
    again = ["target", "--begin-with", target, *place.data(), "--out", tmp_path, *SHORT]
    assert "--lora-rank is for decoders" in str(refused(*again, "--lora-rank", 2))
    assert "is for decoders" in str(refused(*again, "--gradient-checkpointing"))
    new = ["target", *place.data(), "--out", tmp_path, *SHORT, *SMALL]
    for option in ("--decoder-layers", "--head-width", "--dropout"):
        error = refused(*new, option, "0.5" if option == "--dropout" else 2)
        assert f"{option} changes nothing without --architecture t5" in str(error)
    assert "give --head-width" in str(refused(*new, "--architecture", "t5", "--heads", 3))


def test_recall_of_targets_and_of_popularity(place: Place, target: Path) -> None:
    asked = ["recall", "--target", target, *place.data(), "--beam-width", 6, "--top-k", "2,6"]
    table = run(*asked, *ONE_THREAD).splitlines()
    assert table[0] == "30 users"
    assert [line.split()[1] for line in table[2:]] == ["2", "6", "2", "6"]
    rows = [json.loads(line) for line in run(*asked, "--json", *ONE_THREAD).splitlines()]
    assert [row["target"] for row in rows] == ["popularity"] * 2 + [str(target)] * 2
    assert rows[2]["recall"] <= rows[3]["recall"]
    assert "as many beams" in str(refused(*asked, "--top-k", 9))
