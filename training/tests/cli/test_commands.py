"""Every command from end to end on a world of forty items."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file

from cli.place import ONE_THREAD, SHORT, SMALL, Place, align_arguments, refused, run
from nightbeam_training.align.options import OBJECTIVES
from nightbeam_training.cli.main import commands
from nightbeam_training.data.catalogue import read_catalogue
from nightbeam_training.data.teacher_files import shared_source, teacher_files
from nightbeam_training.data.teacher_pool import TeacherPool
from nightbeam_training.model.checkpoint import checkpoint_hash, load_checkpoint


def test_from_histories_to_accepted_steps_with_curves(place: Place, tmp_path: Path) -> None:
    out = {name: tmp_path / name for name in ("target", "small", "teacher", "draft")}
    output = run("target", *place.data(), "--out", out["target"], *SMALL, *SHORT)
    assert "on 25 histories (5 held back), 4 steps per epoch, on cpu in fp32" in output
    assert "epoch 1" in output
    assert f"The model of epoch 1 is in {out['target']}" in output
    assert sorted(path.name for path in out["target"].iterdir()) == [
        *("config.json", "curves.png", "log.jsonl", "model.safetensors", "nightbeam.json"),
        *("target.json", "training-state.pt"),
    ]
    again = run(
        *("target", *place.data(), "--begin-with", out["target"], "--out", out["small"]),
        *("--save-as", "bfloat16", *SHORT),
    )
    assert "Training" in again
    stored = load_file(out["small"] / "model.safetensors")
    assert {tensor.dtype for tensor in stored.values()} == {torch.bfloat16}

    output = run(
        *("teacher", "--target", out["target"], *place.data(), "--out", out["teacher"]),
        *("--beam-width", 3, "--roll", 1, "--shard-size", 20, *ONE_THREAD),
    )
    assert "Asking the target about 30 histories (last), beam width 3" in output
    assert re.search(r"  30 of 30   [\d,.]+ histories/s, 0 s left\n", output)
    assert "60 examples in" in output
    catalogue = read_catalogue(place.catalogue)
    files = teacher_files([out["teacher"]])
    source = shared_source(files, catalogue)
    assert source.target == checkpoint_hash(out["target"])
    assert (source.scoring, source.levels) == ("full", 3)
    pool = TeacherPool(files, catalogue.trie)
    assert len(pool) == 60
    assert (pool.truth[:, 0] >= 0).sum() == 30

    output = run(
        *("align", "--draft", out["small"], "--teacher", out["teacher"], "--out", out["draft"]),
        *("--catalogue", place.catalogue, "--beam-width", 3, "--draft-width", 4, *SHORT),
    )
    assert "by atspeed-s on 55 examples (5 held back), 7 steps per epoch" in output
    assert "The draft of epoch 1 is in" in output
    assert (out["draft"] / "curves.png").exists()
    row = json.loads((out["draft"] / "log.jsonl").read_text())
    assert list(row["train"]) == ["loss", "recommend", "align"]
    assert list(row["validation"]) == ["loss", "calls at 1", "calls at 3", "accepted steps"]

    evaluate = [
        "evaluate",
        "--teacher",
        out["teacher"],
        "--catalogue",
        place.catalogue,
        *ONE_THREAD,
    ]
    evaluate += ["--draft", out["small"], "--draft", out["draft"], "--beam-width", "1,3"]
    table = run(*evaluate, "--draft-width", "4,6/5").splitlines()
    assert table[0] == "60 users, full scoring"
    assert len(table) == 2 + 2 * 2 * 2 + 3
    assert table[-2].startswith("accepted: drafted steps of the first call")
    assert [line.split()[1:3] for line in table[2:6]] == [
        ["1", "4"],
        ["3", "4"],
        ["1", "6/5"],
        ["3", "6/5"],
    ]
    lines = run(*evaluate, "--limit", 10, "--json").splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["beamWidth"] for row in rows] == [1, 3, 1, 3]
    assert rows[0]["draft"] == str(out["small"])
    assert all(0 <= row["acceptedSteps"] <= 2 and 1 <= row["calls"] <= 3 for row in rows)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_aligns_by_every_objective(
    place: Place, made: dict[str, Path], tmp_path: Path, objective: str
) -> None:
    output = run(*align_arguments(place, made, tmp_path), "--objective", objective, "--top-k", 2)
    assert f"by {objective} on 25 examples" in output
    assert "and the rest of the vocabulary (--over vocabulary)" in output
    aligned = load_checkpoint(tmp_path, heads=objective == "heads")
    before = load_checkpoint(made["draft"])
    new, old = aligned.model.state_dict(), before.model.state_dict()
    assert {name for name in new if not name.startswith("nightbeam_heads.")} == set(old)
    assert all(torch.isfinite(weight).all() for weight in new.values())
    assert any(not torch.equal(new[name], weight) for name, weight in old.items())
    assert aligned.prompt == before.prompt
    row = json.loads((tmp_path / "log.jsonl").read_text())
    assert np.isfinite([row["train"]["loss"], row["validation"]["loss"]]).all()
    kept = json.loads((tmp_path / "align.json").read_text())
    assert kept["begins with"] == checkpoint_hash(made["draft"])
    assert (kept["--objective"], kept["examples"]) == (objective, 30)
    assert kept["--draft-width"] == 6


def test_heads_can_only_be_evaluated_and_realigned(
    place: Place, made: dict[str, Path], tmp_path: Path
) -> None:
    heads = tmp_path / "heads"
    run(*align_arguments(place, made, heads), "--objective", "heads")
    evaluate = ["evaluate", "--draft", heads, "--teacher", made["teacher"], *ONE_THREAD, "--json"]
    rows = run(*evaluate, "--catalogue", place.catalogue, "--beam-width", "4", "--draft-width", 6)
    assert 1 <= json.loads(rows)["calls"] <= 3
    again = [*align_arguments(place, made, tmp_path / "again"), "--draft", heads]
    run(*again, "--objective", "heads")
    config = json.loads((tmp_path / "again" / "config.json").read_text())
    assert config["nightbeam_heads"] == 1
    asked = ["--target", heads, *place.data(), "--out", tmp_path / "no"]
    begin = ["--begin-with", heads, *place.data(), "--out", tmp_path / "no", "--validation", 5]
    for arguments in ([*again, "--objective", "sft"], ["teacher", *asked], ["target", *begin]):
        error = refused(*arguments, *ONE_THREAD)
        assert error.code == "BAD_CHECKPOINT"
        assert f"{heads}: is a heads draft" in str(error)


def test_a_mixture_has_the_target_score_the_drafts_beams(
    place: Place, made: dict[str, Path], tmp_path: Path
) -> None:
    mixed = [*align_arguments(place, made, tmp_path / "a"), "--mixture", 0.5]
    error = refused(*mixed)
    assert error.code == "BAD_OPTION"
    assert "--mixture needs --target" in str(error)
    error = refused(*mixed, "--target", made["draft"])
    assert error.code == "BAD_TEACHER_DATA"
    assert "the teacher data is of target" in str(error)
    shutil.rmtree(tmp_path / "a")
    run(*mixed, "--target", made["target"])
    run(*align_arguments(place, made, tmp_path / "b"))
    one, other = (load_file(tmp_path / name / "model.safetensors") for name in "ab")
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_a_run_is_continued_and_repeated(
    place: Place, made: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def arguments(name: str) -> list[object]:
        return [*align_arguments(place, made, tmp_path / name), "--epochs", 2, "--save-minutes", 0]

    whole = run(*arguments("whole"))
    assert whole.count("\nepoch ") == 2
    from nightbeam_training.align import run as align_run

    real, losses = align_run.AlignTask.loss, []

    def failing(self: align_run.AlignTask, batch: align_run.AlignBatch) -> object:
        losses.append(batch)
        if len(losses) == 7:
            raise KeyboardInterrupt
        return real(self, batch)

    monkeypatch.setattr(align_run.AlignTask, "loss", failing)
    stopped = CliRunner().invoke(commands, list(map(str, arguments("parts"))))
    assert stopped.exit_code != 0
    output = run(*arguments("parts"))
    assert "1 of 2 epochs were done earlier" in output
    assert "epoch 2" in output
    one, other = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "parts"))
    assert all(torch.equal(one[name], other[name]) for name in one)
    done = run(*arguments("parts"))
    assert "\nepoch" not in done
    assert "The draft of epoch" in done


def test_a_run_refuses_other_options(place: Place, made: dict[str, Path], tmp_path: Path) -> None:
    arguments = align_arguments(place, made, tmp_path)
    run(*arguments)
    run(*arguments, "--threads", 1)
    relative = os.path.relpath(made["draft"])
    run(*arguments, "--draft", relative)
    error = refused(*arguments, "--alpha", 0.5)
    assert error.code == "OTHER_RUN"
    assert "was started with --alpha 0.7, now it is 0.5" in str(error)
    asked = ["teacher", "--target", made["target"], *place.data(), "--out", made["teacher"]]
    asked += ["--shard-size", 16, *ONE_THREAD]
    output = run(*asked, "--beam-width", 4)
    assert "2 of 2 files exist already" in output
    assert "histories/s" not in output
    error = refused(*asked, "--beam-width", 5)
    assert error.code == "OTHER_RUN"
    assert "--beam-width 4, now it is 5" in str(error)


def test_options_take_precedence_over_a_preset(
    place: Place, made: dict[str, Path], tmp_path: Path
) -> None:
    def settings(name: str, *more: object) -> dict[str, object]:
        arguments = [
            *("align", "--draft", made["draft"], "--teacher", made["teacher"]),
            *("--catalogue", place.catalogue, "--out", tmp_path / name, *ONE_THREAD),
            *(
                "--epochs",
                1,
                "--validation",
                5,
                "--precision",
                "fp32",
                "--beam-width",
                4,
                "--draft-width",
                4,
            ),
        ]
        run(*arguments, *more)
        return json.loads((tmp_path / name / "align.json").read_text())

    names = ["batch-size", "patience", "learning-rate", "schedule", "weight-decay", "epochs"]
    paper = settings("paper")
    assert [paper[f"--{name}"] for name in names] == [256, 5, 1e-3, "cosine", 0.1, 1]
    assert (paper["--alpha"], paper["--rec-scope"], paper["--warmup-steps"]) == (0.7, "all", 100)
    small = settings("small", "--preset", "small", "--batch-size", 7, "--patience", 1)
    assert [small[f"--{name}"] for name in names] == [7, 1, 2e-3, "cosine", 0.01, 1]
    assert (small["--warmup-steps"], small["--rec-scope"]) == (100, "answer")


def test_bfloat16_products_train_and_search(
    place: Place, made: dict[str, Path], tmp_path: Path
) -> None:
    run(*align_arguments(place, made, tmp_path / "a"), "--precision", "bf16")
    row = json.loads((tmp_path / "a" / "log.jsonl").read_text())
    assert np.isfinite(row["train"]["loss"])
    weights = load_file(tmp_path / "a" / "model.safetensors")
    assert {tensor.dtype for tensor in weights.values()} == {torch.float32}


def test_renormalized_teacher_data(place: Place, made: dict[str, Path], tmp_path: Path) -> None:
    teacher = tmp_path / "teacher"
    asked = ["--target", made["target"], *place.data(), "--out", teacher, *ONE_THREAD]
    output = run("teacher", *asked, "--scoring", "renormalized", "--ask", "whole", "--limit", 12)
    assert "about 12 histories (whole)" in output
    both = ["--teacher", teacher, "--catalogue", place.catalogue]
    assert "12 users, renormalized scoring" in run(
        "evaluate", "--draft", made["draft"], *both, "--beam-width", 2, *ONE_THREAD
    )
    arguments = ["align", "--draft", made["draft"], *both, "--out", tmp_path / "a", *SHORT]
    error = refused(*arguments, "--over", "vocabulary", "--alpha", 1)
    assert (error.code, "of full scoring" in str(error)) == ("BAD_OPTION", True)
    error = refused(*arguments, "--rec-scope", "answer")
    assert error.code == "BAD_TEACHER_DATA"
    assert "does not have the users' next items" in str(error)
    assert not (tmp_path / "a").exists()
    output = run(*arguments, "--alpha", 1, "--objective", "atspeed-r", "--beam-width", 4)
    assert "Distributions over the valid codes alone (--over valid)" in output
    error = refused("align", *arguments[1:], "--teacher", made["teacher"])
    assert "has a different target, catalogue or scoring" in str(error)


def test_an_adapter_is_trained_and_used_like_a_model(
    place: Place, made: dict[str, Path], tmp_path: Path
) -> None:
    before = load_file(made["target"] / "model.safetensors")
    output = run(
        *("target", *place.data(), "--begin-with", made["target"], "--out", tmp_path / "lora"),
        *("--lora-rank", 2, "--lora-embeddings", "--gradient-checkpointing", "--save-merged"),
        *("--precision", "bf16", *SHORT),
    )
    assert f"The adapter of epoch 1 is in {tmp_path / 'lora'}" in output
    assert f"The merged model is in {tmp_path / 'lora' / 'merged'}" in output
    adapted, merged = (load_checkpoint(tmp_path / name) for name in ("lora", "lora/merged"))
    for name, tensor in adapted.model.state_dict().items():
        assert torch.equal(tensor, merged.model.state_dict()[name])
        assert torch.equal(tensor, before[name]) == (tensor.dim() == 1)
    state = torch.load(tmp_path / "lora" / "training-state.pt")
    assert len(state["model"]) == 2 * 7 * 2 + 2
    for target in ("lora", "lora/merged"):
        run(
            *("teacher", "--target", tmp_path / target, *place.data(), "--limit", 4),
            *("--beam-width", 2, "--out", tmp_path / "asked" / target, "--precision", "bf16"),
            *ONE_THREAD,
        )
    again = refused(
        *("target", *place.data(), "--begin-with", tmp_path / "lora", "--lora-rank", 2),
        *("--out", tmp_path / "more", *SHORT),
    )
    assert "is an adapter itself; merge it first" in str(again)
