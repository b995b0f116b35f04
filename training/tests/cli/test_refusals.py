"""Error messages and notes of the commands."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from world import make_catalogue_at_random, make_world, write_histories, write_index

from cli.place import ONE_THREAD, SHORT, SMALL, Place, align_arguments, refused, run
from nightbeam_training.cli.main import commands, main
from nightbeam_training.model.checkpoint import save_checkpoint


def test_invalid_input_is_refused(place: Place, made: dict[str, Path], tmp_path: Path) -> None:
    arguments = align_arguments(place, made, tmp_path / "a")
    other = write_index(tmp_path / "other.json", make_catalogue_at_random(levels=2))
    flat = write_index(tmp_path / "flat.json", make_catalogue_at_random(levels=1))
    single = write_histories(
        tmp_path / "single.jsonl", place.world.catalogue, [np.array([1]), np.array([2])]
    )
    evaluate = ["evaluate", "--draft", made["draft"], "--teacher", made["teacher"]]
    evaluate += ["--catalogue", place.catalogue]
    target = ["target", *place.data(), "--out", tmp_path / "t", *SMALL, *SHORT]
    begun = ["target", *place.data(), "--out", tmp_path / "t", *SHORT, "--begin-with"]
    asked = ["teacher", "--target", made["target"], "--out", tmp_path / "q"]
    cases: list[tuple[list[object], str, str]] = [
        ([*arguments, "--validation", 30], "BAD_TEACHER_DATA", "too few to hold back 30"),
        ([*arguments, "--over", "vocabulary", "--temperature", 2], "BAD_OPTION", "--over valid"),
        ([*arguments, "--catalogue", other], "BAD_TEACHER_DATA", "was written for catalogue"),
        ([*arguments, "--draft", place.folder], "BAD_CHECKPOINT", "config.json"),
        ([*arguments, "--teacher", made["draft"]], "BAD_TEACHER_DATA", "is not nightbeam-teacher"),
        ([*arguments, "--device", "abacus"], "BAD_OPTION", "--device abacus"),
        (
            [*arguments, "--objective", "heads", "--mixture", 0.5, "--target", made["target"]],
            "BAD_OPTION",
            "not --objective heads",
        ),
        ([*evaluate, "--beam-width", "2,x"], "BAD_OPTION", "--beam-width"),
        ([*evaluate, "--beam-width", "\u00b2"], "BAD_OPTION", "--beam-width"),
        ([*evaluate, "--draft-width", "0"], "BAD_OPTION", "--draft-width"),
        ([*evaluate, "--draft-width", "4/5/6"], "BAD_OPTION", "4/5/6: give one number, or 2 with"),
        ([*evaluate, "--draft-width", "4"], "BAD_OPTION", "or a smaller --beam-width"),
        ([*arguments, "--draft-width", 3], "BAD_OPTION", "--draft-width 3 is below --beam-width 4"),
        (
            [*asked, *place.data(), "--ask", "last", "--copies", 2],
            "BAD_OPTION",
            "--copies 2 needs --ask cut or mix",
        ),
        ([*target, "--validation", 30], "BAD_HISTORIES", "too few to hold back 30"),
        ([*target, "--width", 10], "BAD_OPTION", "multiple of twice --heads 2"),
        ([*target, "--lora-rank", 2], "BAD_OPTION", "beside the weights of --begin-with"),
        ([*target, "--lora-alpha", 2], "BAD_OPTION", "--lora-alpha changes nothing"),
        ([*target, "--save-merged"], "BAD_OPTION", "--save-merged changes nothing"),
        (
            [*begun, made["target"], "--lora-rank", 2, "--save-as", "float32"],
            "BAD_OPTION",
            "--save-as changes nothing with --lora-rank",
        ),
        ([*target, "--catalogue", flat], "BAD_CATALOGUE", "1 levels"),
        (
            [*begun, made["target"], "--catalogue", other],
            "BAD_CHECKPOINT",
            "2 levels",
        ),
        ([*begun, made["target"], "--like", made["target"]], "BAD_OPTION", "--begin-with or"),
        ([*begun, made["target"], "--width", 8], "BAD_OPTION", "--width is of new models"),
        ([*target, "--like", made["target"]], "BAD_OPTION", "--max-items is of new models"),
        (
            [*asked, "--catalogue", place.catalogue, "--histories", single],
            "BAD_HISTORIES",
            "no history is long enough",
        ),
    ]
    for given, code, message in cases:
        error = refused(*given)
        assert (error.code, message in str(error)) == (code, True), (message, str(error))
    for name in "atq":
        assert not (tmp_path / name).exists()


@pytest.mark.parametrize(
    "more", [["--alpha", 2], ["--objective", "best"], ["--temperature", 0], ["--draft", "nowhere"]]
)
def test_click_refuses_what_is_out_of_range(
    place: Place, made: dict[str, Path], tmp_path: Path, more: list[object]
) -> None:
    arguments = [*align_arguments(place, made, tmp_path), *more]
    result = CliRunner().invoke(commands, list(map(str, arguments)))
    assert result.exit_code == 2
    assert str(more[0]) in result.output


def test_a_draft_of_another_vocabulary_is_refused(
    place: Place, made: dict[str, Path], tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger"
    save_checkpoint(make_world(codes=9).draft, stranger)
    out = tmp_path / "a"
    evaluate = ["evaluate", "--teacher", made["teacher"], "--catalogue", place.catalogue]
    for given in (
        [*align_arguments(place, made, out), "--draft", stranger],
        [*evaluate, *ONE_THREAD, "--draft", made["draft"], "--draft", stranger],
    ):
        error = refused(*given)
        assert error.code == "BAD_CHECKPOINT"
        assert f"{stranger}: numbers tokens differently" in str(error)
    assert not out.exists()


@pytest.mark.parametrize(
    ("width", "noted"), [("2,4", False), ("6", True), ("400", True)], ids=["as", "above", "all"]
)
def test_a_beam_wider_than_the_data_is_noted(
    place: Place, made: dict[str, Path], width: str, noted: bool
) -> None:
    evaluate = ["evaluate", "--teacher", made["teacher"], "--catalogue", place.catalogue]
    given = [*evaluate, "--draft", made["draft"], "--beam-width", width, "--draft-width", 400]
    result = CliRunner().invoke(commands, list(map(str, [*given, *ONE_THREAD, "--json"])))
    assert result.exit_code == 0
    assert ("is wider than the search that wrote the teacher data" in result.stderr) == noted
    assert "note" not in result.stdout


def test_a_run_within_the_warm_up_is_noted(
    place: Place, made: dict[str, Path], tmp_path: Path
) -> None:
    arguments = align_arguments(place, made, tmp_path / "a")
    output = run(*arguments, "--warmup-steps", 4)
    assert "note: all 4 steps are within --warmup-steps 4" in output
    output = run(*align_arguments(place, made, tmp_path / "b"), "--warmup-steps", 3)
    assert "note" not in output


def test_options_that_change_nothing_are_noted(
    place: Place, made: dict[str, Path], tmp_path: Path
) -> None:
    given = [*align_arguments(place, made, tmp_path), "--objective", "beam-score", "--alpha", 1]
    unused = ["--top-k", 5, "--rec-scope", "answer", "--edge-width", 9]
    result = CliRunner().invoke(commands, list(map(str, [*given, *unused])))
    notes = [line for line in result.stderr.splitlines() if "changes nothing" in line]
    assert notes == [
        f"note: {flag} changes nothing with --objective beam-score and --alpha 1"
        for flag in ("--rec-scope", "--top-k")
    ]


@pytest.mark.parametrize("kind", ["data", "option", "missing", "place"])
def test_bad_input_ends_with_one_line_and_code_two(
    place: Place,
    made: dict[str, Path],
    tmp_path: Path,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "file").write_text("")
    evaluate = ["evaluate", "--draft", made["draft"], "--catalogue", place.catalogue, *ONE_THREAD]
    arguments, message = {
        "data": ([*evaluate, "--teacher", made["draft"]], "is not nightbeam-teacher"),
        "option": (evaluate, "Missing option '--teacher'. nightbeam-train evaluate --help"),
        "missing": ([*evaluate, "--teacher", "nowhere"], "'nowhere' does not exist"),
        "place": (align_arguments(place, made, tmp_path / "file" / "a"), "file/a: Not a directory"),
    }[kind]
    monkeypatch.setattr("sys.argv", ["nightbeam-train", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("error: ")
    assert message in output.err
    assert len(output.err.splitlines()) == 1


def test_too_little_memory_of_the_gpu_is_one_line(
    place: Place,
    made: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB. More about it.")

    monkeypatch.setattr("nightbeam_training.cli.teacher.read_weights", fail)
    asked = ["teacher", *place.data(), "--target", made["target"], "--out", place.folder / "memory"]
    monkeypatch.setattr("sys.argv", ["nightbeam-train", *map(str, asked), *ONE_THREAD])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: the GPU has too little memory: CUDA out of memory: give")


def test_without_a_command_there_is_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["nightbeam-train"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert not caught.value.code
    assert "align     Align a draft with its target.\n" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["target", "teacher", "align", "evaluate"])
def test_every_command_has_help(command: str) -> None:
    assert "Usage: commands" in run(command, "--help")


def test_unfinished_inputs_are_named(place: Place, made: dict[str, Path], tmp_path: Path) -> None:
    teacher, draft = (tmp_path / name for name in ("teacher", "draft"))
    for name, copy in (("teacher", teacher), ("draft", draft)):
        shutil.copytree(made[name], copy)
    arguments = [*align_arguments(place, made, tmp_path / "a"), "--draft", draft]
    assert "interrupted" not in run(*arguments)
    for copy, name in ((draft, "target.json"), (teacher, "teacher.json")):
        (copy / name).write_text(json.dumps({"finished": False}))
    note = f"note: {draft}: nightbeam-train target was interrupted before its end"
    assert note in run(*arguments)
    error = refused(*arguments, "--teacher", teacher)
    assert error.code == "BAD_TEACHER_DATA"
    assert f"{teacher}: nightbeam-train teacher was interrupted" in str(error)
